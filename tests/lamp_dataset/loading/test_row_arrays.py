import io
import json
import random

import made_up
import pyarrow as pa
import pytest
from made_up import GOOD

import lamp_dataset.loading.rows
from lamp_dataset.loading.rows import read_rows
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.oldest

WAYS = ("fast", "slow")


@pytest.fixture
def fast(monkeypatch):
    """The fast way leaves the last row to the other one, and nothing else."""
    slow_rows = lamp_dataset.loading.rows._slow_rows

    def last_row(*args):
        rows = list(slow_rows(*args))
        assert sum(map(len, rows)) <= 1, "the fast way gave up"
        return rows

    monkeypatch.setattr(lamp_dataset.loading.rows, "_slow_rows", last_row)


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Each way through a file alone."""
    if request.param == "fast":
        request.getfixturevalue("fast")
    else:
        monkeypatch.setattr(lamp_dataset.loading.rows, "_parse", lambda block, as_written, task: None)
    return request.param


def load(text, task, block_bytes=1 << 20):
    data = text if isinstance(text, bytes) else text.encode()
    return [row for rows in read_rows(io.BytesIO(data), "q.json", task, block_bytes) for row in rows.to_pylist()]


def expected(task, made):
    """The rows as :mod:`made_up` has them, without golds."""
    return [{key: row[key] for key in (*task.row_fields, "profile")} for row in made_up.expected(task, made)]


@pytest.mark.parametrize("block_bytes", [1, 200, 5_000, 1 << 20])
@pytest.mark.parametrize("name", TASKS)
def test_rows_equal_what_json_reads(name, block_bytes, way):
    task = TASKS[name]
    made = made_up.rows(task, 40, seed=block_bytes)
    text = json.dumps(made)
    assert load(text, task, block_bytes) == expected(task, json.loads(text))


@pytest.mark.parametrize(
    "style",
    [
        {"separators": (",", ":")},
        {"separators": (" , ", " : ")},
        {"indent": 2},
        {"ensure_ascii": False},
        {"separators": ("\r\n,\t", ":\n")},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["LaMP_1_time", "LaMP_2", "LaMP_3_time", "LaMP_7"])
def test_any_spacing_and_key_order(name, style, way):
    task = TASKS[name]
    for seed in range(10):
        made = made_up.shuffled_keys(made_up.rows(task, 30, seed=seed), seed)
        text = json.dumps(made, **style)
        assert load(text, task, block_bytes=3_000) == expected(task, json.loads(text))


def test_unknown_keys_are_ignored_at_every_level(way):
    task = TASKS["LaMP_4"]
    made = made_up.rows(task, 60, items=(1, 5))
    extra = {"source": {"input": "deep", "profile": [{"id": 1}, None]}, "n": 1.5, "ok": True, "none": None, "l": [[]]}
    wider = [
        {"more": "x", **row, **extra, "profile": [{**extra, **item, "lang": "en"} for item in row["profile"]]}
        for row in made
    ]
    assert load(json.dumps(wider), task, block_bytes=1 << 20) == expected(task, made)


def test_a_cut_at_an_object_that_only_looks_like_a_row_is_noticed():
    task = TASKS["LaMP_4"]
    made = made_up.rows(task, 60, items=(3, 5))
    for row in made:
        for item in row["profile"]:
            item["input"] = item["profile"] = "of an item"
    wider = [{**row, "profile": [{"input": 1, **item} for item in row["profile"]]} for row in made]
    for block_bytes in (300, 1_000, 3_000):
        assert load(json.dumps(wider), task, block_bytes=block_bytes) == expected(task, made)


@pytest.mark.parametrize("block_bytes", [500, 1 << 20])
def test_numbers_read_as_the_strings_they_are_written_as_and_missing_dates_as_none(block_bytes, way):
    task = TASKS["LaMP_3_time"]
    made = made_up.rows(task, 30, items=(2, 4))
    for number, row in enumerate(made):
        row["user_id"] = 10**6 + number
        for position, item in enumerate(row["profile"]):
            item["score"], item["date"] = position + 1, 2013
    rows = load(json.dumps(made), task, block_bytes=block_bytes)
    assert rows == expected(task, made)
    assert (rows[0]["user_id"], rows[0]["profile"][0]["score"]) == ("1000000", "1")
    dated = made_up.rows(TASKS["LaMP_1_time"], 20, items=(2, 4))
    del dated[3]["profile"][0]["date"]
    dated[4]["profile"][1]["date"] = None
    assert load(json.dumps(dated), TASKS["LaMP_1_time"]) == expected(TASKS["LaMP_1_time"], dated)


def test_numbers_and_strings_may_change_within_a_file():
    task = TASKS["LaMP_3_time"]
    made = made_up.rows(task, 60, items=(1, 4))
    r = random.Random(0)
    for row in made:
        row["user_id"] = r.choice([7, "7", 12345678901234567890123])
        for item in row["profile"]:
            item["score"], item["date"] = r.choice([5, "5", 5.0]), r.choice([2013, "2013-01-01", None])
    assert load(json.dumps(made), task, block_bytes=800) == expected(task, made)


def test_escapes_of_every_kind_and_marks_and_white_space_around(way):
    task = TASKS["LaMP_7"]
    text = (
        '[{"i\\u0064": "1\\u0030", "input": "' + task.opening + ' \\u0000\\b\\f\\/\\"\\\\ \\ud83d\\ude00 \\u2028", '
        '"profile": [{"text": "\\u0000", "id": "\\ud83d\\ude00"}]}]'
    )
    assert load(text, task) == expected(task, json.loads(text))
    task = TASKS["LaMP_2"]
    made = made_up.rows(task, 3)
    text = b"\xef\xbb\xbf \r\n" + json.dumps(made).encode() + b"\n\n "
    assert load(text, task) == expected(task, made)


@pytest.mark.parametrize("value", ['"b"', "null", "7", '{"deep": []}'])
@pytest.mark.parametrize("key", ["id", "user_id", "input", "profile", "text", "date"])
def test_a_key_that_comes_twice_is_an_error_that_names_the_sample(key, value):
    task = TASKS["LaMP_7_time"]
    rows = made_up.rows(task, 40)
    spelled = json.dumps(holder := rows[20] if key in rows[20] else rows[20]["profile"][0])
    text = json.dumps(rows).replace(spelled, f'{{"{key}": {value}, {spelled[1:]}', 1)
    whose = f"the object with the id {holder['id']!r}"
    with pytest.raises(ValueError, match=f"q.json: sample {rows[20]['id']!r}: {whose} has the key '{key}' twice"):
        load(text, task)


def test_one_row_longer_than_many_blocks(way):
    task = TASKS["LaMP_4"]
    made = made_up.rows(task, 3)
    made[1]["profile"] = made_up.rows(task, 1, items=(3_000, 3_000))[0]["profile"]
    for k, item in enumerate(made[1]["profile"]):
        item["id"] = f"11{k}"
    assert load(json.dumps(made), task, block_bytes=1_000) == expected(task, made)


@pytest.mark.parametrize("block_bytes", [600, 1 << 20])
def test_an_error_names_the_byte_where_it_is(block_bytes):
    data = json.dumps(made_up.rows(TASKS["LaMP_7"], 40), ensure_ascii=False).encode()
    at = data.index(b'"profile"', len(data) * 2 // 3)
    with pytest.raises(ValueError, match=f"Expecting property name enclosed in double quotes at byte {at}:"):
        load(data[:at] + b"?" + data[at + 1 :], TASKS["LaMP_7"], block_bytes=block_bytes)


def test_white_space_and_an_empty_profile_at_the_start_do_not_slow_a_file_down(fast):
    task = TASKS["LaMP_3"]
    made = made_up.rows(task, 30, items=(1, 3))
    for row in made:
        for item in row["profile"]:
            item["score"] = 4
    made[0]["profile"] = []
    assert load("[\n " + json.dumps(made)[1:], task, block_bytes=700) == expected(task, made)


def test_seeded_damage_gives_the_rows_or_an_error_and_never_other_rows():
    """A byte changed, lost or added anywhere: what loads is what json reads, what json refuses is refused."""
    task = TASKS["LaMP_7"]
    good = json.dumps(made_up.rows(task, 12, items=(1, 3))).encode()
    r = random.Random(7)
    outcomes = {"rows": 0, "error": 0}
    for _ in range(3_000):
        at = r.randrange(len(good))
        data = r.choice(
            [
                good[:at] + bytes([r.choice(b'{}[]",:\\ \n\xff0n')]) + good[at + 1 :],
                good[:at] + good[at + 1 :],
                good[:at] + bytes([r.choice(b'{}[]",:\\ \n\xc30n')]) + good[at:],
            ]
        )
        try:
            found = load(data, task, block_bytes=r.choice([100, 400, 1 << 20]))
        except ValueError:
            outcomes["error"] += 1
            continue
        outcomes["rows"] += 1
        assert found == expected(task, json.loads(data))
    assert min(outcomes.values()) > 500


DEEP = {"lists": "[" * 20_000 + "]" * 20_000, "objects": '{"a":' * 20_000 + "1" + "}" * 20_000}


@pytest.mark.parametrize("kind", DEEP)
def test_deep_values_of_unknown_keys_are_passed_over(kind):
    """Built as values, they would overflow the stack of the fast parser and kill the process."""
    made = made_up.rows(TASKS["LaMP_4"], 20)
    text = json.dumps([{"more": 0, **row} for row in made]).replace('"more": 0', f'"more": {DEEP[kind]}', 1)
    assert load(text, TASKS["LaMP_4"]) == expected(TASKS["LaMP_4"], made)


@pytest.mark.parametrize("key", ["id", "input", "profile"])
@pytest.mark.parametrize("kind", DEEP)
def test_deep_values_of_known_keys_are_an_error(kind, key):
    text = GOOD.replace(f'"{key}"', f'"{key}": {DEEP[kind]}, "old"', 2)
    with pytest.raises(ValueError, match=r"q\.json: .*(nested too deep|expected a)"):
        load(text, TASKS["LaMP_4"])


def test_unknown_keys_that_differ_in_every_row_take_little_memory(way):
    task = TASKS["LaMP_4"]
    made = made_up.rows(task, 5_000, items=(1, 1), odd=False)
    text = json.dumps([{f"key {row['id']}": "x", **row} for row in made])
    before = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(before)
    pa.set_memory_pool(pool)
    try:
        rows = load(text, task)
    finally:
        pa.set_memory_pool(before)
    assert rows == expected(task, made)
    assert pool.max_memory() < 30 * len(text)


@pytest.mark.parametrize("length", [300, 3_000])
def test_rows_that_begin_with_a_long_string_take_the_fast_way(length, fast):
    made = made_up.rows(TASKS["LaMP_4"], 40)
    text = json.dumps([{"more": "x" * length, **row} for row in made])
    assert load(text, TASKS["LaMP_4"], block_bytes=30_000) == expected(TASKS["LaMP_4"], made)
