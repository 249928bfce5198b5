import numpy as np
import pyarrow as pa
import pytest

from lamp_dataset import TASKS
from lamp_dataset.personalize.hashes import text_hashes
from lamp_dataset.personalize.history import pairing
from lamp_dataset.personalize.history.pairing import Counts, Pairing, pair_ids
from lamp_dataset.personalize.history.united import Histories

TASK = TASKS["LaMP_4_time"]


def histories(items, users=("u",), user_of=None):
    kind = pa.struct([(name, pa.string()) for name in TASK.item_fields])
    user_of = np.array(user_of or [0] * len(items))
    keys = text_hashes(pa.array([item["text"] for item in items]))
    lacking = np.array([not (item["text"] and item["title"]) for item in items])
    return Histories(list(users), user_of, user_of.astype(np.uint64), keys, lacking, pa.array(items, kind), 0)


def item(number, **more):
    return {"id": str(number), "date": "2013", "text": f"text {number}", "title": f"title {number}", **more}


def test_ids_are_made_of_the_users_and_the_items_and_never_alike():
    items = [item(name) for name in ["1", "b/c", "1", "", "%2F", "a b", "é\n", "1/2", "1", "x", "-"]]
    given = histories(items, ["a", "a/b"], [0] * 10 + [1])
    ids = pair_ids(given).to_pylist()
    assert ids == [
        "a/1", "a/b%2Fc", "a/1/2", "a/", "a/%252F", "a/a%20b", "a/%C3%A9%0A", "a/1%2F2", "a/1/3", "a/x", "a%2Fb/-",
    ]  # fmt: skip
    assert pair_ids(histories([item(1), item(2)], ["a", "b"], [0, 1])).to_pylist() == ["a/1", "b/2"]
    assert pair_ids(histories([{**item(1), "id": None}])).to_pylist() == ["u/"]


def test_an_id_does_not_depend_on_what_is_left_out():
    items = [item(1, title=""), item(1, text="more"), item(1, text="even more")]
    (table,) = Pairing(TASK, "none", "task", 16, 0, np.array([], np.uint64)).tables(histories(items))
    assert table["id"].to_pylist() == ["u/1/2", "u/1/3"]


@pytest.mark.parametrize("table_bytes", [1, 300, 10**9])
def test_tables_are_of_moderate_size_whatever_a_pair_sees(monkeypatch, table_bytes):
    monkeypatch.setattr(pairing, "TABLE_BYTES", table_bytes)
    items = [item(n, date=None if n == 3 else f"20{10 + n}") for n in range(8)]
    made = Pairing(TASK, "earlier", "task", None, 0, np.array([], np.uint64))
    tables = list(made.tables(histories(items)))
    assert (len(tables) == 8) if table_bytes == 1 else (len(tables) < 8)
    rows = pa.concat_tables(table.cast(tables[0].schema) for table in tables).to_pylist()
    assert [row["profile"] for row in rows] == [[i for i in items[:n] if i["date"]] if n != 3 else [] for n in range(8)]
    assert made.counts == Counts(users=1, items=8, pairs=8)


def test_texts_of_a_profile_are_there_once():
    """A pair sees the 16 before it: that would be 16 copies of every text."""
    items = [item(n, text=f"{n} {'x' * 1000}", date=f"{1000 + n}") for n in range(500)]
    (table,) = Pairing(TASK, "earlier", "task", 16, 0, np.array([], np.uint64)).tables(histories(items))
    assert len(table["profile"].combine_chunks().flatten()) > 7_000
    assert table.nbytes < 2_000_000


@pytest.mark.parametrize("dates", [["2013", "2014"], ["2013", None]])
def test_a_dictionary_of_texts_has_no_doubles(dates):
    """Of one with doubles, pyarrow 26 writes a Parquet file with bytes of free memory, others in each run."""
    items = [item(n, title=f"title {n % 3}", date=dates[n % 2]) for n in range(12)]
    (table,) = Pairing(TASK, "others", "task", 16, 0, np.array([], np.uint64)).tables(histories(items))
    for field in table["profile"].combine_chunks().flatten().flatten():
        assert field.dictionary.null_count == 0
        assert sorted(field.dictionary.to_pylist()) == sorted({text for text in field.to_pylist() if text is not None})
    assert table["profile"].to_pylist() == [items[:n] + items[n + 1 :] for n in range(12)]


def test_none_in_a_field_stays_none():
    items = [item(1, date=None), item(2), item(3, date=None), item(4, id=None)]
    (table,) = Pairing(TASK, "others", "task", 16, 0, np.array([], np.uint64)).tables(histories(items))
    assert table["profile"].to_pylist()[1] == [items[0], items[2], items[3]]


def test_counts_are_said_in_one_line():
    assert str(Counts(2, 9, 4, 3, 1, 1)) == (
        "2 users, 9 items, 4 pairs; left out: 3 as leaks, 1 as incomplete, 1 as duplicates"
    )
