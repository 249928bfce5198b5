"""Files of users, of samples and of rankings."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO

from lamp_dataset.formats.json_files import describe, load_json
from lamp_dataset.formats.texts import check_unique, counted, is_whole, short
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import TASKS

_SHAPE = '{"recipe": {…}, "%s": ["…", …]}'


@dataclass(frozen=True)
class UserSubset:
    """Some users by name, or some samples by id, at least one and each once, and how they were chosen.

    In the recipe, ``"config"`` and ``"split"`` say from which rows; it is empty for a list of ids alone. ``kind`` is
    ``"users"`` or ``"samples"``.
    """

    users: tuple[str, ...]
    name: str = "users"
    recipe: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    kind: str = "users"

    def check_fits(self, task: Task, split: str | None = None) -> None:
        """Check that these are users, or samples, of this config and split.

        The splits of a user-based config hold different users; those of a time-based config share theirs.

        Raises:
            ValueError: they come from another config, or from a split that holds different ones.
        """
        config, own = self.recipe.get("config"), self.recipe.get("split")
        if config is not None and config != task.name:
            raise ValueError(f"{self.name}: expected {self.kind} of {task.name}, found {self.kind} of {config}")
        if None not in (own, split) and own != split and not (task.time_based and self.kind == "users"):
            raise ValueError(
                f"{self.name}: expected {self.kind} of the split {split!r}, found {self.kind} of {own!r}; "
                f"the splits of {task.name} hold different {self.kind}"
            )

    def check_data(self, data: Mapping[str, Any], split: str | None = None) -> None:
        """Check that these were chosen from the rows that ``data``, as :func:`data_of` gives it, is about.

        What the recipe or ``data`` leaves out is not compared, nor is another split of a time-based config.

        Raises:
            ValueError: they were chosen from another version of the split.
        """
        own, config = self.recipe.get("split"), TASKS.get(self.recipe.get("config"))
        if split is None:  # all that is known is that samples, and users of user-based configs, are of one split
            comparable = self.kind == "samples" or (config is not None and not config.time_based)
        else:
            comparable = own in (None, split)
        made_from = self.recipe.get("data", {})
        differs = [key for key in DATA if made_from.get(key, data.get(key)) != data.get(key, made_from.get(key))]
        if comparable and differs:
            then, now = (", ".join(f"{key} {of[key]}" for key in differs) for of in (made_from, data))
            raise ValueError(
                f"{self.name}: expected {self.kind} of this version of the data ({now}), found {self.kind} of another "
                f"one ({then}): load that one, or choose anew"
            )

    def positions(self, users: Sequence[str], split: str | None = None) -> list[int]:
        """The positions of the rows that belong to these users; of samples, ``users`` is the id of each row.

        Raises:
            ValueError: some of the users have no rows here; all of them, if the recipe names another split.
        """
        there, own = set(users), self.recipe.get("split")
        unknown = [user for user in self.users if user not in there]
        if unknown and (None in (own, split) or own == split or len(unknown) == len(self.users)):
            number = counted(len(there), self.kind)
            rows = f"the rows have {number}, such as {short(users[0])}" if users else "there are no rows"
            found = f"no rows here for {len(unknown):,} of its {counted(len(self.users), self.kind)}"
            raise ValueError(f"{self.name}: {found} (first: {short(unknown[0])}); {rows}")
        wanted = set(self.users)
        return [position for position, user in enumerate(users) if user in wanted]


def read_user_subset(path: str | os.PathLike[str], kind: str = "users") -> UserSubset:
    """Read a users file, a samples file or a list of ids.

    Raises:
        ValueError: it has another shape, no id, or an id twice.
        OSError: it cannot be read.
    """
    name, data = str(path), Path(path).read_bytes()
    shape = f"{kind} file {_SHAPE % kind}"
    head = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    document: Any = _json(data, name) if head[:1] in (b"{", b"[") else _lines(data, name, shape)
    recipe: Any = {}
    if isinstance(document, dict):
        if kind not in document:
            keys = ", ".join(map(short, list(document)[:5])) or "none"
            raise ValueError(f"{name}: expected a {shape}, found the keys {keys}")
        recipe, document = document.get("recipe", {}), document[kind]
    if not isinstance(recipe, dict) or not isinstance(document, list):
        raise ValueError(f"{name}: expected a {shape}, found {short(recipe)} and {short(document)}")
    if not isinstance(recipe.get("data", {}), dict):
        raise ValueError(f"{name}: expected an object as 'data', found {short(recipe['data'])}")
    for key, known in (("config", TASKS), ("split", SPLITS)):
        if recipe.get(key) is not None and (not isinstance(recipe[key], str) or recipe[key] not in known):
            raise ValueError(f"{name}: expected one of {', '.join(known)} as {key!r}, found {short(recipe[key])}")
    return subset_of(document, name, recipe, kind)


#: What a recipe says of the data that users or samples were chosen from.
DATA = ("samples", "users", "fingerprint")


def data_of(ids: Sequence[str], users: Sequence[str], sizes: Sequence[int]) -> dict[str, Any]:
    """What a recipe says of the data, given id, user and profile size of each row of a split, in any order."""
    import xxhash

    lines = sorted(map(repr, zip(ids, users, sizes, strict=True)))
    fingerprint = xxhash.xxh3_128_hexdigest("\n".join(lines).encode())
    return dict(zip(DATA, (len(ids), len(set(users)), fingerprint), strict=True))


def subset_of(
    ids: Iterable[Any], name: str = "", recipe: Mapping[str, Any] | None = None, kind: str = "users"
) -> UserSubset:
    """The users or samples with these ids, strings or whole numbers.

    Raises:
        ValueError: anything else, no id, or an id twice.

    >>> subset_of(["7", 12]).users
    ('7', '12')
    """
    users, name = [], name or kind
    for user in ids:
        if not (isinstance(user, str) or is_whole(user)) or user == "":
            where = f"{name}: {kind[:-1]} {len(users)}"
            raise ValueError(f"{where}: expected a non-empty string or a number, found {short(user)}")
        users.append(str(user))
    if not users:
        raise ValueError(f"{name}: expected {kind}, found none")
    check_unique(users, name)
    return UserSubset(tuple(users), name, MappingProxyType(dict(recipe or {})), kind)


def write_user_subset(file: TextIO, subset: UserSubset) -> None:
    """Write a users file, or a samples file."""
    file.write(json.dumps({"recipe": dict(subset.recipe), subset.kind: list(subset.users)}, indent=1) + "\n")


#: How the first line of JSON with ids can begin, if it is not just the bracket.
_JSON_START = re.compile(rb'\{\s*(?:["}]|$)|\[(?![^\]]*\]\s*\S)\s*(?:["\d\]]|$)')


#: What ends a line besides a newline, as a table of :meth:`str.translate`.
_SEPARATORS = dict.fromkeys(map(ord, "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))


def _json(data: bytes, name: str) -> Any:
    try:
        return load_json(data, name)
    except ValueError as error:
        if _JSON_START.match(data.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0]):
            raise
        raise ValueError(f"{error} If ids begin with a bracket, write them as a JSON list.") from None


def _lines(data: bytes, name: str, shape: str) -> list[str]:
    """The ids of a text file, one per line."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    lines = [line for line in (line.strip(" \t") for line in re.split(r"\r\n?|\n", text)) if line]
    odd = next((line for line in lines if not line.isprintable()), "")
    if odd.translate(_SEPARATORS).isprintable() and odd:
        raise ValueError(f"{name}: id {short(odd)} holds a separator of lines; write the ids as a JSON list")
    if not lines or text.lstrip().startswith("<") or odd:
        raise ValueError(f"{name}: expected a {shape} or an id per line, found {describe(data[:4096])}")
    return lines


