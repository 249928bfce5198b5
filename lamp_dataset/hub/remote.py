"""A data set repository on the Hub: what a push asks of it, with errors in plain words."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lamp_dataset.hub.redact import redact
from lamp_dataset.hub.retry import is_http, retrying, status_of

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

DATASET = "dataset"
BRANCH = "main"


@dataclass(frozen=True)
class State:
    """What a look at the repository showed: its head commit, and whether it is private."""

    head: str
    private: bool


class Remote:
    """The repository ``repo_id``, as seen with ``token``."""

    def __init__(self, repo_id: str, token: str | bool | None = None) -> None:
        """Check the name and find the token, without a request.

        Raises:
            ValueError: ``repo_id`` is no ``"namespace/name"``, or the token holds characters that no token has.
            PermissionError: there is no token.
        """
        from huggingface_hub import HfApi, get_token
        from huggingface_hub.utils import HFValidationError, validate_repo_id

        try:
            validate_repo_id(repo_id)
        except HFValidationError as error:
            raise ValueError(str(error)) from None
        if repo_id.count("/") != 1:
            raise ValueError(f"expected a repository as 'namespace/name', found {repo_id!r}")
        token = get_token() if token in (None, True) else token
        if not token:
            raise PermissionError("no token for the Hub: run 'hf auth login', or set HF_TOKEN")
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            # sent on, it would stand in the client's error message
            raise ValueError("the Hub token holds a blank, a line end or a character that is not ASCII; copy it again")
        self.repo_id, self.token = repo_id, token
        self._api = HfApi(token=token, library_name="lamp-hf")
        self.url = f"{self._api.endpoint}/datasets/{repo_id}"

    @contextmanager
    def plain_errors(self, doing: str) -> Iterator[None]:
        """Turn errors of the client into built-in ones of one line, without token and without signed addresses.

        Raises:
            PermissionError: the token is unknown, may not write here, or sees no such repository.
            ConnectionError: anything else that the Hub or the way to it did.
        """
        try:
            yield
        except Exception as error:
            raise_from = self._plain(error, doing)
            if raise_from is None:
                raise
            # the client's own error shows signed addresses; it does not travel along
            raise raise_from from None

    def _plain(self, error: Exception, doing: str) -> Exception | None:
        root = next((e for e in _chain(error) if is_http(e)), None)
        if str(error).startswith(f"{self.repo_id}: ") or not (
            root or isinstance(error, (RuntimeError, ConnectionError))
        ):
            return None  # ours already, or no error of huggingface_hub and hf_xet, which raise these two besides HTTP's
        status = status_of(root)
        said = self.clean(getattr(root, "server_message", None) or str(root or error))
        if status in (401, 403, 404):
            return PermissionError(
                f"{self.repo_id}: the Hub refused {doing} ({status}: {said}). Does the token exist, does it have write "
                f"access to this repository, and is the name right? See {self._api.endpoint}/settings/tokens"
            )
        answer = f"the Hub answered {status}: {said}" if status else said
        if "xet" in said.lower():
            answer += " (where a server takes no Xet files, set HF_HUB_DISABLE_XET=1)"
        return ConnectionError(
            f"{self.repo_id}: {doing} failed: {answer}. Run the same again: it sends what is missing"
        )

    def clean(self, text: str) -> str:
        """``text`` in one line, without secrets."""
        return redact(" ".join(text.split()), self.token).rstrip(".")

    def look(self) -> State | None:
        """The repository as it is now; None where there is none, or none that the token may see.

        Raises:
            ValueError: the repository has another name by now.
        """
        from huggingface_hub.errors import RepositoryNotFoundError

        with self.plain_errors("a look at the repository"):
            try:
                info = retrying()(self._api.dataset_info, self.repo_id, revision=BRANCH)
            except RepositoryNotFoundError:
                return None
        if info.id.lower() != self.repo_id.lower():
            raise ValueError(f"{self.repo_id} is now called {info.id}: push to that name")
        return State(info.sha, info.private is True)

    def check_may_write(self) -> None:
        """Ask whether the token may write to the repository, which exists.

        Raises:
            PermissionError: it may not.
        """
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        # auth_check(write=True) is not in every version of the client; this is the request it makes
        address = f"{self._api.endpoint}/api/datasets/{self.repo_id}/auth-check/write"

        def ask() -> None:
            hf_raise_for_status(get_session().get(address, headers=build_hf_headers(token=self.token)))

        with self.plain_errors("write access"):
            retrying()(ask)

    def create(self) -> None:
        """Make the repository, private. One that exists already is left as it is, whatever its visibility."""
        with self.plain_errors("to create the repository"):
            retrying()(self._api.create_repo, self.repo_id, repo_type=DATASET, private=True, exist_ok=True)

    def files(self, revision: str) -> dict[str, str]:
        """Path -> hash of each file at a revision: sha256 of large files, git's sha1 of others."""
        from huggingface_hub.hf_api import RepoFile

        with self.plain_errors("the list of files"):
            entries = self._api.list_repo_tree(self.repo_id, repo_type=DATASET, revision=revision, recursive=True)
            files = [entry for entry in entries if isinstance(entry, RepoFile)]
        return {file.path: file.lfs.sha256 if file.lfs else file.blob_id for file in files}

    def text(self, path: str, revision: str, folder: Path) -> str:
        """Content of a small text file at a revision. ``folder`` takes what the client keeps of it."""
        with self.plain_errors(f"to read {path}"):
            local = retrying()(
                self._api.hf_hub_download,
                self.repo_id,
                path,
                repo_type=DATASET,
                revision=revision,
                cache_dir=folder,
            )
        try:
            return Path(local).read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{self.repo_id}: {path}: expected UTF-8, found something else ({error.reason})") from None

    def upload(self, files: list[CommitOperationAdd]) -> None:
        """Send contents. They belong to no commit yet, and nobody can read them."""
        with self.plain_errors("to send files"):
            self._api.preupload_lfs_files(self.repo_id, files, repo_type=DATASET, free_memory=False)

    def commit(self, operations: list[CommitOperationAdd | CommitOperationDelete], parent: str, message: str) -> str:
        """One commit on top of ``parent``, and its oid. Errors are those of the client: the caller tries again."""
        commit = self._api.create_commit(
            self.repo_id, operations, commit_message=message, repo_type=DATASET, revision=BRANCH, parent_commit=parent
        )
        return commit.oid

    def is_seen_by_strangers(self) -> bool:
        """Whether somebody without a token sees the repository."""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError

        with self.plain_errors("the question whether strangers see it"):
            try:
                retrying()(HfApi(endpoint=self._api.endpoint, token=False).dataset_info, self.repo_id)
            except HfHubHTTPError as error:
                if status_of(error) in (401, 403, 404):
                    return False
                raise
        return True


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def environment(token: str, home: Path) -> dict[str, str]:
    """Environment of a process that reads from the Hub with a token and caches of its own.

    ``HF_UPDATE_DOWNLOAD_COUNTS=0``: else ``load_dataset`` tells the repository's name to a public bucket.
    """
    caches = re.compile(r"HF_.*CACHE|HF_ASSETS.*|HF_TOKEN.*|HUGGINGFACE_.*CACHE|HF_HUB_OFFLINE|HF_DATASETS_OFFLINE")
    kept = {name: value for name, value in os.environ.items() if not caches.fullmatch(name)}
    return kept | {"HF_TOKEN": token, "HF_HOME": str(home), "HF_UPDATE_DOWNLOAD_COUNTS": "0"}
