"""A dataset repository on the Hub: what a push asks of it, when it must not send, and errors in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lamp_dataset.hub import errors_and_retries as failures
from lamp_dataset.hub.errors_and_retries import CommitError, ContentError, FailedError, HubError, RefusedError, retrying
from lamp_dataset.web import redact, status_of

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

DATASET = "dataset"
BRANCH = "main"
NOTHING_SENT = "nothing was sent"
NOTHING_COMMITTED = "nothing was committed; what was sent belongs to no commit, so nobody can read it"
UNKNOWN = "it is not known whether the commit was made"
PUSH_ELSEWHERE = (
    "This data goes only to a private repository. Push to a new name; or, if strangers may see all it holds and "
    "ever held, make it private and push again"
)
HIDE_AT_ONCE = "Make it private at once"


@dataclass(frozen=True)
class RepositoryState:
    """The repository at a commit.

    Attributes:
        head: oid of the commit.
        private: whether the Hub calls the repository private.
        files: path -> hash of each file: sha256 of large files, git's sha1 of others.
    """

    head: str
    private: bool
    files: Mapping[str, str]


class Remote:
    """The repository ``repo_id``, as seen with ``token``, which is empty where a dry run found none.

    ``so_far`` says what has happened to the repository so far; each error ends with it.
    """

    def __init__(self, repo_id: str, token: str | bool | None = None, needs_token: bool = True) -> None:
        """Check the name (ValueError) and find the token (PermissionError if ``needs_token``), without a request."""
        from huggingface_hub import HfApi, get_token
        from huggingface_hub.utils import HFValidationError, validate_repo_id

        try:
            validate_repo_id(repo_id)
        except HFValidationError as error:
            raise ValueError(str(error)) from None
        if repo_id.count("/") != 1:
            raise ValueError(f"expected a repository as 'namespace/name', found {repo_id!r}")
        token = (get_token() if token in (None, True) else token) or ""
        if not token and needs_token:
            raise PermissionError("no token for the Hub: run 'hf auth login', or set HF_TOKEN")
        if not re.fullmatch(r"[\x21-\x7e]*", token):
            # the client's error message would show it
            raise ValueError("the Hub token holds a blank, a line end or a character outside ASCII; copy it again")
        self.repo_id, self.token, self.so_far = repo_id, token, NOTHING_SENT
        self._api = HfApi(token=token or False, library_name="lamp-hf")
        self.endpoint = self._api.endpoint
        self.url = f"{self.endpoint}/datasets/{repo_id}"

    @contextmanager
    def asking(self, step: str, failure: type[FailedError] = FailedError) -> Iterator[None]:
        """Turn every error of the client into one of ours. The block should call nothing but the client.

        ``step`` is what is asked for, such as "the commit". RefusedError if the token is unknown, may not do this or
        sees no such repository; ``failure`` if the Hub or the connection failed; OSError if the disk is full.
        """
        try:
            yield
        except Exception as error:
            causes = [error]
            while cause := causes[-1].__cause__ or causes[-1].__context__:
                causes.append(cause)
            # raised while the client was working, see request_watch.py
            ours = next((cause for cause in causes if isinstance(cause, HubError)), None)
            # the client's own error shows signed addresses; it must not travel along
            raise ours or self._translated(causes, step, failure) from None

    def _translated(self, causes: list[BaseException], step: str, failure: type[FailedError]) -> Exception:
        root = next((cause for cause in causes if failures.is_http(cause)), None)
        error, status = root or causes[0], status_of(root)
        if root is None and isinstance(error, OSError) and error.errno is not None:
            return error  # about this machine's disk
        text = getattr(error, "server_message", None) or str(error) or type(error).__name__
        said = redact(" ".join(text.split()), self.token).rstrip(".")
        said = said if len(said) <= 500 else f"{said[:500]}…"
        if status in (401, 403, 404):
            return RefusedError(
                f"{self.repo_id}: the Hub refused {step} ({status}: {said}); {self.so_far}. Does the token exist, does "
                f"it have write access to this repository, and is the name right? See {self.endpoint}/settings/tokens"
            )
        if failures.is_silence(error):
            said = f"no answer within {failures.ANSWER_SECONDS} s"
        elif status and status >= 400:
            said = f"the Hub answered {status}: {said}"
        elif root is None and not isinstance(error, (RuntimeError, OSError)):  # those of the client and of hf_xet
            # what the client makes of an answer it did not foresee: KeyError, TypeError, a JSON error, ...
            said = f"the answer does not look like the Hub's ({said}), as if a proxy or a login page answered"
        # push.py finds out whether a commit without an answer was made
        ending = "" if failure is CommitError else f"; {self.so_far}. Run the same again: it sends what is missing"
        return failure(f"{self.repo_id}: {step} failed: {said}{ending}", root)

    def look(self, revision: str = BRANCH) -> RepositoryState | None:
        """The repository as it is now; None if the token sees none. ContentError if it has another name by now."""
        from huggingface_hub.errors import RepositoryNotFoundError

        with self.asking("the look at the repository"):
            try:
                info = retrying()(self._api.dataset_info, self.repo_id, revision=revision, files_metadata=True)
            except RepositoryNotFoundError:
                return None
            # an odd answer can look like an empty repository
            files = {file.rfilename: file.lfs.sha256 if file.lfs else file.blob_id for file in info.siblings}
            state, name = RepositoryState(info.sha, info.private is True, files), info.id.lower()
            if not all([state.head, *files.values()]):
                raise KeyError("the sha of the commit or of a file")
        if name != self.repo_id.lower():
            raise ContentError(f"{self.repo_id} is now called {info.id}: push to that name")
        return state

    def look_private(self, commit: str | None = None) -> RepositoryState:
        """Look as the owner, at ``commit`` if a push has made it.

        RefusedError if the repository is public or gone; ContentError if ``datasets`` can never load it.
        """
        state = self.look(commit or BRANCH)
        if state is None:
            raise RefusedError(f"{self.repo_id} is gone, or the token can no longer see it; {self.so_far}")
        if not state.private:
            advice = HIDE_AT_ONCE if commit else PUSH_ELSEWHERE
            raise RefusedError(f"{self.repo_id} is public; {self.so_far}. {advice}: {self.url}/settings")
        script = f"{self.repo_id.split('/')[1].removesuffix('.py')}.py"
        if script in state.files:
            raise ContentError(
                f"{self.repo_id}: holds {script}, which load_dataset takes for a loading script and refuses; "
                f"{self.so_far}. Delete or rename it there and run again"
            )
        return state

    def require_unseen(self, commit: str | None = None) -> RepositoryState:
        """Look as the owner, see :meth:`look_private`, then as a stranger; RefusedError if a stranger sees it, too."""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError

        state = self.look_private(commit)
        with self.asking("the look at the repository as a stranger"):
            try:
                retrying()(HfApi(endpoint=self.endpoint, token=False).dataset_info, self.repo_id)
            except HfHubHTTPError as error:
                if status_of(error) in (401, 403, 404):
                    return state
                raise
        raise RefusedError(
            f"{self.repo_id}: the Hub calls it private, but strangers can see it; {self.so_far}. Do not use this "
            "server until its operator has found out why"
        )

    def open(self, dry_run: bool) -> RepositoryState | None:
        """Look at the repository, or create it, private. A dry run creates none.

        RefusedError if strangers see it, or the token may not write to it.
        """
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        if self.look() is None:
            if dry_run:
                return None
            with self.asking("the creation of the repository"):
                # if somebody else was faster, it is left as it is, whatever its visibility
                retrying()(self._api.create_repo, self.repo_id, repo_type=DATASET, private=True, exist_ok=True)
        state = self.require_unseen()
        # auth_check(write=True) is not in every version of the client; this is the request it makes
        address = f"{self.endpoint}/api/datasets/{self.repo_id}/auth-check/write"
        headers = build_hf_headers(token=self.token)
        with self.asking("the request for write access"):
            retrying()(lambda: hf_raise_for_status(get_session().get(address, headers=headers)))
        return state

    def text(self, path: str, revision: str, folder: Path) -> str:
        """Content of a small text file at a revision. ``folder`` takes what the client keeps of it."""
        with self.asking(f"the download of {path}"):
            where = {"repo_type": DATASET, "revision": revision, "cache_dir": folder}
            local = retrying()(self._api.hf_hub_download, self.repo_id, path, **where)
        try:
            return Path(local).read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise ContentError(f"{self.repo_id}: {path}: expected UTF-8, found other bytes ({error.reason})") from None

    def upload(self, files: list[CommitOperationAdd]) -> None:
        """Send contents. They belong to no commit yet, so nobody can read them."""
        with self.asking("the upload of files"):
            self._api.preupload_lfs_files(self.repo_id, files, repo_type=DATASET, free_memory=False)

    def commit(self, operations: list[CommitOperationAdd | CommitOperationDelete], parent: str, message: str) -> str:
        """One commit on top of ``parent``, and its oid; CommitError if the Hub did not confirm it."""
        try:
            with self.asking("the commit", CommitError):
                where = {"repo_type": DATASET, "revision": BRANCH, "parent_commit": parent}
                return self._api.create_commit(self.repo_id, operations, commit_message=message, **where).oid
        except CommitError:
            self.so_far = UNKNOWN
            raise
