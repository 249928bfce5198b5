"""Find the accounts of the collection, and every needed mail in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from avocado_builder.collection.accounts import RECORD, FolderAccount, Member, ZipAccount
from avocado_builder.collection.mail_names import NeededMails

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

    OSError or ValueError says what is there if the folder does not exist or holds no account.
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


class MailLocations:
    """Where each needed mail is in the collection, at 32 bytes a mail."""

    def __init__(self, collection: Collection, needed: NeededMails) -> None:
        self.needed, self.accounts = needed, {account.account: account for account in collection.accounts}
        self._records, self._found = bytearray(RECORD.size * len(needed)), bytearray(len(needed))

    def put(self, key: int, record: bytes) -> bool:
        """Record where a mail is; False if that is recorded already."""
        if self._found[key]:
            return False
        self._found[key] = 1
        self._records[RECORD.size * key : RECORD.size * (key + 1)] = record
        return True

    def member(self, key: int) -> Member:
        """The member of an account that is this mail, which was found."""
        name = self.needed.name(key)
        return Member(f"{name[:3]}/{name}", bytes(self._records[RECORD.size * key : RECORD.size * (key + 1)]))

    def missing(self) -> list[str]:
        """Names of needed mails that were not found, sorted."""
        return [self.needed.name(key) for key, there in enumerate(self._found) if not there]

    def mails(self) -> Iterator[tuple[int, str, bytes]]:
        """Every needed mail: its key, its name and its bytes, in the order of the zip for each account."""
        for account, keys in groupby(range(len(self.needed)), lambda key: self.needed.name(key)[:3]):
            members = [(self.member(key), key) for key in keys]
            members.sort(key=lambda pair: RECORD.unpack(pair[0].record)[0])
            read = self.accounts[account].read(member for member, _ in members)
            for (member, key), data in zip(members, read, strict=True):
                yield key, member.name[4:], data


#: A member that has the name of a needed mail, but is not that mail: the mail's key, the account and the member.
Copy = tuple[int, Account, Member]


def locate(collection: Collection, needed: NeededMails) -> MailLocations:
    """Find every needed mail by the directories of the zips alone: that takes seconds, and no mail is read.

    A mail is exactly the member ``NNN/NAME`` of the account ``NNN``. A copy elsewhere does no harm if it has the same
    content. ValueError if mails are missing (the message counts them and names the first twenty), cannot be read, or
    exist twice with different contents, or if a zip is damaged.
    """
    locations = MailLocations(collection, needed)
    copies: list[Copy] = []
    for account in collection.accounts:
        for member in account.members():
            name = member.name.rpartition("/")[2]
            key = needed.key(name)
            if key is None:
                continue
            own = name[:3] == account.account and member.name == f"{name[:3]}/{name}"
            if own:
                account.check(member)
            if not own or not locations.put(key, member.record):
                copies.append((key, account, member))
    _refuse_missing(collection, locations, copies)
    for copy in copies:
        _refuse_other_text(locations, *copy)
    return locations


def _refuse_missing(collection: Collection, locations: MailLocations, copies: list[Copy]) -> None:
    missing = locations.missing()
    if not missing:
        return
    shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
    absent = sorted({name[:3] for name in missing} - set(locations.accounts))
    hints = [f" There are no files for the accounts {', '.join(absent[:_SHOWN])}."] if absent else []
    for key, account, member in copies:
        name = locations.needed.name(key)
        if name in missing[:_SHOWN]:
            hints.append(f" {account.path} has {member.name}; expected it as {name[:3]}/{name} in that account.")
            break
    raise ValueError(
        f"{collection.path}: {len(missing):,} of {len(locations.needed):,} emails named in the id files are missing: "
        f"{shown}.{''.join(hints)} Is the copy complete?"
    )


def _refuse_other_text(locations: MailLocations, key: int, account: Account, member: Member) -> None:
    own = locations.member(key)
    own_account = locations.accounts[own.name[:3]]
    if own_account.fingerprint(own) != account.fingerprint(member):
        raise ValueError(
            f"{own_account.path} has {own.name}, and {account.path} has {member.name} with other contents: "
            "which one is the email? Restore the collection as LDC delivers it"
        )
