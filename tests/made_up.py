"""Seeded made-up files in the official format, for all tests: plain values in, plain values out."""

import json
import random
import statistics

import pytest

from lamp_dataset.task import NULLABLE_FIELDS, SPLITS
from lamp_dataset.tasks import TASKS, get_task

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
#: What :func:`row` is made of.
WORDS = "the a of to was is good bad tea ship map old new red sea sings walks never always Tuesday. (again) it's"


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


def text(rng, low, high):
    return " ".join(rng.choice(WORDS.split()) for _ in range(rng.randint(low, high)))


def row(name, number=0, size=5, seed=0, words=(3, 12)):
    """A made-up row of a config."""
    task = get_task(name)
    rng = random.Random(f"{seed} {name} {number}")
    sample_id = f"31{number}"

    def item(position):
        date = {"date": f"20{rng.randint(10, 20)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}"} if task.dated else {}
        fields = {field: text(rng, *words) for field in task.profile_fields}
        return {"id": f"{sample_id}{position}", **date, **fields}

    query = text(rng, *words)
    if task.query_frame:
        before, between, after = task.query_frame
        query = f'{text(rng, 2, 5)}", which reference is related? {before}{query}{between}{text(rng, *words)}{after}'
    user = {"user_id": f"U{number}"} if task.names_users else {}
    output = task.labels[number % len(task.labels)] if task.labels else text(rng, 3, 6)
    start = task.instruction if task.query_frame else task.instruction + " "
    profile = [item(position) for position in range(size)]
    return {"id": sample_id, **user, "input": start + query, "output": output, "profile": profile}


def batch(rows):
    """Rows as ``map(batched=True)`` gives them."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def write_split(folder, task, split, count=5, seed=0, **options):
    """Write one split of made-up rows; returns (rows, golds or None)."""
    made = rows(task, count, seed=f"{split} {seed}", **options)
    found = None if task.outputs_path(split) is None else golds(task, made)
    write_rows(folder, task, split, made, found)
    return made, found


def write_rows(folder, task, split, made, found=None):
    """Write rows, and their golds if any, below ``folder`` in the site's layout."""
    path = folder / task.questions_path(split)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), encoding="utf-8")
    if found is not None:
        write_outputs(folder / task.outputs_path(split), task, found)


def write_outputs(path, task, found):
    path.write_text(json.dumps(outputs(task, found)), encoding="utf-8")


def write_all(folder, names=tuple(TASKS), splits=tuple(SPLITS), **options):
    """Write whole configs; returns config -> split -> (rows, golds or None)."""
    return {name: {split: write_split(folder, TASKS[name], split, **options) for split in splits} for name in names}


#: The text of a small questions file of LaMP_4, which tests damage.
GOOD = json.dumps(rows(TASKS["LaMP_4"], 6, items=(1, 3), odd=False))
