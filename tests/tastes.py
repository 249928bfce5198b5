"""Made-up users of three tastes: each writes about one of three subjects, in words that all users share."""

import random

import datasets
import numpy as np

from lamp_dataset.tasks import get_task

SUBJECTS = ("rain fog storm cloud wind hail", "tea cake bread jam milk plum", "goal team match ball coach cup")
SHARED = "the a of was very good again today never quite"


def taste_of(user):
    return int(user.removeprefix("u")) % 3


def rows_of_tastes(task="LaMP_3_time", users=12, items=8, seed=0):
    """A row for each user. Ratings go by taste: those of a taste differ by one at most, whoever's they are."""
    task, r, made = get_task(task), random.Random(seed), []
    for user in range(users):
        subject = SUBJECTS[user % 3].split()
        texts = [" ".join(r.choices(subject, k=5) + r.choices(SHARED.split(), k=5)) for _ in range(items + 1)]
        rating = str((1, 3, 5)[user % 3] + user // 3 % 2 * (1, 1, -1)[user % 3])
        fields = [{name: f"{text} {name}" for name in task.profile_fields} for text in texts]
        fields = [{**item, **({task.output_field: rating} if task.labels else {})} for item in fields]
        *profile, asked = ({"id": f"{user}{n}", "date": "2013-05-29", **item} for n, item in enumerate(fields))
        question = {"input": f"{task.instruction} {asked[task.pair.text]}", "output": asked[task.pair.output]}
        made.append({"id": f"9{user}", "user_id": f"u{user}", **question, "profile": profile})
    return datasets.Dataset.from_list(made)


def share(near):
    """The share of neighbors that have the user's own taste."""
    same = [taste_of(user) == taste_of(other) for user, others in near.items() for other, _ in others]
    return sum(same) / len(same)


class Letters:
    """A model whose vector of a text counts its letters, times ``factor``. It remembers what it was asked."""

    def __init__(self, factor=1):
        self.asked, self.factor = [], factor

    def encode(self, texts, **_):
        self.asked += texts
        counts = [[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts]
        return np.array(counts, np.float32) * self.factor
