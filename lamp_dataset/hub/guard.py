"""What must hold before anything is sent: the repository is private, the token fit."""

from lamp_dataset.hub.errors import ContentError, RefusedError
from lamp_dataset.hub.remote import Remote, RepositoryState

PUSH_ELSEWHERE = (
    "This data goes only to a private repository. Push to a new name; or, if strangers may see all it holds and "
    "ever held, make it private and push again"
)
HIDE_AT_ONCE = "Make it private at once"


def open_private(remote: Remote, dry_run: bool) -> RepositoryState | None:
    """Look at the repository, or make it, and check that it is private and writable. A dry run makes none.

    RefusedError if strangers see it, or the token may not write to it.
    """
    if (state := remote.look()) is not None:
        _check_private(remote, state)
    elif dry_run:
        return None
    else:
        remote.create()
    remote.check_may_write()
    return require_unseen(remote)


def look_private(remote: Remote, advice: str = PUSH_ELSEWHERE) -> RepositoryState:
    """Look as its owner: RefusedError if it is public or gone; ContentError if ``datasets`` can never load it."""
    return _check_private(remote, remote.look(), advice)


def _check_private(remote: Remote, state: RepositoryState | None, advice: str = PUSH_ELSEWHERE) -> RepositoryState:
    if state is None:
        raise RefusedError(f"{remote.repo_id} is gone, or the token can no longer see it; {remote.so_far}")
    if not state.private:
        raise RefusedError(f"{remote.repo_id} is public; {remote.so_far}. {advice}: {remote.url}/settings")
    script = f"{remote.repo_id.split('/')[1].removesuffix('.py')}.py"
    if script in state.paths:
        raise ContentError(
            f"{remote.repo_id}: holds {script}, which load_dataset takes for a loading script and refuses; "
            f"{remote.so_far}. Delete or rename it there and run again"
        )
    return state


def require_unseen(remote: Remote, advice: str = PUSH_ELSEWHERE) -> RepositoryState:
    """Look as the owner, see :func:`look_private`, then as a stranger: RefusedError if a stranger sees it, too."""
    state = look_private(remote, advice)
    if remote.is_seen_by_strangers():
        raise RefusedError(
            f"{remote.repo_id}: the Hub calls it private, but strangers can see it; {remote.so_far}. Do not use this "
            "server until its operator has found out why"
        )
    return state
