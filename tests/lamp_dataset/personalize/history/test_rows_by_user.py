import random

import pytest
from histories import made_up

from lamp_dataset import TASKS
from lamp_dataset.personalize.history.rows_by_user import RowsByUser
from lamp_dataset.personalize.rows_on_disk import on_disk

TASK = TASKS["LaMP_4"]


@pytest.fixture
def look(tmp_path):
    return lambda rows, *exclude: RowsByUser(
        TASK, on_disk(TASK, rows, tmp_path), [on_disk(TASK, e, tmp_path) for e in exclude]
    )


def by_user(split):
    """Where the distinct items of each user are."""
    found = {}
    for users in split.pieces():
        found |= {user: [] for user in users}
        for item in split.items(users).to_pylist():
            found[users[item["user"]]].append((item["sample"], item["item"]))
    return found


def test_rows_of_one_id_come_in_the_order_of_their_items(look):
    rows = [{**row, "id": "1"} for row in made_up(TASK, users=1, rows=5)]
    expected = by_user(look(rows))
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        assert by_user(look(rows)) == expected


def test_rows_without_a_user_or_of_one_id_are_an_error(look):
    rows = made_up(TASK)
    del rows[3]["user_id"]
    with pytest.raises(ValueError, match="row 3"):
        look(rows)
    with pytest.raises(ValueError, match="user_id"):
        look(made_up(TASK), made_up(TASK, named=False))
    with pytest.raises(ValueError, match="'1'"):
        look([{**row, "id": "1"} for row in made_up(TASK, users=1, rows=2, named=False)])
