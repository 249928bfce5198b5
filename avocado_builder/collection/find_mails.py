"""Find the accounts of the collection, and every needed mail in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from avocado_builder.collection.accounts import RECORD, FolderAccount, Member, ZipAccount
from avocado_builder.collection.names import MailKey, NeededMails

Account = ZipAccount | FolderAccount

#: Where the account zips are below the folder that a user names: data/text, data, the collection, or its parent.
_BELOW = ("", "text", "data/text", "avocado-1.0.2/data/text")
_ACCOUNT = re.compile(r"[0-9]{3}(?:\.zip)?")
_SHOWN = 20


@dataclass(frozen=True)
class Collection:
    """The accounts of a collection.

    Attributes:
        path: the folder that holds them.
        root: the topmost folder of the collection that is known; nothing may be written below it.
        accounts: one per person, sorted.
        ignored: names of whatever else is in that folder, sorted; it is never opened.
    """

    path: Path
    root: Path
    accounts: tuple[Account, ...]
    ignored: tuple[str, ...]


def open_collection(path: str | os.PathLike) -> Collection:
    """Find the accounts.

    Args:
        path: the collection's folder (``avocado-1.0.2``), its ``data`` or ``data/text``, or a folder of extracted
            account folders ``NNN``. An account that is there both as a zip and as a folder is read from the zip.

    Raises:
        OSError, ValueError: the folder does not exist or holds no account; the message says what is there.
    """
    root = Path(path).expanduser()
    if not root.exists():
        raise FileNotFoundError(f"{root}: expected the Avocado collection's folder, found nothing")
    if not root.is_dir():
        raise NotADirectoryError(f"{root}: expected the Avocado collection's folder, found a file; unpack it first")
    for below in _BELOW:
        folder = root / below
        if folder.is_dir():
            collection = _accounts_in(folder, root / "avocado-1.0.2" if below == _BELOW[-1] else root)
            if collection.accounts:
                return collection
    found = ", ".join(sorted(os.listdir(root))[:5]) or "nothing"
    raise ValueError(f"{root}: expected account files such as 147.zip in it or in its data/text, found {found}")


def _accounts_in(folder: Path, root: Path) -> Collection:
    accounts: dict[str, Account] = {}
    ignored = []
    for entry in sorted(folder.iterdir(), key=lambda path: path.name):
        if not _ACCOUNT.fullmatch(entry.name) or entry.is_dir() == (entry.suffix == ".zip"):
            ignored.append(entry.name)
        elif entry.is_dir():
            accounts[entry.name] = FolderAccount(entry)
        else:
            if entry.stem in accounts:
                ignored.append(entry.stem)
            accounts[entry.stem] = ZipAccount(entry)
    return Collection(folder, root, tuple(accounts[name] for name in sorted(accounts)), tuple(sorted(ignored)))


@dataclass
class MailLocations:
    """Where each needed mail is in the collection, at 32 bytes a mail."""

    needed: NeededMails
    _records: dict[str, bytearray] = field(default_factory=dict)
    _found: dict[str, bytearray] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make room for all needed mails."""
        for account, count in self.needed.accounts().items():
            self._records[account], self._found[account] = bytearray(RECORD.size * count), bytearray(count)

    def put(self, key: MailKey, account: Account, record: bytes) -> bool:
        """Record where a mail is; False if that is recorded already."""
        if self._found[key.account][key.position]:
            return False
        self._found[key.account][key.position] = 1
        start = RECORD.size * key.position
        self._records[key.account][start : start + RECORD.size] = record
        self.accounts[key.account] = account
        return True

    def member(self, key: MailKey) -> Member | None:
        """The member of an account that is this mail; None if it was not found."""
        if not self._found[key.account][key.position]:
            return None
        start = RECORD.size * key.position
        record = bytes(self._records[key.account][start : start + RECORD.size])
        return Member(f"{key.account}/{self.needed.name(key)}", record)

    def missing(self) -> Iterator[str]:
        """Names of needed mails that were not found, sorted."""
        for account, found in self._found.items():
            yield from (self.needed.name(MailKey(account, n)) for n, there in enumerate(found) if not there)

    def mails(self) -> Iterator[tuple[MailKey, str, bytes]]:
        """Every needed mail: its key, its name and its bytes, in the order of the zip for each account.

        Raises:
            ValueError: a member is damaged; the message names it.
        """
        for account, source in self.accounts.items():
            keys = [MailKey(account, position) for position in range(len(self._found[account]))]
            members = [(self.member(key), key) for key in keys]
            members.sort(key=lambda pair: RECORD.unpack(pair[0].record)[0])
            read = source.read(member for member, _ in members)
            for (member, key), data in zip(members, read, strict=True):
                yield key, member.name[4:], data


#: A member that has the name of a needed mail, but is not that mail: its key, its account and the member.
Copy = tuple[MailKey, Account, Member]


def locate(collection: Collection, needed: NeededMails) -> MailLocations:
    """Find every needed mail by the directories of the zips alone: that takes seconds, and no mail is read.

    A mail is exactly the member ``NNN/NAME`` of the account ``NNN``. A copy elsewhere does no harm if it has the same
    content.

    Raises:
        ValueError: mails are missing (the message counts them and names the first twenty), cannot be read, or exist
            twice with different contents; or a zip is damaged.
    """
    locations = MailLocations(needed)
    copies: list[Copy] = []
    for account in collection.accounts:
        for member in account.members():
            key = needed.key(member.name.rpartition("/")[2])
            if key is None:
                continue
            own = key.account == account.account and member.name == f"{key.account}/{member.name[-17:]}"
            if own:
                account.check(member)
            if not own or not locations.put(key, account, member.record):
                copies.append((key, account, member))
    _refuse_missing(collection, locations, copies)
    for copy in copies:
        _refuse_other_text(locations, *copy)
    return locations


def _refuse_missing(collection: Collection, locations: MailLocations, copies: list[Copy]) -> None:
    missing = list(locations.missing())
    if not missing:
        return
    shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
    accounts = {account.account for account in collection.accounts}
    absent = sorted({name[:3] for name in missing} - accounts)
    hints = [f" There are no files for the accounts {', '.join(absent[:_SHOWN])}."] if absent else []
    for key, account, member in copies:
        name = locations.needed.name(key)
        if name in missing[:_SHOWN]:
            hints.append(f" {account.path} has {member.name}; expected it as {key.account}/{name} in that account.")
            break
    raise ValueError(
        f"{collection.path}: {len(missing):,} of {len(locations.needed):,} mails that the id files name are missing: "
        f"{shown}.{''.join(hints)} Is the copy complete?"
    )


def _refuse_other_text(locations: MailLocations, key: MailKey, account: Account, member: Member) -> None:
    own = locations.member(key)
    own_account = locations.accounts[key.account]
    if own_account.fingerprint(own) != account.fingerprint(member):
        raise ValueError(
            f"{own_account.path} has {own.name}, and {account.path} has {member.name} with other contents: "
            "which one is the mail? Restore the collection as LDC delivers it"
        )
