import random

import pytest
from scholars import history, samples, scholars

from lamp_dataset.personalize.users.user_figures import judge_inference, user_figures
from lamp_dataset.tasks import TASKS


def figures(name, rows):
    return user_figures(TASKS[name], rows)


def test_users_are_inferred_where_nobody_names_them():
    rows, truth = scholars(4)
    counts = [truth.count(user) for user in set(truth)]
    found = figures("LaMP_1", rows)
    assert (found["number"], found["inferred"]) == (len(counts), True)
    assert found["samples_per_user"]["max"] == max(counts)
    assert found["samples_per_user"]["mean"] == pytest.approx(len(rows) / len(counts))
    assert "inference" not in found


def test_named_users_judge_the_inference():
    r = random.Random(0)
    one, other, third = (history(r, 9) for _ in range(3))
    rows = [
        *({**row, "user_id": "found"} for row in samples(one, 3, 10)),
        *({**row, "user_id": "split"} for row in samples(other, 2, 20)),
        *({**row, "user_id": "split"} for row in samples(history(r, 9), 2, 30)),
        *({**row, "user_id": row["id"]} for row in samples(third, 2, 40)),
    ]
    found = figures("LaMP_1_time", rows)
    assert (found["number"], found["inferred"], found["samples_per_user"]["max"]) == (4, False, 4)
    assert found["inference"] == {"found": 1, "split": 1, "merged": 2}


def test_users_are_split_merged_or_not_there():
    assert judge_inference(["a", "a", "b"], ["1", "2", "2"]) == {"found": 0, "split": 1, "merged": 2}
    nothing = {"number": 0, "samples_per_user": None}
    assert figures("LaMP_1", []) == {**nothing, "inferred": True}
    assert figures("LaMP_1_time", []) == {**nothing, "inferred": False, "inference": judge_inference([], [])}
