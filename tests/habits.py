"""Seeded made-up users with habits, in the official format: what is told of them only their profiles tell.

Every user has likings: who gives all about robots one star may give five to anything with horses, and the next user the
other way round. A model that reads the right item of the right profile knows the rating; any other can but guess.
"""

import json
import random

from made_up import outputs

from lamp_dataset.task import SPLITS
from lamp_dataset.tasks import TASKS

TASK, DATED = TASKS["LaMP_3"], TASKS["LaMP_3_time"]
SUBJECTS = ["robots", "horses", "sailors", "ghosts", "bakers", "spies", "twins", "kings"]
KINDS = ["old", "young", "sad", "merry", "brave", "lost"]


def review(rng, subject):
    """The subject stands twice, so that BM25 does not take another review of the same kind for nearer."""
    return f"{subject} and {rng.choice(KINDS)} {subject}"


def user(rng, sample_id):
    """One row and its gold."""
    likings = {subject: rng.choice(TASK.labels) for subject in rng.sample(SUBJECTS, 4)}
    profile = [
        {"id": f"{sample_id}{n}", "text": review(rng, subject), "score": score}
        for n, (subject, score) in enumerate(likings.items())
    ]
    subject = rng.choice(list(likings))
    question = f"{TASK.instruction} {review(rng, subject)}"
    return {"id": sample_id, "input": question, "profile": profile}, likings[subject]


def write(folder, counts, seed=0):
    """Official files of so many users a split; other users in each."""
    for digit, (split, count) in enumerate(counts.items()):
        rng = random.Random(f"{seed} {split}")
        write_split(folder, TASK, split, [user(rng, f"2{digit}{number}") for number in range(count)])


def write_split(folder, task, split, rows):
    """The official files of pairs of row and gold."""
    name = SPLITS[split]
    place = folder / task.path / name
    place.mkdir(parents=True)
    (place / f"{name}_questions.json").write_text(json.dumps([row for row, _ in rows]), encoding="utf-8")
    golds = outputs(task, {row["id"]: gold for row, gold in rows})
    (place / f"{name}_outputs.json").write_text(json.dumps(golds), encoding="utf-8")


def dated_user(name, number, seed=0, mark=""):
    """Four rows of one user with their golds: for each liking a sample, and profiles that lack its own item alone.

    Users love or hate: their ratings are 1 or 5. The word ``mark`` is at the end of all that they write.
    """
    rng = random.Random(f"{seed} {number}")
    items = [
        {"text": f"{subject} and {kind} {subject} {mark}".strip(), "score": score}
        for subject, score in {subject: rng.choice("15") for subject in rng.sample(SUBJECTS, 4)}.items()
        for kind in rng.sample(KINDS, 4)
    ]
    items = [{"id": f"9{number}{n:02}", "date": f"2015-01-{n + 1:02}", **item} for n, item in enumerate(items)]
    for n, own in enumerate(items[::4]):
        profile = [item for item in items if item is not own]
        row = {"id": f"9{number}9{n}", "user_id": name, "input": f"{TASK.instruction} {own['text']}"}
        yield {**row, "profile": profile}, own["score"]


def write_dated(folder, users, seed=0, marked=False):
    """Official files of the time-based validation split, of the users with these names."""
    numbered = [dated_user(name, n, seed, f"x{n}" if marked else "") for n, name in enumerate(users)]
    write_split(folder, DATED, "validation", [pair for rows in numbered for pair in rows])
