"""Seeded made-up files in the official format, for all tests: plain values in, plain values out."""

import json
import random
import statistics

import pytest

from lamp_dataset.task import NULLABLE_FIELDS, SPLITS
from lamp_dataset.tasks import TASKS

ODD = [
    "plain words",
    'she said "no", twice',
    "back\\slash at the end\\",
    "tab\there, line\nthere, both\r\n",
    "nul \0 inside",
    "line separator \u2028 and next line \x85",
    '}, {"id": "1", "input": "not a row"}, {',
    '"input": "x"}]}, {"profile": [',
    "emoji \U0001f600 and \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "ἀλφα, Ångström, naïve, 漢字, עברית",
    "",
    "   blanks around   ",
    "{[]}",
    "</html>",
]


def rows(task, count, seed=0, items=(0, 6), odd=True):
    """Rows of a questions file: dicts as the official files have them."""
    r = random.Random(f"{task.name} {seed}")
    words = ODD if odd else ODD[:1]

    def text():
        return " ".join(r.choice(words) for _ in range(r.randint(1, 3)))

    def item(sample_id, number):
        found = {field: text() for field in task.profile_fields}
        found["id"] = f"{sample_id}{number}"
        if task.dated:
            found["date"] = r.choice(["2013", "2013-05-29"])
        return found

    made = []
    for number in range(count):
        row = {"id": f"1{number}", "input": f"{task.instruction} {text()}"}
        row["profile"] = [item(row["id"], k) for k in range(r.randint(*items))]
        if task.names_users:
            row["user_id"] = f"U{number % 7}"
        made.append(row)
    return made


def shuffled_keys(made, seed=0):
    """The same rows with the keys of every object in another order."""
    r = random.Random(seed)

    def shuffle(value):
        if isinstance(value, dict):
            keys = list(value)
            r.shuffle(keys)
            return {key: shuffle(value[key]) for key in keys}
        return [shuffle(item) for item in value] if isinstance(value, list) else value

    return [shuffle(row) for row in made]


def golds(task, made, seed=0):
    """Golds for the rows, in another order: sample id -> output."""
    r = random.Random(seed)
    found = {row["id"]: r.choice(task.labels) if task.labels else f"title of {row['id']} “é”" for row in made}
    ids = list(found)
    r.shuffle(ids)
    return {sample_id: found[sample_id] for sample_id in ids}


def outputs(task, found):
    """The outputs file of golds."""
    return {"task": task.official_name, "golds": [{"id": i, "output": o} for i, o in found.items()]}


def summary(values):
    """The figures of ``stats`` by the standard library."""
    return {
        "mean": pytest.approx(statistics.fmean(values)),
        "sd": pytest.approx(statistics.pstdev(values)),
        "min": min(values),
        "median": statistics.median(values),
        "max": max(values),
    }


def expected(task, made, found=None):
    """What a loaded split must hold, from the plain JSON: every field verbatim, numbers as strings."""

    def texts(holder, fields):
        return {
            field: None if field in NULLABLE_FIELDS and holder.get(field) is None else str(holder[field])
            for field in fields
        }

    return [
        {
            **texts(row, task.row_fields),
            "output": None if found is None else found[row["id"]],
            "profile": [texts(item, task.item_fields) for item in row["profile"]],
        }
        for row in made
    ]


def write_split(folder, task, split, count=5, seed=0, **options):
    """Write one split below ``folder`` in the site's layout; returns (rows, golds or None)."""
    made = rows(task, count, seed=f"{split} {seed}", **options)
    path = folder / task.questions_path(split)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), encoding="utf-8")
    if task.outputs_path(split) is None:
        return made, None
    found = golds(task, made)
    (folder / task.outputs_path(split)).write_text(json.dumps(outputs(task, found)), encoding="utf-8")
    return made, found


def write_all(folder, names=tuple(TASKS), splits=tuple(SPLITS), **options):
    """Write whole configs; returns config -> split -> (rows, golds or None)."""
    return {name: {split: write_split(folder, TASKS[name], split, **options) for split in splits} for name in names}
