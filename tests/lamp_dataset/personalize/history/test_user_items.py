import numpy as np
import pyarrow as pa

from lamp_dataset import TASKS
from lamp_dataset.personalize.history.user_items import distinct, items_of, pair_ids

TASK = TASKS["LaMP_4"]


KIND = pa.struct([(name, pa.string()) for name in TASK.item_fields])


def items(users, *profiles):
    """Items of rows 7, 8, …: one for each text and title."""
    rows = [[{"id": str(n), "text": text, "title": title} for n, (text, title) in enumerate(texts)]
            for texts in profiles]  # fmt: skip
    given = pa.chunked_array([pa.array([[{"id": "of another row"}], *rows], pa.list_(KIND))[1:]])
    numbers = np.arange(7, 7 + len(rows))
    return items_of(TASK, np.array(users, np.int64), numbers, pa.array(map(str, numbers.tolist()), pa.string()), given)


WHOLE = [("a", "1"), ("b", "2")]


def test_each_user_has_items_of_their_own_and_pieces_of_a_user_unite():
    assert distinct(items([0, 1, 1], WHOLE, WHOLE[:1], WHOLE))["user"].to_pylist() == [0, 0, 1, 1]
    rows = items([0, 0], [*WHOLE, *WHOLE], WHOLE[:1] * 3)
    pieces = pa.concat_tables([distinct(rows[:4]), rows[4:]])
    assert distinct(pieces).to_pylist() == distinct(rows).to_pylist()


def ids(user, *names):
    kind = pa.struct({"id": pa.string()})
    item = pa.array([{"id": name} for name in names], kind)
    return pair_ids([user], pa.table({"user": [0] * len(names), "item": item})).to_pylist()


def test_ids_are_made_of_the_users_and_the_items_and_never_alike():
    assert ids("a", "1", "b/c", "1", "", "%2F", "a b", "é\n", "1/2", "1", None) == [
        "a/1", "a/b%2Fc", "a/1/2", "a/", "a/%252F", "a/a%20b", "a/%C3%A9%0A", "a/1%2F2", "a/1/3", "a//2",
    ]  # fmt: skip
    assert ids("a/b", "-", "x") == ["a%2Fb/-", "a%2Fb/x"]
    assert ids("", "x") == ["/x"]
