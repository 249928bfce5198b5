"""Seeded made-up files in OPPU's layout, for all tests: written by hand, not by the library."""

import json
import random

import made_up

#: Config -> the task's folder there, what its files of predictions say, and the file of test users.
NAMES = {
    "LaMP_1_time": ("citation", "LaMP_1", "user_top_100_history"),
    "LaMP_2_time": ("movie_tagging", "LaMP_2M", "user_top_100_history"),
    "LaMP_2_news_time": ("news_categorize", "LaMP_2N", "user_top_100_history"),
    "LaMP_3_time": ("product_rating", "LaMP_3", "user_top_100_history"),
    "LaMP_4_time": ("news_headline", "LaMP_4", "user_top_100_history"),
    "LaMP_5_time": ("scholarly_title", "LaMP_5", "user_top_100_history"),
    "LaMP_7_time": ("tweet_paraphrase", "LaMP_7", "user_more_100_history"),
}


def users(task, count=8, seed=0, start=0, **options):
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


def label(name, made):
    """The file of golds."""
    golds = [{"id": query["id"], "output": query["gold"]} for user in made for query in user["query"]]
    return {"task": name, "golds": golds}


def expected(task, made):
    """What the rows must be, all values strings."""
    rows = [
        {**query, "user_id": user["user_id"], "profile": user["profile"], "output": str(query["gold"])}
        for user in made
        for query in user["query"]
    ]
    return made_up.expected(task, rows, {row["id"]: row["output"] for row in rows})


def write(folder, task, **options):
    """Both files of users and the golds, in the folder of the task; returns split -> users."""
    name, official, history = NAMES[task.name]
    place = folder / name
    place.mkdir(parents=True)
    found = {"test": users(task, 8, **options), "train": users(task, 30, start=100, **options)}
    (place / f"{history}.json").write_text(json.dumps(found["test"]))
    (place / f"{history}_label.json").write_text(json.dumps(label(official, found["test"])))
    (place / "user_others.json").write_text(json.dumps(found["train"]))
    return found
