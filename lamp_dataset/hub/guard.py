"""What must hold before anything is sent: the licence is acknowledged, the repository private, the token fit."""

from __future__ import annotations

from collections.abc import Iterable

from lamp_dataset.formats.layout import how_to_get
from lamp_dataset.hub.remote import Remote, State
from lamp_dataset.tasks import TASKS


def check_licences(names: Iterable[str], acknowledged: bool, data_dir: object) -> None:
    """Let gated configs pass only when their licence is acknowledged, and their files are in a folder.

    Raises:
        ValueError: it is not, the message gives the licence; or they are not, the message says how to get them.
    """
    gated = [TASKS[name] for name in names if TASKS[name].gated]
    if gated and not acknowledged:
        raise ValueError(
            f"{', '.join(task.name for task in gated)}: these texts are under {gated[0].license}. Whether that allows "
            "a private copy on somebody else's server is for the licence holder to say. If it does, acknowledge the "
            "licence: --acknowledge-licence, in Python acknowledge_licence=True"
        )
    if gated and data_dir is None:
        raise ValueError(how_to_get(gated[0]))


def open_private(remote: Remote, dry_run: bool) -> State | None:
    """The repository, made where there is none, checked to be private and writable. A dry run makes none.

    Raises:
        PermissionError: it is public, or the token may not write to it.
    """
    state = remote.look()
    if state is None:
        if dry_run:
            return None
        remote.create()
    else:
        require_private(remote, state, "nothing was sent")
    remote.check_may_write()
    return state if state is not None else require_private(remote, remote.look(), "nothing was sent")


def require_private(remote: Remote, state: State | None, so_far: str) -> State:
    """The state, if it is that of a private repository.

    Raises:
        PermissionError: it is public or gone; the message says ``so_far``, what has happened until then.
    """
    if state is None:
        raise PermissionError(f"{remote.repo_id} is gone, or the token no longer sees it; {so_far}")
    if not state.private:
        raise PermissionError(
            f"{remote.repo_id} is public; {so_far}. These data only go to a private repository. Push to a new name; "
            f"or, if all that it holds and held may have been seen by strangers, make it private at {remote.url}"
            "/settings and push again"
        )
    return state
