import pyarrow as pa
import pytest
from made_users import odd_histories

from lamp_dataset import TASKS
from lamp_dataset.personalize.row_forms import on_disk
from lamp_dataset.personalize.training_pairs import cut, distinct, items_by_user, pair_ids

TASK = TASKS["LaMP_4"]


@pytest.fixture
def look(tmp_path):
    return lambda rows, *exclude: list(
        items_by_user(TASK, on_disk(TASK, rows, tmp_path), [on_disk(TASK, e, tmp_path) for e in exclude])
    )


def test_rows_without_a_user_or_of_one_id_are_an_error(look):
    rows = odd_histories(TASK)
    del rows[3]["user_id"]
    with pytest.raises(ValueError, match="row 3"):
        look(rows)
    with pytest.raises(ValueError, match="user_id"):
        look(odd_histories(TASK), odd_histories(TASK, named=False))
    with pytest.raises(ValueError, match="'1'"):
        look([{**row, "id": "1"} for row in odd_histories(TASK, users=1, rows=2, named=False)])


KIND = pa.struct([(name, pa.string()) for name in TASK.item_fields])


def items(users, *profiles):
    """The distinct items of some rows: one for each text and title."""
    rows = [[{"id": str(n), "text": text, "title": title} for n, (text, title) in enumerate(texts)]
            for texts in profiles]  # fmt: skip
    given = pa.array([[{"id": "of another row"}], *rows], pa.list_(KIND))[1:]
    return distinct(TASK, pa.array(users).dictionary_encode(), given)


WHOLE = [("a", "1"), ("b", "2")]


def test_each_user_has_items_of_their_own_as_often_as_one_profile_has_them():
    found = items(["u", "v", "v"], WHOLE, WHOLE[:1] * 3, [*WHOLE, *WHOLE])
    assert found["user"].to_pylist() == ["u", "u", "v", "v"]
    assert found["times"].to_pylist() == [1, 1, 3, 2]


def ids(user, *names):
    return pair_ids(pa.array([user] * len(names)).dictionary_encode(), pa.array(names)).to_pylist()


def test_ids_are_made_of_the_users_and_the_items_and_never_alike():
    assert ids("a", "1", "b/c", "1", "", "%2F", "a b", "é\n", "1/2", "1", None) == [
        "a/1", "a/b%2Fc", "a/1/2", "a/", "a/%252F", "a/a%20b", "a/%C3%A9%0A", "a/1%2F2", "a/1/3", "a//2",
    ]  # fmt: skip
    assert ids("a/b", "-", "x") == ["a%2Fb/-", "a%2Fb/x"]
    assert ids("", "x") == ["/x"]


@pytest.mark.parametrize(
    ("sizes", "parts"),
    [([], []), ([0], [[0]]), ([1, 1, 1], [[0, 1], [2]]), ([9, 1, 5], [[0, 1], [2]]), ([0, 0, 9], [[0, 1], [2]])],
)
def test_parts_have_about_the_size_wanted_and_none_is_empty(sizes, parts):
    assert [part.tolist() for part in cut(sizes, 3)] == parts


def test_users_whose_names_differ_in_a_character_nobody_sees_stay_apart(look):
    rows = [
        {**row, "user_id": user} for row, user in zip(odd_histories(TASK, users=1), ("u", "u\0", "u "), strict=True)
    ]
    assert [name for found in look(rows) for name in found["user"].dictionary.to_pylist()] == ["u", "u\0", "u "]
