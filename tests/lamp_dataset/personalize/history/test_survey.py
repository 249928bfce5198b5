import random
import zlib

import pytest
from histories import made_up

import lamp_dataset
from lamp_dataset import TASKS
from lamp_dataset.personalize.history.declared import declared
from lamp_dataset.personalize.history.survey import survey

TASK = TASKS["LaMP_4"]


def look(rows, exclude=(), size=4):
    def tables(split):
        return (declared(TASK, split[start : start + size], start) for start in range(0, len(split), size))

    return survey(TASK, tables(rows), map(tables, exclude))


@pytest.mark.parametrize("named", [True, False])
def test_users_are_those_of_users_of_and_rows_in_the_order_of_their_ids(named):
    rows = made_up(TASK, users=12, items=30, named=named)
    found = look(rows)
    assert found.users == lamp_dataset.users_of(rows)
    by_user = found.by_user(int)
    assert list(by_user) == sorted(set(found.users), key=lambda user: (len(user), user))
    names = {user: [rows[row]["id"] for row in numbers] for user, numbers in by_user.items()}
    assert all(ids == sorted(ids, key=lambda name: (len(name), name)) for ids in names.values())
    random.Random(1).shuffle(rows)
    assert {
        user: [rows[row]["id"] for row in numbers] for user, numbers in look(rows, size=7).by_user(int).items()
    } == names


def test_rows_of_one_id_are_told_apart_by_their_items():
    rows = [{**row, "id": "1"} for row in made_up(TASK, users=1, rows=5)]

    def profiles():
        by_user = look(rows).by_user(lambda row: zlib.crc32(repr(rows[row]["profile"]).encode()))
        return [[rows[row]["profile"] for row in numbers] for numbers in by_user.values()]

    expected = profiles()
    for _ in range(3):
        random.Random(2).shuffle(rows)
        assert profiles() == expected


@pytest.mark.parametrize("named", [True, False])
def test_the_user_of_excluded_rows_has_the_number_of_the_user(named):
    rows = made_up(TASK, users=5, rows=4, items=30, named=named)
    first, second = rows[::2], rows[1::2]
    both = look(first, [second])
    assert both.users == lamp_dataset.users_of(first)
    assert len(both.owners) == len(first)
    together = lamp_dataset.users_of(rows)[::2]
    assert len(set(both.owners.tolist())) == len(set(zip(both.owners.tolist(), together, strict=True)))
    assert set(both.tests) > set(look(first).tests) if named else len(both.tests) > len(look(first).tests)


def test_some_rows_without_a_user_are_an_error():
    rows = made_up(TASK)
    del rows[3]["user_id"]
    with pytest.raises(ValueError, match="row 3"):
        look(rows)
    with pytest.raises(ValueError, match="user_id"):
        look(made_up(TASK), [made_up(TASK, named=False)])


def test_two_inferred_rows_of_one_id_are_an_error():
    rows = [{**row, "id": "1"} for row in made_up(TASK, users=1, rows=2, named=False)]
    with pytest.raises(ValueError, match="'1'"):
        look(rows)
