from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from histories import expected, made_up

from lamp_dataset import TASKS
from lamp_dataset.personalize.history import united
from lamp_dataset.personalize.history.declared import profile_type
from lamp_dataset.personalize.history.stored import StoredRows
from lamp_dataset.personalize.history.survey import survey

TASK = TASKS["LaMP_4_time"]


@pytest.mark.parametrize("items", [1, 100, 10**6])
def test_each_user_comes_once_with_all_distinct_items(tmp_path, monkeypatch, items):
    monkeypatch.setattr(united, "ITEMS", items)
    rows = made_up(TASK, users=20)
    stored = StoredRows(TASK, rows, str(tmp_path / "profiles"))
    found = survey(TASK, stored.tables())
    parts = list(united.histories(TASK, found, stored))
    assert [user for part in parts for user in part.users] == list(found.by_user(int))
    assert (len(parts) == 20) if items == 1 else (len(parts) < 20)
    counts = expected(TASK, rows)[1]
    assert sum(len(part.items) + part.copies for part in parts) == counts["items"]
    for part in parts:
        assert len(part.items) == len(part.user_of) == len(part.owners)
        of_user = {}
        for user, item in zip(part.user_of.tolist(), part.items.to_pylist(), strict=True):
            of_user.setdefault(part.users[user], []).append(item["text"].strip())
        whole = {(user, text) for user, texts in of_user.items() for text in texts if text}
        assert whole == {
            (row["user_id"], item["text"].strip())
            for row in rows
            for item in row["profile"]
            if row["user_id"] in part.users and item["text"].strip()
        }


def test_copies_of_whole_items_have_one_key_and_lacking_ones_their_own():
    texts = [("a", "1"), (" a\n", "2"), ("a", ""), ("a", None), ("a", "\u3000\t"), ("", "1"), (None, "2"), ("b", "1")]
    items = [{"id": "1", "text": text, "title": title, "date": None} for text, title in texts]
    chunks = [pa.array(some, profile_type(TASK).value_type) for some in (items[:3], items[3:])]
    keys, lacking = united.item_keys(TASK, pa.chunked_array(chunks))
    assert keys[0] == keys[1]
    assert keys[2] == keys[3] == keys[4]
    assert len(set(keys.tolist())) == 5
    assert lacking.tolist() == [not (text or "").strip() or not (title or "").strip() for text, title in texts]
    assert [len(found) for found in united.item_keys(TASK, pa.chunked_array([], chunks[0].type))] == [0, 0]


def test_rows_of_one_id_come_in_an_order_of_their_own(tmp_path):
    rows = [{**row, "id": "1"} for row in made_up(TASK, users=1, rows=5)]

    def items(given):
        stored = StoredRows(TASK, given, str(tmp_path / "profiles"))
        (part,) = united.histories(TASK, survey(TASK, stored.tables()), stored)
        return part.items.to_pylist()

    assert items(rows) == items(rows[::-1]) == items(rows[2:] + rows[:2])


def test_an_item_counts_as_often_as_the_row_that_has_it_most_often():
    for seed in range(200):
        rng = np.random.default_rng(seed)
        row_of = np.sort(rng.integers(0, 4, rng.integers(1, 30)))
        keys = rng.choice(np.array([1, 5, 2**64 - 1, 0, 2**63], np.uint64), len(row_of))
        first, number = united._distinct(keys, row_of)
        known, most = {}, Counter()
        for row in set(row_of.tolist()):
            most |= Counter(keys[row_of == row].tolist())
        for position, key in enumerate(keys.tolist()):
            known.setdefault(key, position)
        assert first.tolist() == list(known.values())
        assert number == most.total()
    assert united._distinct(np.array([], np.uint64), np.array([], np.int64))[1] == 0


def test_values_are_picked_in_any_order():
    values = pa.array(["a", "b", "c", "d"])
    for positions in ([], [2], [1, 2, 3], [3, 2, 1], [0, 2, 2, 3], [0, 3], [1, 1]):
        found = united.picked(values, np.array(positions, np.int64))
        assert found.to_pylist() == ["abcd"[position] for position in positions]
