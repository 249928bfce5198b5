"""A made-up collection in the layout of the licensed one, with its id files. Seeded: the bytes are always the same."""

import json
import random
import zipfile
from pathlib import Path

import fake_mails

FILES = {"train": "train", "validation": "dev", "test": "test"}


def write_zip(path, members):
    """A zip of (name, bytes) pairs with a fixed time stamp."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2001, 5, 1, 9, 0, 0)), data, zipfile.ZIP_DEFLATED)


def account_members(rng, account, mails, kinds):
    """The members of an account: mails of the kinds in turn, an attachment to every third, and a contact card."""
    makers = [fake_mails.KINDS[kind] for kind in kinds]
    for n in range(mails):
        yield f"{account}/{account}-{n:06}-EM.txt", makers[n % len(makers)](rng)
        if n % 3 == 0:
            yield f"{account}/{account}-{n:06}-AT-01.txt", bytes(rng.choices(b"attached text \n", k=300))
    yield f"{account}/{account}-999999-CO.txt", b"a contact card"


#: Without the bodies on which the official parser crashes.
BENIGN = tuple(kind for kind in fake_mails.KINDS if kind != "windows path")


def write_collection(root, accounts=3, mails=40, seed=1, kinds=BENIGN):
    """Write ``root``/data/text/NNN.zip; returns the names of all mails."""
    rng = random.Random(seed)
    folder = Path(root) / "data" / "text"
    folder.mkdir(parents=True)
    (Path(root) / "docs").mkdir()
    (Path(root) / "docs" / "readme.txt").write_text("about the collection\n")
    names = []
    for number in range(1, accounts + 1):
        account = f"{number:03}"
        write_zip(folder / f"{account}.zip", account_members(rng, account, mails, kinds))
        names += [f"{account}-{n:06}-EM.txt" for n in range(mails)]
    return names


def id_rows(names, seed=2, rows=4, items=5, time_based=False, split="train"):
    rng = random.Random(f"{seed} {split}")
    for n in range(rows):
        sample_id = f"{50 + list(FILES).index(split)}{n}"
        profile = []
        for position in range(items):
            item = {"text": rng.choice(names), "id": f"{sample_id}{position}"}
            if time_based:
                item["date"] = f"2001-05-{position + 1:02}"
            profile.append(item)
        row = {"id": sample_id, "input": rng.choice(names), "profile": profile}
        yield {**row, "user_id": n} if time_based else row


def write_ids(folder, names, time_based=False, splits=tuple(FILES), **how):
    folder = Path(folder)
    folder.mkdir(parents=True)
    for split in splits:
        rows = list(id_rows(names, time_based=time_based, split=split, **how))
        (folder / f"{FILES[split]}_questions.json").write_text(json.dumps(rows))
    return folder
