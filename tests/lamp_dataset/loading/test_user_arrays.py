import io
import json

import made_oppu
import made_up
import pytest

import lamp_dataset.loading.row_arrays
import lamp_dataset.loading.user_arrays
from lamp_dataset.loading.row_arrays import read_rows
from lamp_dataset.loading.user_arrays import UserForm
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.oldest

TASK = TASKS["LaMP_4_time"]


@pytest.fixture(params=["fast", "slow"])
def way(request, monkeypatch):
    """Each way through a file alone: the other one would fail."""
    if request.param == "slow":
        monkeypatch.setattr(lamp_dataset.loading.row_arrays, "_parse", lambda block, as_written, form: None)
    else:

        def never(*args):
            raise AssertionError("the fast way gave up")

        monkeypatch.setattr(UserForm, "checked", never)
    return request.param


def load(text, task=TASK, block_bytes=1 << 20):
    data = text if isinstance(text, bytes) else text.encode()
    return [
        row for rows in read_rows(io.BytesIO(data), "u.json", task, block_bytes, UserForm) for row in rows.to_pylist()
    ]


def by_id(rows):
    return [{key: row[key] for key in sorted(row)} for row in rows]


@pytest.mark.parametrize("block_bytes", [1, 300, 5_000, 1 << 20])
@pytest.mark.parametrize("name", made_oppu.NAMES)
def test_each_query_is_a_row_with_the_profile_of_its_user(name, block_bytes, way):
    made = made_oppu.users(TASKS[name], 30, seed=block_bytes)
    assert by_id(load(json.dumps(made), TASKS[name], block_bytes)) == by_id(made_oppu.expected(TASKS[name], made))


@pytest.mark.parametrize(
    "style", [{"separators": (",", ":")}, {"indent": 4}, {"ensure_ascii": False}, {"separators": ("\r\n,\t", ":\n")}]
)
def test_any_layout_of_the_json_reads_the_same(style, way):
    made = made_oppu.users(TASK, 20)
    shuffled = made_up.shuffled_keys([{"more": {"query": [1]}, **user} for user in made])
    assert by_id(load(json.dumps(shuffled, **style))) == by_id(made_oppu.expected(TASK, made))


def test_numbers_become_strings(way):
    """In the released files, dates are years in two tasks, and users may be numbers."""
    task = TASKS["LaMP_3_time"]
    made = made_oppu.users(task, 20)
    for number, user in enumerate(made):
        user["user_id"] = number
        for query in user["query"]:
            query |= {"id": int(query["id"]), "gold": int(query["gold"])}
        for item in user["profile"]:
            item |= {"date": 2013, "id": int(item["id"]), "score": 4}
    assert by_id(load(json.dumps(made), task, 2_000)) == by_id(made_oppu.expected(task, made))


def test_users_without_queries_have_no_rows_and_an_empty_profile_is_one(way):
    made = made_oppu.users(TASK, 4)
    made[0]["query"], made[1]["profile"], made[3]["query"] = [], [], []
    rows = load(json.dumps(made))
    assert by_id(rows) == by_id(made_oppu.expected(TASK, made))
    assert {row["user_id"] for row in rows} == {"U1", "U2"}
    assert load(json.dumps([{**user, "query": []} for user in made])) == []


def test_golds_and_dates_may_be_missing(way):
    made = made_oppu.users(TASK, 3)
    for user in made:
        for query in user["query"]:
            del query["gold"]
        for item in user["profile"]:
            del item["date"]
    rows = load(json.dumps(made))
    assert {row["output"] for row in rows} == {None}
    assert {item["date"] for row in rows for item in row["profile"]} == {None}


def test_rows_come_a_few_at_a_time(monkeypatch, way):
    """A profile of one user with many queries is not repeated for all of them at once."""
    monkeypatch.setattr(lamp_dataset.loading.user_arrays, "ROWS_BYTES", 50_000)
    monkeypatch.setattr(lamp_dataset.loading.row_arrays, "_OBJECT_BYTES", 50_000)
    items = [{"id": str(n), "text": "x" * 500, "title": "t", "date": "2013-05-29"} for n in range(20)]
    query = [{"id": str(n), "input": f"{TASK.instruction} {n}", "gold": "g"} for n in range(300)]
    made = [{"user_id": "7", "profile": items, "query": query}, {"user_id": "8", "profile": [], "query": []}]
    arrays = list(read_rows(io.BytesIO(json.dumps(made).encode()), "u.json", TASK, 1 << 20, UserForm))
    assert sum(map(len, arrays)) == 300
    assert max(map(len, arrays)) <= 6
    assert [row["id"] for rows in arrays for row in rows.to_pylist()] == [str(n) for n in range(300)]


