import io
import json
import random

import made_up
import pyarrow as pa
import pytest

import lamp_dataset.loading.tables
from lamp_dataset.loading.tables import read_golds, read_tables
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.oldest

WAYS = ("fast", "slow")


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Each way through a file alone: the other one would fail."""
    if request.param == "slow":
        monkeypatch.setattr(lamp_dataset.loading.tables, "_parse", lambda block, as_written, task: None)
    else:

        def never(*args):
            raise AssertionError("the fast way gave up")

        monkeypatch.setattr(lamp_dataset.loading.tables, "checked_row", never)
    return request.param


def load(text, task, golds=None, block_bytes=1 << 20):
    data = text if isinstance(text, bytes) else text.encode()
    tables = list(read_tables(io.BytesIO(data), "q.json", task, golds, "o.json", block_bytes))
    return pa.concat_tables(tables).to_pylist()


@pytest.mark.parametrize("block_bytes", [1, 200, 5_000, 1 << 20])
@pytest.mark.parametrize("name", TASKS)
def test_rows_equal_what_json_reads(name, block_bytes, way):
    task = TASKS[name]
    made = made_up.rows(task, 40, seed=block_bytes)
    golds = made_up.golds(task, made)
    text = json.dumps(made)
    assert load(text, task, golds, block_bytes) == made_up.expected(task, json.loads(text), golds)


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
        assert load(text, task, block_bytes=3_000) == made_up.expected(task, json.loads(text))


def test_unknown_keys_are_ignored_at_every_level(way):
    task = TASKS["LaMP_4"]
    made = made_up.rows(task, 60, items=(1, 5))
    extra = {"source": {"input": "deep", "profile": [{"id": 1}, None]}, "n": 1.5, "ok": True, "none": None, "l": [[]]}
    wider = [
        {"more": "x", **row, **extra, "profile": [{**extra, **item, "lang": "en"} for item in row["profile"]]}
        for row in made
    ]
    assert load(json.dumps(wider), task, block_bytes=1 << 20) == made_up.expected(task, made)


def test_a_cut_at_an_object_that_only_looks_like_a_row_is_noticed():
    task = TASKS["LaMP_4"]
    made = made_up.rows(task, 60, items=(3, 5))
    for row in made:
        for item in row["profile"]:
            item["input"] = item["profile"] = "of an item"
    wider = [{**row, "profile": [{"input": 1, **item} for item in row["profile"]]} for row in made]
    for block_bytes in (300, 1_000, 3_000):
        assert load(json.dumps(wider), task, block_bytes=block_bytes) == made_up.expected(task, made)


@pytest.mark.parametrize("block_bytes", [500, 1 << 20])
def test_numbers_read_as_the_strings_they_are_written_as(block_bytes, way):
    task = TASKS["LaMP_3_time"]
    made = made_up.rows(task, 30, items=(1, 4))
    for number, row in enumerate(made):
        row["user_id"] = 10**6 + number
        for position, item in enumerate(row["profile"]):
            item["score"], item["date"] = position + 1, 2013
    rows = load(json.dumps(made), task, block_bytes=block_bytes)
    assert rows == made_up.expected(task, made)
    assert rows[0]["user_id"] == "1000000"
    assert rows[0]["profile"][0]["score"] == "1"


def test_numbers_and_strings_may_change_within_a_file():
    task = TASKS["LaMP_3_time"]
    made = made_up.rows(task, 60, items=(1, 4))
    r = random.Random(0)
    for row in made:
        row["user_id"] = r.choice([7, "7", 12345678901234567890123])
        for item in row["profile"]:
            item["score"] = r.choice([5, "5"])
            item["date"] = r.choice([2013, "2013-01-01", None])
    assert load(json.dumps(made), task, block_bytes=800) == made_up.expected(task, made)


def test_a_float_keeps_its_spelling():
    task = TASKS["LaMP_3"]
    made = made_up.rows(task, 3, items=(1, 1))
    made[0]["profile"][0]["score"] = 5.0
    assert load(json.dumps(made), task)[0]["profile"][0]["score"] == "5.0"


def test_a_missing_date_is_none(way):
    task = TASKS["LaMP_1_time"]
    made = made_up.rows(task, 20, items=(2, 4))
    del made[3]["profile"][0]["date"]
    made[4]["profile"][1]["date"] = None
    rows = load(json.dumps(made), task)
    assert rows == made_up.expected(task, made)
    assert rows[3]["profile"][0]["date"] is None


def test_escapes_of_every_kind_in_keys_and_values(way):
    task = TASKS["LaMP_7"]
    text = (
        '[{"i\\u0064": "1\\u0030", "input": "' + task.opening + ' \\u0000\\b\\f\\/\\"\\\\ \\ud83d\\ude00 \\u2028", '
        '"profile": [{"text": "\\u0000", "id": "\\ud83d\\ude00"}]}]'
    )
    assert load(text, task) == made_up.expected(task, json.loads(text))


def test_a_doubled_key_reads_as_json_reads_it():
    task = TASKS["LaMP_7"]
    text = (
        f'[{{"id": "1", "id": "2", "input": "{task.opening}", "profile": [{{"id": "0", "text": "a", "text": "b"}}]}}]'
    )
    assert load(text, task) == made_up.expected(task, json.loads(text))


def test_the_wrapper_around_questions_is_read_as_the_list(way):
    task = TASKS["LaMP_6"]
    made = made_up.rows(task, 40)
    for wrapped in ({"task": "LaMP_6", "golds": made}, {"golds": made, "task": "LaMP_6"}, {"golds": made}):
        for block_bytes in (600, 1 << 20):
            text = json.dumps(wrapped, indent=1)
            assert load(text, task, block_bytes=block_bytes) == made_up.expected(task, made)


def test_a_byte_order_mark_and_white_space_around_are_passed_over(way):
    task = TASKS["LaMP_2"]
    made = made_up.rows(task, 3)
    text = b"\xef\xbb\xbf \r\n" + json.dumps(made).encode() + b"\n\n "
    assert load(text, task) == made_up.expected(task, made)


def test_one_row_longer_than_many_blocks(way):
    task = TASKS["LaMP_4"]
    made = made_up.rows(task, 3)
    made[1]["profile"] = made_up.rows(task, 1, items=(3_000, 3_000))[0]["profile"]
    for k, item in enumerate(made[1]["profile"]):
        item["id"] = f"11{k}"
    assert load(json.dumps(made), task, block_bytes=1_000) == made_up.expected(task, made)


def test_a_sample_without_its_instruction_is_kept_verbatim(way):
    task = TASKS["LaMP_2"]
    made = made_up.rows(task, 9)
    made[0]["input"] = "x Lost in the fog by the lighthouse"
    assert load(json.dumps(made), task)[0]["input"] == "x Lost in the fog by the lighthouse"


def test_a_profile_may_be_empty(way):
    task = TASKS["LaMP_7"]
    made = made_up.rows(task, 5, items=(0, 0))
    assert load(json.dumps(made), task) == made_up.expected(task, made)


GOOD = json.dumps(made_up.rows(TASKS["LaMP_4"], 6, items=(1, 3), odd=False))


def changed(change):
    made = json.loads(GOOD)
    change(made)
    return json.dumps(made)


BAD = {
    "empty": ("", "q.json: expected a JSON list of rows .*, found an empty file"),
    "blank": (" \n", "found nothing but white space"),
    "html": ("<!DOCTYPE html><html></html>", "found an HTML page"),
    "zip": (b"PK\x03\x04rest", "found a zip file"),
    "words": ("not json", "found a file that begins b'not json'"),
    "an object": ('{"id": "1"}', "expected a JSON list of rows .*, found an object, not a list"),
    "a string": ('"x"', "expected a JSON list of rows"),
    "empty list": ("[]", "expected samples, found an empty list"),
    "empty wrapped list": ('{"task": "LaMP_4", "golds": []}', "expected samples, found an empty list"),
    "cut in a string": (GOOD[:500], "the row that begins at byte .* does not end. Was it cut off"),
    "cut in a key": (GOOD[: GOOD.index('"profile"') + 5], "does not end"),
    "cut between rows": (GOOD[: GOOD.index("}]}, {") + 4], "the file ends in the middle of the list, at byte"),
    "cut behind a row": (GOOD[: GOOD.index("}]}, {") + 3], "expected ',' or '\\]' at byte .*, but the file ends"),
    "cut at the end": (GOOD[:-1], "but the file ends"),
    "cut wrapper": ('{"task": "LaMP_4", "golds": ' + GOOD, "expected '}' after the list"),
    "two lists": (GOOD + GOOD, "expected the end of the file at byte .*, found '\\[{"),
    "trailing comma": (GOOD[:-1] + ",]", "expected JSON, but Expecting value at byte"),
    "no comma": (GOOD.replace("}]}, {", "}]} {", 1), "expected ',' or '\\]' at byte .*, found '{'"),
    "unclosed bracket": (GOOD.replace("}]}, {", "}}, {", 1), "expected JSON, but Expecting ',' delimiter at byte"),
    "raw newline in a string": (GOOD.replace("article:", "article:\n", 1), "Invalid control character at byte"),
    "not UTF-8": (GOOD.encode().replace(b"plain", b"pl\xffin", 1), "expected UTF-8, found b'.xff' at byte"),
    "row is a list": (changed(lambda m: m.insert(2, [1])), "expected an object as row, found \\[.*1.*\\] at byte"),
    "row is null": (changed(lambda m: m.insert(2, None)), "expected an object as row, found null at byte"),
    "no id": (changed(lambda m: m[2].pop("id")), "row 2: expected a string as 'id', found the keys 'input', 'profile'"),
    "id is a number": (changed(lambda m: m[2].update(id=7)), "row 2: expected a string as 'id', found '7'"),
    "no input": (changed(lambda m: m[2].pop("input")), "sample '12': expected a string as 'input'.* found the keys"),
    "input is null": (changed(lambda m: m[2].update(input=None)), "sample '12': .* as 'input' .*, found None"),
    "input is a number": (changed(lambda m: m[2].update(input=3)), "sample '12': .* 'input' .* found the number 3"),
    "no profile": (changed(lambda m: m[2].pop("profile")), "sample '12': expected a list as 'profile', found the keys"),
    "profile is an object": (changed(lambda m: m[2].update(profile={})), "expected a list as 'profile', found {}"),
    "profile is null": (changed(lambda m: m[2].update(profile=None)), "expected a list as 'profile', found None"),
    "item is a string": (
        changed(lambda m: m[2]["profile"].insert(0, "x")),
        "sample '12': profile item 0: expected an object, found 'x'",
    ),
    "item lacks a field": (
        changed(lambda m: m[2]["profile"][0].pop("title")),
        "sample '12': profile item 0: expected a string as 'title' \\(LaMP_4\\), found the keys 'text', 'id'",
    ),
    "item lacks its id": (changed(lambda m: m[2]["profile"][0].pop("id")), "profile item 0: expected a string as 'id'"),
    "field is null": (changed(lambda m: m[2]["profile"][0].update(text=None)), "as 'text' .*, found None"),
    "field is a number": (changed(lambda m: m[2]["profile"][0].update(text=1)), "as 'text' .*, found the number 1"),
    "field is true": (changed(lambda m: m[2]["profile"][0].update(text=True)), "as 'text' .*, found True"),
    "doubled id": (changed(lambda m: m[4].update(id="11")), "duplicate id '11'"),
    "user_id": (changed(lambda m: m[2].update(user_id="U1")), "has a 'user_id': this is a file of"),
    "user_id a number": (
        changed(lambda m: m[2].update(user_id=1)),
        "has a 'user_id': this is a file of the time-based",
    ),
    "lone high surrogate": (
        GOOD.replace("plain", "pl\\ud83din", 1),
        "sample '10': 'input' holds a lone surrogate, '.ud83d' at character",
    ),
    "lone low surrogate": (GOOD.replace("plain", "pl\\ude00in", 1), "lone surrogate"),
    "outputs file": (
        '{"task":"LaMP_4","golds":[{"id": "410", "output": "x"}]}',
        "sample '410': expected .*'profile', found the keys 'id', 'output'; this looks like an outputs file",
    ),
    "the list ends and another key goes on": (GOOD + ', "x": ' + GOOD, "expected the end of the file at byte"),
    "the list ends and another document goes on": (GOOD + '}\n{"rows": ' + GOOD, "expected the end of the file"),
    "a key beside the wrapped list": ('{"golds": ' + GOOD + ', "more": ' + GOOD + "}", "expected '}' after the list"),
    "a doubled wrapped list": ('{"golds": ' + GOOD + ', "golds": ' + GOOD + "}", "expected '}' after the list"),
    "wrapper of another task": (
        '{"task": "LaMP_7", "golds": ' + GOOD + "}",
        "expected questions of task 'LaMP_4', found 'LaMP_7'",
    ),
    "wrapper of another task, behind": (
        '{"golds": ' + GOOD + ', "task": "LaMP_7"}',
        "expected questions of task 'LaMP_4', found 'LaMP_7'",
    ),
    "wrapper with a bad escape": ('{"task": "\\u00", "golds": ' + GOOD + "}", "expected a task's name as 'task'"),
    "cut in an escape": (
        GOOD[: GOOD.index("plain")] + "\\ud8",
        "does not end. Was it cut off",
    ),
    "not UTF-8 in a key that is ignored": (
        GOOD.encode().replace(b'"input"', b'"\xff": 1, "input"', 1),
        "expected UTF-8, found b'.xff' at byte",
    ),
    "a long id": (changed(lambda m: [row.update(id="9" * 100_000) for row in m[:2]]), "duplicate id '99.* …"),
    "deep nesting": ('[{"id": ' + "[" * 100_000, "values nested too deep"),
}


@pytest.mark.parametrize("block_bytes", [100, 1 << 20])
@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_named(case, block_bytes):
    text, message = BAD[case]
    with pytest.raises(ValueError, match=message) as caught:
        load(text, TASKS["LaMP_4"], block_bytes=block_bytes)
    assert str(caught.value).startswith("q.json: ")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("loaded_as", "file_of", "message"),
    [
        (
            "LaMP_1",
            "LaMP_5",
            "expected inputs of LaMP_1 that begin 'For an .* \\(the input begins like those of LaMP_5",
        ),
        ("LaMP_5", "LaMP_1", "those of LaMP_1\\)"),
        ("LaMP_4", "LaMP_6", "those of LaMP_6\\)"),
        ("LaMP_6", "LaMP_4", "those of LaMP_4\\)"),
        ("LaMP_2", "LaMP_2_news", "expected a string as 'tag' .* those of LaMP_2_news\\)"),
        ("LaMP_2_news", "LaMP_2", "expected a string as 'text' .* those of LaMP_2\\)"),
        ("LaMP_7", "LaMP_3", "those of LaMP_3\\)"),
        ("LaMP_4_time", "LaMP_4", "sample '10' has no 'user_id': is this a file of the user-based setting, LaMP_4"),
        ("LaMP_4", "LaMP_4_time", "sample '10' has a 'user_id': this is a file of the time-based setting, LaMP_4_time"),
    ],
)
def test_the_file_of_another_config_is_recognized(loaded_as, file_of, message):
    text = json.dumps(made_up.rows(TASKS[file_of], 5, items=(1, 3)))
    with pytest.raises(ValueError, match=message):
        load(text, TASKS[loaded_as])


def test_file_names_in_place_of_mails_are_recognized():
    task = TASKS["LaMP_6"]
    stubs = [{"id": "500", "input": "147-000874-EM.txt", "profile": [{"text": "147-000137-EM.txt", "id": "5000"}]}]
    message = "file names .*first '147-000874-EM.txt'. Build"
    with pytest.raises(ValueError, match=message):
        load(json.dumps(stubs), task)
    stubs[0]["profile"][0]["title"] = "x"
    with pytest.raises(ValueError, match=message):
        load(json.dumps(stubs), task)
    stubs[0]["input"] = f"{task.instruction} hello"
    with pytest.raises(ValueError, match="first '147-000875-EM.txt'"):
        load(json.dumps(stubs), task, {"500": "147-000875-EM.txt"})


def test_file_names_in_place_of_profile_texts_are_recognized():
    task = TASKS["LaMP_6"]
    made = made_up.rows(task, 3, items=(2, 2), odd=False)
    made[1]["profile"][1]["title"] = "147-000137-EM.txt"
    with pytest.raises(ValueError, match="file names .*first '147-000137-EM.txt'"):
        load(json.dumps(made), task)


@pytest.mark.parametrize("block_bytes", [1, 1 << 20])
def test_whether_a_file_is_of_the_task_does_not_hang_on_order_or_block_size(block_bytes):
    task = TASKS["LaMP_2"]
    made = made_up.rows(task, 40, odd=False)
    for row in made[:15]:
        row["input"] = "x Lost in the fog by the lighthouse"
    assert load(json.dumps(made), task, block_bytes=block_bytes) == made_up.expected(task, made)
    assert load(json.dumps(made[:1]), task) == made_up.expected(task, made[:1])
    with pytest.raises(ValueError, match="expected inputs of LaMP_2 that begin .*, found 'x Lost in the fog"):
        load(json.dumps(made[:20]), task, block_bytes=block_bytes)


def test_the_golds_of_another_task_of_the_same_name_are_recognized():
    found = dict.fromkeys("123", "politics")
    data = json.dumps(made_up.outputs(TASKS["LaMP_2"], found)).encode()
    with pytest.raises(ValueError, match="labels of LaMP_2 .* 3 .*'politics' .* label of LaMP_2_news"):
        read_golds(data, "o.json", TASKS["LaMP_2"])
    assert read_golds(data, "o.json", TASKS["LaMP_2_news"]) == found
    one_odd = {**found, "4": "no label"}
    data = json.dumps(made_up.outputs(TASKS["LaMP_2"], one_odd)).encode()
    assert read_golds(data, "o.json", TASKS["LaMP_2_news"]) == one_odd


@pytest.mark.parametrize("block_bytes", [600, 1 << 20])
def test_an_error_names_the_byte_where_it_is(block_bytes):
    data = json.dumps(made_up.rows(TASKS["LaMP_7"], 40), ensure_ascii=False).encode()
    at = data.index(b'"profile"', len(data) * 2 // 3)
    with pytest.raises(ValueError, match=f"Expecting property name enclosed in double quotes at byte {at}:"):
        load(data[:at] + b"?" + data[at + 1 :], TASKS["LaMP_7"], block_bytes=block_bytes)


def test_white_space_and_an_empty_profile_at_the_start_do_not_slow_a_file_down(monkeypatch):
    task = TASKS["LaMP_3"]
    made = made_up.rows(task, 30, items=(1, 3))
    for row in made:
        for item in row["profile"]:
            item["score"] = 4
    made[0]["profile"] = []
    monkeypatch.setattr(lamp_dataset.loading.tables, "checked_row", None)
    assert load("[\n " + json.dumps(made)[1:], task, block_bytes=700) == made_up.expected(task, made)
    for row in made[12:]:
        for item in row["profile"]:
            item["score"] = "4"
    blocks = json.dumps(made)
    cut = blocks.index(json.dumps(made[12])) + 1  # the first block ends where the spelling changes
    assert load(blocks, task, block_bytes=cut + 100) == made_up.expected(task, made)


def test_golds_missing_or_extra():
    task = TASKS["LaMP_4"]
    made = json.loads(GOOD)
    golds = made_up.golds(task, made)
    with pytest.raises(ValueError, match="o.json has 1 .*q.json.*'99'"):
        load(GOOD, task, {**golds, "99": "x"})
    del golds["13"]
    with pytest.raises(ValueError, match="o.json: expected a gold for each .*q.json, found none for 1 .*'13'"):
        load(GOOD, task, golds)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html>", "o.json: expected JSON, found an HTML page"),
        ("", "o.json: expected JSON, found an empty file"),
        ('{"task": "LaMP_4", "golds": [', "it ends in the middle"),
        (GOOD, "expected an outputs file .* found questions"),
        ("[]", "found a bare list"),
        ("3", "found int"),
        ('{"task": "LaMP_4"}', "found the keys 'task', without 'golds'"),
        ('{"golds": []}', "found the keys 'golds', without 'task'"),
        ('{"task": "LaMP_4", "golds": {}}', "found {} as 'golds'"),
        ('{"task": "LaMP_5", "golds": []}', "expected the outputs of task 'LaMP_4', found 'LaMP_5'"),
        ('{"task": "LaMP_4", "golds": [1]}', "entry 0 of 'golds': expected an object, found int"),
        ('{"task": "LaMP_4", "golds": [{"id": 1, "output": "x"}]}', "expected a string as 'id', found 1"),
        ('{"task": "LaMP_4", "golds": [{"output": "x"}]}', "expected a string as 'id', found none"),
        ('{"task": "LaMP_4", "golds": [{"id": "1"}]}', "entry 0 of 'golds' \\(id '1'\\) has no 'output'"),
        (
            '{"task": "LaMP_4", "golds": [{"id": "1", "output": null}]}',
            "sample '1': expected a string .*, found None",
        ),
        (
            '{"task": "LaMP_4", "golds": [{"id": "1", "output": 5}]}',
            "sample '1': expected a string .*, found 5",
        ),
        ('{"task": "LaMP_4", "golds": [{"id": "1", "output": "\\ud800"}]}', "sample '1': 'output' holds a lone surr"),
        (
            '{"task": "LaMP_4", "golds": [{"id": "1", "output": "x"}, {"id": "1", "output": "x"}]}',
            "o.json: duplicate id '1'",
        ),
    ],
)
def test_bad_outputs_files_are_named(text, message):
    with pytest.raises(ValueError, match=message):
        read_golds(text.encode(), "o.json", TASKS["LaMP_4"])


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
        assert found == made_up.expected(task, json.loads(data))
    assert min(outcomes.values()) > 500
