"""Repositories in memory: commits, files, tokens, and who may do what."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class File:
    """A file of a commit. LFS and Xet files are known by the sha256 of their content, others by git's sha1."""

    data: bytes
    lfs: bool
    xet_hash: str | None = None

    @property
    def oid(self):
        if self.lfs:
            return hashlib.sha256(self.data).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(self.data) + self.data).hexdigest()


@dataclass(frozen=True)
class Commit:
    oid: str
    title: str
    files: dict[str, File]


@dataclass
class Repo:
    name: str
    private: bool
    gated: bool | str = False
    commits: list[Commit] = field(default_factory=list)

    @property
    def head(self):
        return self.commits[-1]

    def commit(self, title, files):
        oid = hashlib.sha1(f"{self.name} {len(self.commits)} {title}".encode()).hexdigest()
        self.commits.append(Commit(oid, title, files))

    def write(self, path, data):
        """A commit of somebody else: one small file more or changed."""
        self.commit(f"write {path}", {**self.head.files, path: File(data, lfs=False)})

    def at(self, revision):
        """The commit of a revision, "main" or an oid; None where there is none."""
        return self.head if revision == "main" else next((c for c in self.commits if c.oid == revision), None)


class RefusedError(Exception):
    """An answer that is an error: status, headers."""

    def __init__(self, status, message, code=None, **headers):
        super().__init__(message)
        self.status = status
        self.headers = {"X-Error-Message": message, **headers, **({"X-Error-Code": code} if code else {})}


@dataclass
class Store:
    """All repositories and blobs; ``tokens`` maps a token to (user, role)."""

    tokens: dict[str, tuple[str, str]]
    repos: dict[str, Repo] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)

    def create(self, name, private):
        repo = self.repos[name] = Repo(name, private)
        repo.commit("initial commit", {".gitattributes": File(b"*.parquet filter=lfs\n", lfs=False)})
        return repo

    def user(self, token):
        """(user, role) of a token; of nobody without one. The client tells a bad token by this very message."""
        if token is None:
            return None, None
        if token not in self.tokens:
            raise RefusedError(401, "Invalid credentials in Authorization header")
        return self.tokens[token]

    def readable(self, name, token):
        """The repository if ``token`` may see it. A stranger cannot tell a private one from one that is not there."""
        user, _ = self.user(token)
        repo = self.repos.get(name)
        if repo is not None and (not repo.private or user == name.split("/")[0]):
            return repo
        if user is None:
            raise RefusedError(401, "Invalid username or password.")
        raise RefusedError(404, "Repository not found", "RepoNotFound")

    def writable(self, name, token):
        repo = self.readable(name, token)
        self.may_write(name.split("/")[0], token)
        return repo

    def may_write(self, namespace, token):
        user, role = self.user(token)
        if user is None:
            raise RefusedError(401, "Invalid username or password.")
        if user != namespace or role != "write":
            raise RefusedError(403, f"You don't have the rights to write under the namespace {namespace!r}")

    def content(self, name, token):
        """The repository if ``token`` may read its files: a gated one shows its card and names to all, not these."""
        repo = self.readable(name, token)
        user, _ = self.user(token)
        if repo.gated and user != name.split("/")[0]:
            raise RefusedError(401 if user is None else 403, "Access to this dataset is restricted", "GatedRepo")
        return repo
