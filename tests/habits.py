"""Seeded made-up users with habits, in the official format: what is told of them only their profiles tell.

Every user has likings: who gives all about robots one star may give five to anything with horses, and the next user the
other way round. A model that reads the right item of the right profile knows the rating; any other can but guess.
"""

import json
import random

from lamp_dataset.task import SPLITS
from lamp_dataset.tasks import TASKS

TASK = TASKS["LaMP_3"]
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
        rows = [user(rng, f"2{digit}{number}") for number in range(count)]
        golds = [{"id": row["id"], "output": gold} for row, gold in rows]
        place = folder / TASK.path / SPLITS[split]
        place.mkdir(parents=True)
        name = SPLITS[split]
        (place / f"{name}_questions.json").write_text(json.dumps([row for row, _ in rows]), encoding="utf-8")
        outputs = {"task": TASK.official_name, "golds": golds}
        (place / f"{name}_outputs.json").write_text(json.dumps(outputs), encoding="utf-8")