def test_a_profile_larger_than_a_part_is_one_row(monkeypatch):
    monkeypatch.setattr(lamp_dataset.loading.user_arrays, "ROWS_BYTES", 10)
    made = made_oppu.users(TASK, 5, items=(1, 3))
    arrays = list(read_rows(io.BytesIO(json.dumps(made).encode()), "u.json", TASK, 1 << 20, UserForm))
    assert by_id(row for rows in arrays for row in rows.to_pylist()) == by_id(made_oppu.expected(TASK, made))


def test_a_user_that_is_there_twice_is_noted(caplog, way):
    made = made_oppu.users(TASK, 3)
    made[2]["user_id"] = made[0]["user_id"]
    assert by_id(load(json.dumps(made))) == by_id(made_oppu.expected(TASK, made))
    assert ["'U0'" in record.getMessage() for record in caplog.records] == [True]


def bad(change):
    made = made_oppu.users(TASK, 3, items=(2, 3))
    made[1] = change(made[1])
    return json.dumps(made)


def drop(holder, key):
    return {name: value for name, value in holder.items() if name != key}


BAD = {
    "no user": (lambda user: drop(user, "user_id"), "user 1: .*'user_id'"),
    "empty user": (lambda user: {**user, "user_id": ""}, "user 1: .*'user_id'"),
    "user of another type": (lambda user: {**user, "user_id": ["7"]}, "user 1: .*'user_id'"),
    "no profile": (lambda user: drop(user, "profile"), r"user 1 \('U1'\): .*'profile'"),
    "profile null": (lambda user: {**user, "profile": None}, r"user 1 \('U1'\): .*'profile'.*None"),
    "no queries": (lambda user: drop(user, "query"), r"user 1 \('U1'\): .*'query'"),
    "queries in an object": (lambda user: {**user, "query": {}}, r"user 1 \('U1'\): .*'query'"),
    "query null": (lambda user: {**user, "query": [None]}, r"user 1 \('U1'\), query 0: .*None"),
    "no id": (lambda user: {**user, "query": [drop(user["query"][0], "id")]}, "query 0: .*'id'"),
    "no input": (lambda user: {**user, "query": [drop(user["query"][0], "input")]}, "query 0: .*'input'"),
    "a number as input": (lambda user: {**user, "query": [{"id": "1", "input": 5}]}, "sample '1'.*'input'.*5"),
    "a list as gold": (lambda user: {**user, "query": [{"id": "1", "input": "x", "gold": ["g"]}]}, "query 0: .*'gold'"),
    "item null": (lambda user: {**user, "profile": [None]}, "sample '10': profile item 0: .*None"),
    "no title": (lambda user: {**user, "profile": [drop(user["profile"][0], "title")]}, "profile item 0: .*'title'"),
    "a row": (lambda user: {"id": "1", "input": "x", "profile": [], "user_id": "7"}, r"user 1 \('7'\): .*'query'"),
    "half a character": (
        lambda user: {**user, "query": [{"id": "1", "input": "x \ud800"}]},
        "sample '1'.*'input'.*surrogate",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_named(name):
    change, facts = BAD[name]
    with pytest.raises(ValueError, match=f"u.json: .*{facts}"):
        load(bad(change))


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("", "empty"),
        ("<!DOCTYPE html><html>quota exceeded</html>", "HTML"),
        ("{}", "object"),
        (json.dumps(made_oppu.users(TASK, 5))[:-40], "cut off"),
        (json.dumps(made_oppu.users(TASK, 5))[:-1], "cut off"),
        (json.dumps(made_oppu.users(TASK, 5)) + "]", "end of the file"),
        (json.dumps(made_oppu.label("LaMP_4", made_oppu.users(TASK, 2))), "user 0.*'user_id'"),
        (json.dumps([7]), "7"),
    ],
)
def test_a_file_of_something_else_is_refused(text, facts):
    with pytest.raises(ValueError, match=rf"u\.json.*{facts}"):
        load(text)
