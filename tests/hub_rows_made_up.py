"""Seeded made-up rows as the Hub's LongLaMP/LongLaMP has them, and what they must become here."""

import json
import random

import pyarrow as pa
import pyarrow.parquet as pq

from lamp_dataset.tasks import TASKS

ON_HUB = [name for name, task in TASKS.items() if task.hub is not None]
#: Split here -> its name there.
SPLITS = {"train": "train", "validation": "val", "test": "test"}
WORDS = ["tea", "river", "notes", "“quoted”", "slow", "5", "Łódź", "line\nbreak", "😀", "of", "the"]


def rows(task, count, seed=0, items=(0, 5)):
    r = random.Random(f"{task.base} {seed}")

    def text(most=9):
        return " ".join(r.choice(WORDS) for _ in range(r.randint(1, most)))

    def item(place):
        found = {field: text() for field in task.profile_fields}
        return found | ({"year": 2001 + place, "id": f"p{place}"} if task.hub.date else {})

    return [
        {
            task.hub.user: f"user {number % 3}",
            "input": f"{task.instruction} {text()}",
            "output": text(20),
            "profile": [item(place) for place in range(r.randint(*items))],
        }
        for number in range(count)
    ]


def expected(task, split, made):
    """The rows as ``load_dataset`` gives them."""

    def item(place, given):
        dates = {"date": str(given["year"])} if task.dated else {}
        fields = {field: str(given[field]) for field in task.profile_fields}
        return {"id": str(given.get("id", place)), **dates, **fields}

    return [
        {
            "id": f"{task.name}-{split}-{number}",
            "user_id": row[task.hub.user],
            "input": row["input"],
            "output": row["output"],
            "profile": [item(place, given) for place, given in enumerate(row["profile"])],
        }
        for number, row in enumerate(made)
    ]


def parquet(path, made, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(made), path, **options)


def in_parts(folder, task, made, parts=2):
    """Split -> rows as Parquet files in parts, named as on the Hub; returns the paths."""
    paths = []
    for split, found in made.items():
        for part in range(parts):
            some = found[len(found) * part // parts : len(found) * (part + 1) // parts]
            paths.append(folder / task.hub.folder / f"{SPLITS[split]}-{part:05d}-of-{parts:05d}.parquet")
            parquet(paths[-1], some, row_group_size=3)
    return paths


def json_lines(path, made):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
