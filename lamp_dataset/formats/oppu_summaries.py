"""The texts about users that come with files in OPPU's layout (:mod:`lamp_dataset.formats.oppu`)."""

import os
from collections.abc import Iterable
from pathlib import Path

from lamp_dataset.formats.ids import check_unique
from lamp_dataset.formats.json_file import read_json
from lamp_dataset.formats.oppu import HISTORIES, OTHERS, folders, read_users
from lamp_dataset.formats.texts import check_encodable, short
from lamp_dataset.tasks import get_task

#: The files of texts -> those of the users, in whose order they are.
_OF_USERS = {"profile_user_100.json": HISTORIES, "profile_user_others.json": (OTHERS,)}


def oppu_summaries(config: str, data_dir: str | os.PathLike[str]) -> dict[str, str]:
    """The texts about users that a folder in OPPU's layout holds, as ``Personalizer(summary=…)`` takes them.

    They are in ``profile_user_100.json`` and ``profile_user_others.json``, lists of ``{"id": user, "output": text}``;
    where entries do not name their users, they are in the order of the file of users.

    Args:
        config: config name, such as ``"LaMP_4_time"``.
        data_dir: the folder of the tasks, or of one task.

    Returns:
        User -> text.

    Raises:
        ValueError: a file has another shape, a user twice, or other users.
        OSError: there is no such file, or it cannot be read.
    """
    root = Path(data_dir).expanduser()
    places = folders(get_task(config), root)
    for folder in places:
        found: dict[str, str] = {}
        for name, users in _OF_USERS.items():
            if (folder / name).exists():
                found = {**_texts(folder / name, [folder / file for file in users]), **found}
        if found:
            return found
    looked = ", ".join(str(folder / name) for folder in places for name in _OF_USERS)
    raise FileNotFoundError(f"{root}: found no file of summaries; looked for {looked}")


def _texts(path: Path, users: Iterable[Path]) -> dict[str, str]:
    """User -> text."""
    entries = read_json(path)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f'{path}: expected a list [{{"id": "…", "output": "…"}}, …], found {short(entries)}')
    names = [entry.get("id") for entry in entries]
    if None in names:
        names = [user["user_id"] for file in users if file.exists() for _, user in read_users(file)]
    if len(names) != len(entries):
        raise ValueError(f"{path}: expected a text for each of the {len(names)} users, found {len(entries)} texts")
    names = list(map(str, names))
    check_unique(names, str(path))
    for name, entry in zip(names, entries, strict=True):
        if not isinstance(entry.get("output"), str):
            raise ValueError(f"{path}: user {short(name)}: expected a string as 'output', found {short(entry)}")
        check_encodable(entry["output"], f"{path}: user {short(name)}", "output")
    return {name: entry["output"] for name, entry in zip(names, entries, strict=True)}
