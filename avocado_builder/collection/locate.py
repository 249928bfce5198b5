"""The licensed collection: where its accounts lie, and whether every needed mail is in its place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from avocado_builder.collection.accounts import RECORD, FolderAccount, Member, ZipAccount
from avocado_builder.collection.names import Needed, Spot

Account = ZipAccount | FolderAccount

#: Places of the account zips below what a user may name: data/text, data, the collection, the folder around it.
_BELOW = ("", "text", "data/text", "avocado-1.0.2/data/text")
_AROUND = _BELOW[-1]
_ACCOUNT = re.compile(r"[0-9]{3}(?:\.zip)?")
SHOWN = 20


@dataclass(frozen=True)
class Collection:
    """The accounts of a collection.

    Attributes:
        path: the folder that holds them.
        root: the collection's own folder, as far as the user named it; nothing may be written below it.
        accounts: one a person, sorted.
        ignored: names of other things in that folder, sorted; they are never opened.
    """

    path: Path
    root: Path
    accounts: tuple[Account, ...]
    ignored: tuple[str, ...]


def open_collection(path: str | os.PathLike) -> Collection:
    """Find the accounts.

    Args:
        path: the collection's folder (``avocado-1.0.2``), its ``data`` or ``data/text``, or a folder of extracted
            account folders ``NNN``. Where an account is there as zip and as folder, the zip counts.

    Raises:
        OSError, ValueError: there is no such folder, or no account in it; the message says what is there.
    """
    root = Path(path).expanduser()
    if not root.exists():
        raise FileNotFoundError(f"{root}: there is no such folder; expected the Avocado collection")
    if not root.is_dir():
        raise NotADirectoryError(f"{root}: expected the collection's folder, found a file; unpack it first")
    for below in _BELOW:
        folder = root / below
        if folder.is_dir():
            collection = _accounts_in(folder, root / "avocado-1.0.2" if below == _AROUND else root)
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
class Places:
    """Where the needed mails lie: 32 bytes a mail."""

    needed: Needed
    _records: dict[str, bytearray] = field(default_factory=dict)
    _found: dict[str, bytearray] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make room."""
        for account, count in self.needed.accounts().items():
            self._records[account], self._found[account] = bytearray(RECORD.size * count), bytearray(count)

    def put(self, spot: Spot, account: Account, record: bytes) -> bool:
        """Note where a mail lies; False if it was noted before."""
        if self._found[spot.account][spot.position]:
            return False
        self._found[spot.account][spot.position] = 1
        start = RECORD.size * spot.position
        self._records[spot.account][start : start + RECORD.size] = record
        self.accounts[spot.account] = account
        return True

    def member(self, account: str, position: int) -> Member | None:
        """The member that is this mail; None if it was not found."""
        if not self._found[account][position]:
            return None
        start = RECORD.size * position
        record = bytes(self._records[account][start : start + RECORD.size])
        return Member(f"{account}/{self.needed.name(account, position)}", record)

    def missing(self) -> Iterator[str]:
        """Names of needed mails that were not found, sorted."""
        for account, found in self._found.items():
            yield from (self.needed.name(account, n) for n, there in enumerate(found) if not there)

    def mails(self) -> Iterator[tuple[Spot, str, bytes]]:
        """Every needed mail with its name and its bytes, an account's in the order in which they lie in its zip.

        Raises:
            ValueError: a member is damaged; the message names it.
        """
        for account, source in self.accounts.items():
            positions = range(len(self._found[account]))
            members = {n: self.member(account, n) for n in positions}
            order = sorted(positions, key=lambda n: RECORD.unpack(members[n].record)[0])
            for n, data in zip(order, source.read(members[n] for n in order), strict=True):
                yield Spot(account, n), members[n].name[4:], data


def locate(collection: Collection, needed: Needed) -> Places:
    """Find every needed mail by the directories of the zips alone: seconds, and no mail is read.

    A mail is the member ``NNN/NAME`` of the account ``NNN``, exactly. A copy of it elsewhere may lie about as long as
    it is the same.

    Raises:
        ValueError: mails are missing (how many, and the first twenty), cannot be read, or are there twice with
            different contents; or a zip is damaged.
    """
    places = Places(needed)
    copies: list[tuple[Spot, Account, Member]] = []
    for account in collection.accounts:
        for member in account.members():
            spot = needed.spot(member.name.rpartition("/")[2])
            if spot is None:
                continue
            own = spot.account == account.account and member.name == f"{spot.account}/{member.name[-17:]}"
            if own:
                account.check(member)
            if not own or not places.put(spot, account, member.record):
                copies.append((spot, account, member))
    _refuse_missing(collection, places, copies)
    for copy in copies:
        _refuse_other_text(places, *copy)
    return places


def _refuse_missing(collection: Collection, places: Places, copies: list[tuple[Spot, Account, Member]]) -> None:
    missing = list(places.missing())
    if not missing:
        return
    shown = ", ".join(missing[:SHOWN]) + (", …" if len(missing) > SHOWN else "")
    accounts = {account.account for account in collection.accounts}
    absent = sorted({name[:3] for name in missing} - accounts)
    hints = [f" No file for the accounts {', '.join(absent[:SHOWN])}."] if absent else []
    for spot, account, member in copies:
        name = places.needed.name(*spot)
        if name in missing[:SHOWN]:
            hints.append(f" {account.path} has {member.name}; expected it as {spot.account}/{name} of that account.")
            break
    raise ValueError(
        f"{collection.path}: {len(missing):,} of {len(places.needed):,} mails that the id files name are not there: "
        f"{shown}.{''.join(hints)} Is the copy complete?"
    )


def _refuse_other_text(places: Places, spot: Spot, account: Account, member: Member) -> None:
    own = places.member(*spot)
    own_account = places.accounts[spot.account]
    if own_account.fingerprint(own) != account.fingerprint(member):
        raise ValueError(
            f"{own_account.path} has {own.name}, and {account.path} has {member.name} with other contents: "
            "which is the mail? Restore the collection as LDC sends it"
        )
