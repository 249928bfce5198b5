"""A push into a private repository: one commit, and nothing to a place where strangers read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lamp_dataset.atomic import work_folder
from lamp_dataset.hub.card import make_card
from lamp_dataset.hub.guard import check_licences, open_private, require_private
from lamp_dataset.hub.plan import CARD, SHARD, Config, config_names, find_builders, prepare, write_configs
from lamp_dataset.hub.readback import check_readable
from lamp_dataset.hub.redact import redacted_logs
from lamp_dataset.hub.remote import Remote, State
from lamp_dataset.hub.retry import retrying

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete


@dataclass(frozen=True)
class Changes:
    """What makes the repository's head hold the configs: paths to send and to remove, the card if it changes."""

    send: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    card: str | None = None

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.send or self.remove or self.card is not None)


@dataclass(frozen=True)
class Pushed:
    """What a push did, or with ``dry_run`` would do.

    Attributes:
        repo_id: the repository.
        url: its address.
        visibility: ``"private"``, or ``"to be created, private"`` where a dry run found none.
        commit: oid of the commit that holds the configs; None after a dry run that found something to send.
        new_commit: whether this push made it; False where everything was there already.
        num_rows: config -> split -> number of rows.
        sizes: path -> bytes of each file that was or would be sent, the card included.
        removed: paths that were or would be removed.
    """

    repo_id: str
    url: str
    visibility: str
    commit: str | None
    new_commit: bool
    num_rows: dict[str, dict[str, int]]
    sizes: dict[str, int]
    removed: list[str]


def push_to_hub(
    repo_id: str,
    configs: str | Iterable[str],
    data_dir: str | os.PathLike | None = None,
    acknowledge_licence: bool = False,
    token: str | bool | None = None,
    *,
    dry_run: bool = False,
) -> Pushed:
    """Put configs into a private data set repository, where plain ``load_dataset(repo_id, config)`` finds them.

    All configs, the card and the removal of files they replace are one commit: readers see all of it or none. The
    repository is made if there is none; it must be private before the first byte, before the commit and after it. What
    else it holds stays: other configs, other files, the card's own text. Run again after a failure it sends what is
    missing; with nothing to change it makes no commit. In the end the first rows are read back in a fresh process.

    Args:
        repo_id: ``"namespace/name"``.
        configs: names of configs, or a single one.
        data_dir: folder with the official files, as for ``load_dataset("lamp", ..., data_dir=...)``.
        acknowledge_licence: must be True where a config's texts are gated: you have read their licence and know that
            it allows a private copy on the Hub.
        token: a token with write access; by default ``HF_TOKEN`` or that of ``hf auth login``.
        dry_run: change nothing, tell what would be changed.

    Raises:
        ValueError: no such config, a licence not acknowledged, a card that is no YAML, a row that came back different.
        PermissionError: the repository is public, or the token may not write to it.
        ConnectionError: the Hub or the way to it failed; nothing or all of it was committed.
        OSError: the data cannot be had, or the disk is full.
    """
    names = config_names(configs)
    check_licences(names, acknowledge_licence, data_dir)
    remote = Remote(repo_id, token)
    builders = find_builders(names, data_dir)
    # before the rows are built: a push that must not be shall not cost an hour first
    with redacted_logs(remote.token):
        state = open_private(remote, dry_run)
    with redacted_logs(remote.token), work_folder(_cache(), "lamp-push") as work:
        push = _Push(remote, prepare(builders), work)
        if dry_run:
            return push.plan(state)
        return push.run()


def _cache() -> Path:
    import datasets

    return Path(datasets.config.HF_DATASETS_CACHE)