_RANKINGS = '{"sample id": ["item id", …], …}'


@dataclass(frozen=True)
class Rankings:
    """The content of a ranking file: sample id -> ids of profile items, or of some of them, best first.

    ``sha256`` is that of the file's bytes, in hexadecimal.
    """

    by_id: Mapping[str, list[str]]
    sha256: str
    name: str


def read_rankings(path: str | os.PathLike) -> Rankings:
    """Read a ranking file; ValueError if it is not JSON or has another shape."""
    name, data = str(path), Path(path).read_bytes()
    document: Any = load_json(data, name)
    if not isinstance(document, dict):
        raise ValueError(f"{name}: expected a ranking file {_RANKINGS}, found {type(document).__name__}")
    for sample_id, item_ids in document.items():
        if not isinstance(item_ids, list) or not all(isinstance(item_id, str) for item_id in item_ids):
            raise ValueError(
                f"{name}: expected a ranking file {_RANKINGS}, found {short(item_ids)} for sample {short(sample_id)}"
            )
    return Rankings(document, hashlib.sha256(data).hexdigest(), name)


def write_rankings(file: TextIO, rankings: Iterable[tuple[str, Sequence[str] | Mapping[str, Any]]]) -> int:
    """Write pairs of sample id and item ids, best first, one sample per line, as they come; returns how many.

    Feedback on items, a mapping for each sample, is written in the same way.

    >>> import sys
    >>> write_rankings(sys.stdout, [("210", ["2103", "2100"]), ("211", [])])
    {
    "210": ["2103", "2100"],
    "211": []
    }
    2
    """
    count = 0
    file.write("{")
    for sample_id, item_ids in rankings:
        file.write(f"{',' if count else ''}\n{json.dumps(sample_id)}: {json.dumps(item_ids)}")
        count += 1
    file.write("\n}\n")
    return count
