"""A dataset repository on the Hub: what a push asks of it, when it must not send, and errors in plain words.

Each class of error is also the built-in one that fits, so callers need not know these. A message is one line that names
the repository and the step, without the token and without signed addresses.

A push demands of each HTTP request of huggingface_hub a timeout, no redirect to another host, and a last look
(:class:`Watch`). The client waits forever by default. It has one shared session of httpx or httpx2 (since 1.0), or one
of requests for each thread (0.36), and replaces them after some errors; so their factory is wrapped while a push is
running. The Xet client speaks HTTP on its own, with timeouts of its own, and is not watched. The private names of
``huggingface_hub`` that this takes are used here and nowhere else. They work on 0.36 to 2.4.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import tenacity

from lamp_dataset.web import is_race, redact, status_of, wait_as_told

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete


logger = logging.getLogger(__name__)

#: Of a push: seconds until a connection must be there, and until each next part of an answer must come.
CONNECT_SECONDS, ANSWER_SECONDS = 30, 120
#: Too many requests, and the server's own problems.
TEMPORARY = (429, 500, 502, 503, 504)


class HubError(Exception):
    """A problem with a repository on the Hub; the message says it in full."""


class RefusedError(HubError, PermissionError):
    """The token may not do this, or the repository must not get the data."""


class ContentError(HubError, ValueError):
    """The repository is not as expected: renamed, a card that is not UTF-8, other files than were sent."""


class FailedError(HubError, ConnectionError):
    """The Hub or the connection to it failed: no answer, an error, or an answer that makes no sense.

    ``http`` is the HTTP library's error behind it, if there was one; it and its answer decide whether to try again.
    """

    def __init__(self, message: str, http: BaseException | None = None) -> None:
        super().__init__(message)
        self.http, self.response = http, getattr(http, "response", None)


class CommitError(FailedError):
    """The Hub did not confirm the commit, which may have been made all the same."""


def is_http(error: BaseException | None) -> bool:
    """Whether an error comes from the HTTP library below huggingface_hub, or is the client's own with an answer."""
    modules = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return not modules.isdisjoint(("httpx2", "httpx", "requests"))


def is_silence(error: BaseException | None) -> bool:
    """Whether an error of the HTTP library says that the server kept silent for too long."""
    return is_http(error) and "Timeout" in type(error).__name__


def is_temporary(error: BaseException) -> bool:
    """Whether another try makes sense: no usable answer came, or one of :data:`TEMPORARY`."""
    return (is_http(error) or isinstance(error, FailedError)) and status_of(error) in (None, *TEMPORARY)


def _say(state: tenacity.RetryCallState) -> None:
    error, status = state.outcome.exception(), status_of(state.outcome.exception())
    answer = f"the Hub answered {status}" if status else "no usable answer from the Hub"
    problem = "somebody else's commit came first" if is_race(error) else answer
    logger.warning("%s; trying again in %.0f s", problem, state.upcoming_sleep)


def _tries(error: BaseException) -> int:
    """In all. Among N racing writers, one more of them gets ahead of each try; silence has cost minutes already."""
    return 12 if is_race(error) else 2 if is_silence(getattr(error, "http", error)) else 6


def retrying(races: bool = False) -> tenacity.Retrying:
    """Try again where huggingface_hub does not; the last error is raised as it is.

    The client repeats uploads and listings itself, but not the look at a repository, its creation, the check of a card
    or the commit (seen with 0.36 and 2.4 against a server that answers 429 and 500). With ``races``, this also tries
    again after somebody else's commit.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: is_temporary(error) or (races and is_race(error))),
        wait=wait_as_told,
        stop=lambda state: state.attempt_number >= _tries(state.outcome.exception()),
        before_sleep=_say,
        reraise=True,
    )


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
            # raised while the client was working, see Watch
            ours = next((cause for cause in causes if isinstance(cause, HubError)), None)
            # the client's own error shows signed addresses; it must not travel along
            raise ours or self._translated(causes, step, failure) from None

    def _translated(self, causes: list[BaseException], step: str, failure: type[FailedError]) -> Exception:
        root = next((cause for cause in causes if is_http(cause)), None)
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
        if is_silence(error):
            said = f"no answer within {ANSWER_SECONDS} s"
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


@dataclass(frozen=True)
class Watch:
    """The demands of one push to ``remote``, which is looked at once more right before the request that commits.

    ``stays`` refuses redirects to another host. Reading a file is exempt: large ones are stored elsewhere.
    """

    remote: Remote
    stays: bool

    def before(self, method: str, path: str) -> None:
        """Check a request that is about to be sent."""
        if method == "POST" and f"/api/datasets/{self.remote.repo_id}/commit/" in path:
            self.remote.require_unseen()

    def after(self, method: str, address: str, location: str | None) -> None:
        """Check an answer; RefusedError if it redirects to another host."""
        asked, target = urlsplit(address), urlsplit(urljoin(address, location or ""))
        reads_file = method in ("GET", "HEAD") and "/resolve/" in asked.path
        if self.stays and not reads_file and (asked.scheme, asked.netloc) != (target.scheme, target.netloc):
            raise RefusedError(
                f"{self.remote.repo_id}: {asked.netloc} redirects {method} {asked.path} to another host, "
                f"{target.netloc}; {self.remote.so_far}. A push with gated texts follows no such redirect"
            )


_one_push = threading.Lock()


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Meanwhile, apply the demands of ``watch`` to all requests of huggingface_hub; other pushes wait their turn."""
    import huggingface_hub
    from huggingface_hub.utils import _http

    with _one_push:
        if hasattr(huggingface_hub, "set_client_factory"):  # since 1.0
            set_factory, old, prepare = huggingface_hub.set_client_factory, _http._GLOBAL_CLIENT_FACTORY, _prepare_httpx
        else:
            set_factory, old = huggingface_hub.configure_http_backend, _http._GLOBAL_BACKEND_FACTORY
            prepare = _prepare_requests
        set_factory(lambda: prepare(old(), watch))
        try:
            yield
        finally:
            set_factory(old)


def _prepare_httpx(client: Any, watch: Watch) -> Any:
    bounds = dict.fromkeys(("read", "write", "pool"), ANSWER_SECONDS) | {"connect": CONNECT_SECONDS}

    def before(request: Any) -> None:
        given = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {name: given.get(name) or bound for name, bound in bounds.items()}
        watch.before(request.method, request.url.path)

    def after(response: Any) -> None:
        watch.after(response.request.method, str(response.url), response.headers.get("Location"))

    hooks = client.event_hooks
    client.event_hooks = {"request": [*hooks["request"], before], "response": [*hooks["response"], after]}
    return client


def _prepare_requests(session: Any, watch: Watch) -> Any:
    send = session.send

    def bounded(request: Any, **options: Any) -> Any:
        options["timeout"] = options.get("timeout") or (CONNECT_SECONDS, ANSWER_SECONDS)
        watch.before(request.method, urlsplit(request.url).path)
        return send(request, **options)

    def after(response: Any, **options: Any) -> None:
        watch.after(response.request.method, response.url, response.headers.get("Location"))

    session.send = bounded
    session.hooks["response"].append(after)
    return session


def is_ignored(operation: Any) -> bool:
    """Whether the repository's ``.gitignore`` keeps a file out of a commit, once the Hub was asked about it."""
    return bool(operation._should_ignore)


def is_committed(operation: Any) -> bool:
    """Whether the client takes a file for committed, as after any answer with status 200; it would not send it."""
    return bool(operation._is_committed)
