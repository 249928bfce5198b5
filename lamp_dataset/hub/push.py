"""A push into a private repository: one commit, and nothing to a place where strangers read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lamp_dataset.atomic import work_folder
from lamp_dataset.hub.card import make_card
from lamp_dataset.hub.export import CARD, SHARD, Config, config_names, find_builders, prepare, write_configs
from lamp_dataset.hub.remote import (
    NOTHING_COMMITTED,
    CommitError,
    ContentError,
    FailedError,
    Remote,
    RepositoryState,
    Watch,
    is_committed,
    is_ignored,
    retrying,
    watched,
)
from lamp_dataset.loading.licenses import check_licenses
from lamp_dataset.tasks import get_task
from lamp_dataset.web import redacted_logs

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

#: Bytes sent between two looks. The Xet client holds several files of a portion in memory at once.
PORTION = 200_000_000


@dataclass(frozen=True)
class PendingChanges:
    """What the repository's head lacks to hold the configs: paths to send and to remove, the card if it changes."""

    send: list[str]
    remove: list[str]
    card: str | None

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.send or self.remove or self.card is not None)


@dataclass(frozen=True)
class PushResult:
    """What a push did, or with ``dry_run`` would do.

    Attributes:
        repo_id: the repository.
        url: its address.
        visibility: ``"private"``; after a dry run that found no repository, ``"to be created, private"``, or a remark
            that there was no token to look with.
        commit: oid of the commit that holds the configs; None after a dry run that found something to send.
        new_commit: whether this push made it; False if everything was there already.
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
    data_dir: str | os.PathLike[str] | None = None,
    acknowledge_license: bool = False,
    token: str | bool | None = None,
    *,
    dry_run: bool = False,
) -> PushResult:
    """Put configs into a private dataset repository, where plain ``load_dataset(repo_id, config)`` finds them.

    All configs, the card and the removal of files they replace are one commit: readers see all of it or none. If the
    repository does not exist, it is created. It must be private, and strangers must not see it, before the first byte,
    right before the commit and after it. Everything else in it stays: other configs, splits and files, the card's own
    text and keys. After a failure, run it again: it sends what is missing. If nothing changes, it makes no commit. At
    the end, the hashes of all files are compared.

    Args:
        repo_id: ``"namespace/name"``.
        configs: names of configs, or a single one.
        data_dir: folder with the official files, as for ``load_dataset("lamp", ..., data_dir=...)``.
        acknowledge_license: must be True if the texts of a config are gated: you have read their license and know that
            it allows a private copy on the Hub.
        token: a token with write access; by default ``HF_TOKEN`` or that of ``hf auth login``.
        dry_run: change nothing, and report what would change. Without a token, private repositories are invisible.

    Raises:
        ValueError: a config does not exist, a license is not acknowledged, the card is not YAML, or a file there is not
            what was sent.
        PermissionError: the repository is public, or the token may not write to it.
        ConnectionError: the Hub or the connection to it failed; the message says whether the commit was made.
        OSError: the data cannot be had, or the disk is full.
    """
    names = config_names(configs)
    check_licenses(names, acknowledge_license, data_dir)
    remote = Remote(repo_id, token, needs_token=not dry_run)
    import datasets  # not before these checks: it takes a second

    builders = find_builders(names, data_dir)
    gated = any(get_task(name).gated for name in names)
    with redacted_logs(remote.token), watched(Watch(remote, stays=gated)):
        # before the rows are built: a push that must not happen should not cost an hour first
        state = remote.open(dry_run)
        with work_folder(Path(datasets.config.HF_DATASETS_CACHE), "lamp-push") as work:
            push = _Push(remote, prepare(builders), work)
            return push.plan(state) if dry_run else push.run()


class _Push:
    """One push of prepared configs; the folder ``work`` holds the Parquet files until they are sent."""

    def __init__(self, remote: Remote, configs: list[Config], work: Path) -> None:
        self.remote, self.configs, self.work = remote, configs, work
        self.files = work / "files"
        self.files.mkdir()
        self.bytes = write_configs(configs, self.files)
        self.adds = {path: self._add(path) for config in configs for path in config.paths}

    def _add(self, path: str) -> CommitOperationAdd:
        from huggingface_hub import CommitOperationAdd

        return CommitOperationAdd(path, self.files / path)

    def plan(self, state: RepositoryState | None) -> PushResult:
        changes = self.changes(state)
        done = state.head if state and not changes else None
        new = "to be created, private" if self.remote.token else "not seen without a token; to be private"
        return self._result(done, False, changes, "private" if state else new)

    def run(self) -> PushResult:
        first = self.changes(self.remote.look_private())
        self._send(first.send)
        commit, made = self._commit()
        self.remote.so_far = f"commit {commit} is in the repository"
        if left := self.changes(self.remote.require_unseen(commit)):
            wrong = [*left.send, *left.remove, CARD][0]
            raise ContentError(f"{self.remote.repo_id}: {wrong} in commit {commit} is not what was sent; run again")
        return self._result(commit, made, first, "private")

    def _result(self, commit: str | None, made: bool, changes: PendingChanges, visibility: str) -> PushResult:
        sizes = {path: self.adds[path].upload_info.size for path in changes.send}
        if changes.card is not None:
            sizes[CARD] = len(changes.card.encode())
        rows = {config.name: config.num_rows for config in self.configs}
        return PushResult(self.remote.repo_id, self.remote.url, visibility, commit, made, rows, sizes, changes.remove)

    def changes(self, state: RepositoryState | None) -> PendingChanges:
        """What the repository lacks, and which old files it should lose; None lacks everything."""
        there = state.files if state else {}
        card = self.remote.text(CARD, state.head, self.work / "hub") if CARD in there else None
        wanted = make_card(card, self.configs, self.bytes)
        names = {config.name for config in self.configs}
        ours = [path for path in there if (shard := SHARD.fullmatch(path)) and shard["config"] in names]
        return PendingChanges(
            [path for path in self.adds if not self._is_there(path, there.get(path))],
            sorted(path for path in ours if path not in self.adds),
            wanted if wanted != card else None,
        )

    def _is_there(self, path: str, found: str | None) -> bool:
        """Whether the hash of a file in the repository is that of ours: git's sha1 where its rules say so."""
        from huggingface_hub.utils.sha import git_hash

        if found is None or len(found) == 64:
            return found == self.adds[path].upload_info.sha256.hex()
        return found == git_hash((self.files / path).read_bytes())

    def _send(self, paths: list[str]) -> None:
        """Upload contents in portions, each after a look whether the repository is still private."""
        portion: list[CommitOperationAdd] = []
        for path in paths:
            portion.append(self.adds[path])
            if path == paths[-1] or sum(add.upload_info.size for add in portion) >= PORTION:
                self.remote.look_private()
                self.remote.so_far = NOTHING_COMMITTED
                self.remote.upload(portion)
                portion = []
        # the client would drop such files without a word
        if ignored := [path for path in paths if is_ignored(self.adds[path])]:
            raise ContentError(f"{self.remote.repo_id}: its .gitignore excludes {ignored[0]}; take that line out first")

    def _commit(self) -> tuple[str, bool]:
        """The commit that holds everything, and whether this push made it.

        Each try looks at the head again. So it builds on somebody else's commit, does not overwrite it, and finds a
        commit whose answer was lost. FailedError if there is none; the message says whether that is certain.
        """
        made = False
        try:
            for attempt in retrying(races=True):
                with attempt:
                    state = self.remote.look_private()
                    changes = self.changes(state)
                    if not changes:
                        return state.head, made
                    self.remote.so_far = NOTHING_COMMITTED
                    operations, made = self._operations(changes), True
                    # the watch looks at the repository once more, right before the request that commits
                    message = f"Push {', '.join(config.name for config in self.configs)}"
                    commit = self.remote.commit(operations, state.head, message)
            return commit, made
        except CommitError as error:
            failure = error
        # outside the block above, so that an error of this look is not taken for one of the commit
        state = self.remote.look_private()
        if not self.changes(state):
            return state.head, True
        raise FailedError(f"{failure}; {NOTHING_COMMITTED}. Run the same again: it sends what is missing")

    def _operations(self, changes: PendingChanges) -> list[CommitOperationAdd | CommitOperationDelete]:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        card = [] if changes.card is None else [CommitOperationAdd(CARD, changes.card.encode())]
        self.adds |= {path: self._add(path) for path in changes.send if is_committed(self.adds[path])}
        send = [self.adds[path] for path in changes.send]
        return [*send, *map(CommitOperationDelete, changes.remove), *card]
