import random

import pyarrow as pa
import pytest
from histories import made_up

import lamp_dataset
from lamp_dataset import TASKS
from lamp_dataset.personalize.history import rows_by_user
from lamp_dataset.personalize.history.rows_by_user import Split
from lamp_dataset.personalize.rows_on_disk import stored

TASK = TASKS["LaMP_4"]


@pytest.fixture
def look(tmp_path):
    return lambda rows, *exclude: Split(
        TASK, stored(TASK, rows, tmp_path), [stored(TASK, e, tmp_path) for e in exclude]
    )


def by_user(split):
    """Where the distinct items of each user are."""
    found = {}
    for users in split.pieces():
        found |= {user: [] for user in users}
        for item in split.items(users).to_pylist():
            found[users[item["user"]]].append((item["sample"], item["item"]))
    return found


def first_items(rows):
    """The first whole item of each text; and of what is not whole, the first of each text and title."""
    found = {}
    for row in rows:
        for item in row["profile"]:
            key = (item["text"].strip(), item["title"].strip())
            found.setdefault(key[:1] if all(key) else key, (row["id"], item))
    return list(found.values())


@pytest.mark.parametrize("piece", [1, 20_000, 4_000_000])
@pytest.mark.parametrize("named", [True, False])
def test_users_are_those_of_users_of_and_rows_in_the_order_of_their_ids(look, named, piece, monkeypatch):
    monkeypatch.setattr(rows_by_user, "PIECE", piece)
    rows = made_up(TASK, users=12, items=30, named=named)
    users = lamp_dataset.users_of(rows)
    found = by_user(look(rows))
    assert list(found) == sorted(set(users), key=lambda user: (len(user), user))
    for user, items in found.items():
        own = sorted((row for row, owner in zip(rows, users, strict=True) if owner == user), key=lambda row: row["id"])
        assert items == first_items(own)
    random.Random(1).shuffle(rows)
    assert by_user(look(rows)) == found


def test_rows_of_one_id_come_in_the_order_of_their_items(look):
    rows = [{**row, "id": "1"} for row in made_up(TASK, users=1, rows=5)]
    expected = by_user(look(rows))
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        assert by_user(look(rows)) == expected


def leaks(split, user, text):
    (found,) = split.leaks([user], pa.table({"user": [0], "text": [text], "output": ["never answered"]}))
    return found


@pytest.mark.parametrize("named", [True, False])
def test_the_questions_of_excluded_rows_are_leaks_of_their_user_alone(look, named):
    rows = made_up(TASK, users=5, rows=4, items=30, named=named)
    together = dict(zip((row["id"] for row in rows), lamp_dataset.users_of(rows), strict=True))
    split = look(rows[::2], [], rows[1::2])
    users = lamp_dataset.users_of(rows[::2])
    assert list(by_user(split)) == sorted(set(users), key=lambda user: (len(user), user))
    for row in rows:
        asked = row["input"].removeprefix(f"{TASK.instruction} ").strip()
        for own, user in zip(rows[::2], users, strict=True):
            if together[own["id"]] == together[row["id"]]:
                assert leaks(split, user, asked)
    assert not leaks(split, users[0], "never asked")


def test_some_rows_without_a_user_are_an_error(look):
    rows = made_up(TASK)
    del rows[3]["user_id"]
    with pytest.raises(ValueError, match="row 3"):
        look(rows)
    with pytest.raises(ValueError, match="user_id"):
        look(made_up(TASK), made_up(TASK, named=False))


def test_two_inferred_rows_of_one_id_are_an_error(look):
    with pytest.raises(ValueError, match="'1'"):
        look([{**row, "id": "1"} for row in made_up(TASK, users=1, rows=2, named=False)])