class _Push:
    """One push of prepared configs; ``work`` takes the Parquet files until they are sent."""

    def __init__(self, remote: Remote, configs: list[Config], work: Path) -> None:
        from huggingface_hub import CommitOperationAdd

        self.remote, self.configs, self.work = remote, configs, work
        self.files = work / "files"
        self.files.mkdir()
        self.bytes = write_configs(configs, self.files)
        self.adds = {path: CommitOperationAdd(path, self.files / path) for config in configs for path in config.paths}

    def plan(self, state: State | None) -> Pushed:
        changes = self.changes(state.head if state else None)
        done = state.head if state and not changes else None
        return self._pushed(done, False, changes, "private" if state else "to be created, private")

    def run(self) -> Pushed:
        first = self.changes(require_private(self.remote, self.remote.look(), "nothing was sent").head)
        self._send(first.send)
        commit, made = self._commit()
        self._check_after(commit)
        return self._pushed(commit, made, first, "private")

    def _pushed(self, commit: str | None, made: bool, changes: Changes, visibility: str) -> Pushed:
        sizes = {path: self.adds[path].upload_info.size for path in changes.send}
        if changes.card is not None:
            sizes[CARD] = len(changes.card.encode())
        rows = {config.name: config.num_rows for config in self.configs}
        return Pushed(self.remote.repo_id, self.remote.url, visibility, commit, made, rows, sizes, changes.remove)

    def changes(self, head: str | None) -> Changes:
        """What is missing or too much at a commit; against nothing, all."""
        there = self.remote.files(head) if head else {}
        card = self.remote.text(CARD, head, self.work / "hub") if CARD in there else None
        wanted = make_card(card, self.configs, self.bytes)
        return Changes(
            [path for path in self.adds if not self._is_there(path, there.get(path))],
            sorted(path for path in there if self._is_stale(path)),
            wanted if wanted != card else None,
        )

    def _is_there(self, path: str, found: str | None) -> bool:
        """Whether the hash of a file in the repository is that of ours: git's sha1 where its rules say so."""
        from huggingface_hub.utils.sha import git_hash

        if found is None or len(found) == 64:
            return found == self.adds[path].upload_info.sha256.hex()
        return found == git_hash((self.files / path).read_bytes())

    def _is_stale(self, path: str) -> bool:
        """Whether it is a shard of a config that is pushed, but not of what is pushed."""
        shard = SHARD.fullmatch(path)
        return bool(shard) and path not in self.adds and shard["config"] in {config.name for config in self.configs}

    def _send(self, paths: list[str]) -> None:
        """Upload contents in portions, each after a look whether the repository is still private."""
        for portion in _portions([self.adds[path] for path in paths]):
            require_private(self.remote, self.remote.look(), _UNREFERENCED)
            self.remote.upload(portion)
        if ignored := [path for path in paths if self.adds[path]._should_ignore]:
            raise ValueError(f"{self.remote.repo_id}: its .gitignore excludes {ignored[0]}; take that line out first")

    def _commit(self) -> tuple[str, bool]:
        """The commit that holds everything, and whether this push made it.

        Each try looks at the head anew. So somebody else's commit is built upon, not over; and a commit whose answer
        was lost is found to be there.
        """
        made = False
        with self.remote.plain_errors("the commit"):
            for attempt in retrying(races=True):
                with attempt:
                    state = require_private(self.remote, self.remote.look(), _UNREFERENCED)
                    changes = self.changes(state.head)
                    if not changes:
                        return state.head, made
                    operations = self._operations(changes)
                    # looking at files took a while: ask again with nothing left to do but the commit
                    require_private(self.remote, self.remote.look(), _UNREFERENCED)
                    made = True
                    commit = self.remote.commit(operations, state.head, self._message())
        return commit, made

    def _operations(self, changes: Changes) -> list[CommitOperationAdd | CommitOperationDelete]:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        card = [] if changes.card is None else [CommitOperationAdd(CARD, changes.card.encode())]
        return [
            *(self.adds[path] for path in changes.send),
            *(CommitOperationDelete(path) for path in changes.remove),
            *card,
        ]

    def _message(self) -> str:
        return f"Push {', '.join(config.name for config in self.configs)}"

    def _check_after(self, commit: str) -> None:
        require_private(self.remote, self.remote.look(), f"commit {commit} is in it: make it private at once")
        if self.remote.is_seen_by_strangers():
            raise PermissionError(f"{self.remote.repo_id}: strangers see it, with commit {commit}: make it private")
        if left := self.changes(commit):
            wrong = [*left.send, *left.remove, CARD][0]
            raise ValueError(f"{self.remote.repo_id}: {wrong} in commit {commit} is not as it was sent; run again")
        check_readable(self.remote, commit, self.configs, self.work / "home")


#: Bytes sent between two looks. The Xet client holds several files of a portion in memory at once.
PORTION = 200_000_000


def _portions(adds: list[CommitOperationAdd]) -> Iterator[list[CommitOperationAdd]]:
    """The files in their order, in lists of about :data:`PORTION` bytes."""
    portion: list[CommitOperationAdd] = []
    for add in adds:
        portion.append(add)
        if sum(add.upload_info.size for add in portion) >= PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


_UNREFERENCED = (
    "nothing was committed. Contents sent so far belong to no commit, nobody can read them, and the Hub may drop them"
)
