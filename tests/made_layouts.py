"""Seeded made-up files in the layouts of others, OPPU's and the Hub's LongLaMP, and the rows they must become here.

They are written by hand, not by the library.
"""

import json
import random

import made_up
import pyarrow as pa
import pyarrow.parquet as pq

from lamp_dataset.tasks import TASKS

#: Config -> the task's folder there, what its files of predictions say, and the file of test users.
OPPU_NAMES = {
    "LaMP_1_time": ("citation", "LaMP_1", "user_top_100_history"),
    "LaMP_2_time": ("movie_tagging", "LaMP_2M", "user_top_100_history"),
    "LaMP_2_news_time": ("news_categorize", "LaMP_2N", "user_top_100_history"),
    "LaMP_3_time": ("product_rating", "LaMP_3", "user_top_100_history"),
    "LaMP_4_time": ("news_headline", "LaMP_4", "user_top_100_history"),
    "LaMP_5_time": ("scholarly_title", "LaMP_5", "user_top_100_history"),
    "LaMP_7_time": ("tweet_paraphrase", "LaMP_7", "user_more_100_history"),
}


def oppu_users(task, count=8, seed=0, start=0, **options):
    """Users as the files have them: dicts, whose queries have golds."""
    r = random.Random(f"{task.name} {seed}")
    made = []
    for number in range(start, start + count):
        rows = made_up.rows(task, r.randint(1, 4), seed=f"{seed} {number}", **options)
        queries = [{"id": f"{number}{n}", "input": row["input"]} for n, row in enumerate(rows)]
        for query in queries:
            query["gold"] = r.choice(task.labels) if task.labels else f"title of {query['id']} “é”"
        made.append({"user_id": f"U{number}", "profile": rows[0]["profile"], "query": queries})
    return made


def oppu_label(name, made):
    """The file of golds."""
    golds = [{"id": query["id"], "output": query["gold"]} for user in made for query in user["query"]]
    return {"task": name, "golds": golds}


def rows_of_oppu(task, made):
    """What the rows must be, all values strings."""
    rows = [
        {**query, "user_id": user["user_id"], "profile": user["profile"], "output": str(query["gold"])}
        for user in made
        for query in user["query"]
    ]
    return made_up.expected(task, rows, {row["id"]: row["output"] for row in rows})


def write_oppu(folder, task, **options):
    """Both files of users and the golds, in the folder of the task; returns split -> users."""
    name, official, history = OPPU_NAMES[task.name]
    place = folder / name
    place.mkdir(parents=True)
    found = {"test": oppu_users(task, 8, **options), "train": oppu_users(task, 30, start=100, **options)}
    (place / f"{history}.json").write_text(json.dumps(found["test"]))
    (place / f"{history}_label.json").write_text(json.dumps(oppu_label(official, found["test"])))
    (place / "user_others.json").write_text(json.dumps(found["train"]))
    return found


ON_HUB = [name for name, task in TASKS.items() if task.hub is not None]
#: Split here -> its name there.
SPLITS = {"train": "train", "validation": "val", "test": "test"}


def hub_rows(task, count, seed=0, items=(0, 5)):
    """Rows as the Hub's LongLaMP/LongLaMP has them."""

    def item(place, given):
        fields = {field: given[field] for field in task.profile_fields}
        return fields | ({"year": 2001 + place, "id": f"p{place}"} if task.hub.date else {})

    return [
        {
            task.hub.user: f"user {number % 3}",
            "input": row["input"],
            "output": f"text of {row['id']} “é”",
            "profile": [item(place, given) for place, given in enumerate(row["profile"])],
        }
        for number, row in enumerate(made_up.rows(task, count, seed, items))
    ]


def rows_of_hub(task, split, made):
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
