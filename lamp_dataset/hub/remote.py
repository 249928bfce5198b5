"""A dataset repository on the Hub: what a push asks of it, with errors in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from lamp_dataset.hub import request_watch
from lamp_dataset.hub.errors import CommitError, ContentError, FailedError, HubError, RefusedError
from lamp_dataset.hub.retry import is_http, retrying
from lamp_dataset.web.redact import redact
from lamp_dataset.web.waiting import status_of

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

DATASET = "dataset"
BRANCH = "main"
NOTHING_SENT = "nothing was sent"
NOTHING_COMMITTED = "nothing was committed; what was sent belongs to no commit, so nobody can read it"
UNKNOWN = "it is not known whether the commit was made"


@dataclass(frozen=True)
class RepositoryState:
    """The repository at one moment: the oid of its last commit, whether the Hub calls it private, and its files."""

    head: str
    private: bool
    paths: frozenset[str] = frozenset()


class Remote:
    """The repository ``repo_id``, as seen with ``token``, which is empty where a dry run found none.

    ``so_far`` says what has happened to the repository until now; each error ends with it.
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

        ``step`` is what is asked for, such as "the list of files". RefusedError if the token is unknown, may not do
        this or sees no such repository; ``failure`` if the Hub or the connection failed; OSError if the disk is full.
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
        root = next((cause for cause in causes if is_http(cause)), None)
        error, status = root or causes[0], status_of(root)
        if root is None and isinstance(error, OSError) and error.errno is not None:
            return error  # of this machine's disk
        said = self.clean(getattr(error, "server_message", None) or str(error) or type(error).__name__)
        if status in (401, 403, 404):
            return RefusedError(
                f"{self.repo_id}: the Hub refused {step} ({status}: {said}); {self.so_far}. Does the token exist, does "
                f"it have write access to this repository, and is the name right? See {self.endpoint}/settings/tokens"
            )
        if is_http(error, timeout=True):
            said = f"no answer within {request_watch.ANSWER_SECONDS} s"
        elif status and status >= 400:
            said = f"the Hub answered {status}: {said}"
        elif root is None and not isinstance(error, (RuntimeError, OSError)):  # those of the client and of hf_xet
            # what the client makes of an answer it did not foresee: KeyError, TypeError, a JSON error, ...
            said = f"the answer does not look like the Hub's ({said}), as if a proxy or a login page answered"
        # whether a commit without an answer was made is looked into
        ending = "" if failure is CommitError else f"; {self.so_far}. Run the same again: it sends what is missing"
        return failure(f"{self.repo_id}: {step} failed: {said}{ending}", root)

    def clean(self, text: str) -> str:
        """``text`` in one line of at most 500 characters, without secrets."""
        line = redact(" ".join(text.split()), self.token).rstrip(".")
        return line if len(line) <= 500 else f"{line[:500]}…"

    def look(self) -> RepositoryState | None:
        """The repository as it is now; None if the token sees none. ContentError if it has another name by now."""
        from huggingface_hub.errors import RepositoryNotFoundError

        with self.asking("the look at the repository"):
            try:
                info = retrying()(self._api.dataset_info, self.repo_id, revision=BRANCH)
            except RepositoryNotFoundError:
                return None
            paths = frozenset(file.rfilename for file in info.siblings or ())
            state, name = RepositoryState(info.sha, info.private is True, paths), info.id.lower()
            if not state.head:
                raise KeyError("sha")
        if name != self.repo_id.lower():
            raise ContentError(f"{self.repo_id} is now called {info.id}: push to that name")
        return state

    def check_may_write(self) -> None:
        """RefusedError if the token may not write to the repository, which exists."""
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        # auth_check(write=True) is not in every version of the client; this is the request it makes
        address = f"{self.endpoint}/api/datasets/{self.repo_id}/auth-check/write"
        headers = build_hf_headers(token=self.token)
        with self.asking("the request for write access"):
            retrying()(lambda: hf_raise_for_status(get_session().get(address, headers=headers)))

    def create(self) -> None:
        """Make the repository, private. One that exists already is left as it is, whatever its visibility."""
        with self.asking("the creation of the repository"):
            retrying()(self._api.create_repo, self.repo_id, repo_type=DATASET, private=True, exist_ok=True)

    def files(self, state: RepositoryState) -> dict[str, str]:
        """Path -> hash of each file at the head: sha256 of large files, git's sha1 of others."""
        from huggingface_hub.hf_api import RepoFile

        with self.asking("the list of files"):
            entries = self._api.list_repo_tree(self.repo_id, repo_type=DATASET, revision=state.head, recursive=True)
            files = [entry for entry in entries if isinstance(entry, RepoFile)]
            hashes = {file.path: file.lfs.sha256 if file.lfs else file.blob_id for file in files}
            if missing := state.paths - set(hashes):  # an odd answer can look like an empty list
                raise KeyError(min(missing))
        return hashes

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
        from huggingface_hub import constants

        try:
            with self.asking("the upload of files"):
                self._api.preupload_lfs_files(self.repo_id, files, repo_type=DATASET, free_memory=False)
        except FailedError as error:
            if error.http is not None or constants.HF_HUB_DISABLE_XET or find_spec("hf_xet") is None:
                raise
            # hf_xet has its own HTTP client, whose errors do not distinguish a server without Xet from other problems
            raise FailedError(f"{error} (a server that takes no Xet files needs HF_HUB_DISABLE_XET=1)") from None

    def commit(self, operations: list[CommitOperationAdd | CommitOperationDelete], parent: str, message: str) -> str:
        """One commit on top of ``parent``, and its oid; CommitError if the Hub did not confirm it."""
        try:
            with self.asking("the commit", CommitError):
                where = {"repo_type": DATASET, "revision": BRANCH, "parent_commit": parent}
                return self._api.create_commit(self.repo_id, operations, commit_message=message, **where).oid
        except CommitError:
            self.so_far = UNKNOWN
            raise

    def is_seen_by_strangers(self) -> bool:
        """Whether somebody without a token sees the repository."""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError

        with self.asking("the look at the repository as a stranger"):
            try:
                retrying()(HfApi(endpoint=self.endpoint, token=False).dataset_info, self.repo_id)
            except HfHubHTTPError as error:
                if status_of(error) in (401, 403, 404):
                    return False
                raise
        return True
