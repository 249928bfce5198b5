import json

import made_up
import pytest
from made_up import GOOD

from lamp_dataset.formats.questions import read_question_ids, read_questions
from lamp_dataset.formats.texts import DuplicateIdError, Number
from lamp_dataset.loading.rows import read_tables
from lamp_dataset.tasks import TASKS


def changed(change):
    made = json.loads(GOOD)
    change(made)
    return json.dumps(made)


@pytest.fixture
def file(tmp_path):
    """Writes a value or a text as questions file."""

    def write(content):
        path = tmp_path / "dev_questions.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", TASKS)
def test_rows_read_as_a_task_have_its_fields_alone(name, file):
    task = TASKS[name]
    made = made_up.rows(task, 12)
    wider = [{"more": [1], **row, "profile": [{**item, "lang": "en"} for item in row["profile"]]} for row in made]
    expected = [{**row, "profile": row["profile"]} for row in made_up.expected(task, made)]
    for row in expected:
        del row["output"]
    assert list(read_questions(file(wider), task)) == expected


def test_rows_of_no_task_in_particular_come_as_they_are(file):
    made = [{"id": "500", "input": "147-000874-EM.txt", "profile": [{"text": "147-000137-EM.txt", "n": 5}], "x": {}}]
    path = file(made)
    found = list(read_questions(path))
    assert found == [{**made[0], "profile": [{"text": "147-000137-EM.txt", "n": "5"}]}]
    assert isinstance(found[0]["profile"][0]["n"], Number)
    with pytest.raises(ValueError, match=r"dev_questions\.json: LaMP_6 needs texts.*'147-000874-EM.txt'"):
        list(read_questions(path, TASKS["LaMP_6"]))


def test_rows_come_one_by_one_and_ids_alone_need_no_profile(file):
    made = made_up.rows(TASKS["LaMP_4"], 3)
    rows = read_questions(file(json.dumps(made)[:-1] + ", 7]"))
    assert [next(rows)["id"] for _ in range(3)] == ["10", "11", "12"]
    with pytest.raises(ValueError, match="expected an object as row, found .*7"):
        next(rows)
    path = file([{"id": "210", "input": "a"}, {"id": "211", "input": "b", "profile": []}])
    assert read_question_ids(path) == ["210", "211"]
    with pytest.raises(ValueError, match="sample '210': expected a list as 'profile', found the keys 'id', 'input'"):
        list(read_questions(path))
    row = {"id": "210", "input": "a", "profile": []}
    with pytest.raises(DuplicateIdError, match="dev_questions.json: .*'210'"):
        list(read_questions(file([row, row])))


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("read", [read_question_ids, lambda path: list(read_questions(path, TASKS["LaMP_4"]))])
def test_an_outputs_file_has_its_own_error(read, wrapped, file):
    golds = [{"id": "410", "output": "x"}]
    with pytest.raises(ValueError, match=r"dev_questions\.json: .*outputs file.*'410'.*'output'"):
        read(file({"task": "LaMP_4", "golds": golds} if wrapped else golds))


@pytest.mark.parametrize(
    ("rows", "fact"),
    [
        ([], "empty list"),
        ([{"input": "a", "profile": []}], "row 0: expected a string as 'id', found the keys 'input', 'profile'"),
        ([{"id": 7, "input": "a", "profile": []}], "row 0: expected a string as 'id', found the number 7"),
        ([{"id": "1", "profile": []}], "sample '1': .*'input'.* found the keys 'id', 'profile'"),
        ([{"id": "1", "input": "a", "profile": {}}], "sample '1': .*'profile', found {}"),
    ],
)
def test_what_every_row_has(rows, fact, file):
    with pytest.raises(ValueError, match=f"dev_questions.json: .*{fact}"):
        list(read_questions(file(rows)))


#: Damaged questions files, each with the facts that its message must state.
BAD = {
    "empty": ("", "q.json: expected a JSON list of rows .*, found an empty file"),
    "blank": (" \n", "found only white space"),
    "html": ("<!DOCTYPE html><html></html>", "found an HTML page"),
    "zip": (b"PK\x03\x04rest", "found a zip file"),
    "words": ("not json", "found a file that begins b'not json'"),
    "an object": ('{"id": "1"}', "expected a JSON list of rows .*, found an object, not a list"),
    "empty list": ("[]", "expected samples, found an empty list"),
    "cut in a string": (GOOD[:500], "the row that begins at byte .* does not end. Was it cut off"),
    "two lists": (GOOD + GOOD, "expected the end of the file at byte .*, found '\\[{"),
    "trailing comma": (GOOD[:-1] + ",]", "expected JSON, but Expecting value at byte"),
    "raw newline in a string": (GOOD.replace("article:", "article:\n", 1), "Invalid control character at byte"),
    "not UTF-8": (GOOD.encode().replace(b"plain", b"pl\xffin", 1), "expected UTF-8, found b'.xff' at byte"),
    "row is null": (changed(lambda m: m.insert(2, None)), "expected an object as row, found null at byte"),
    "no id": (changed(lambda m: m[2].pop("id")), "row 2: expected a string as 'id', found the keys 'input', 'profile'"),
    "id is a number": (changed(lambda m: m[2].update(id=7)), "row 2: expected a string as 'id', found the number 7"),
    "no input": (changed(lambda m: m[2].pop("input")), "sample '12': expected a string as 'input'.* found the keys"),
    "input is null": (changed(lambda m: m[2].update(input=None)), "sample '12': .* as 'input' .*, found None"),
    "no profile": (changed(lambda m: m[2].pop("profile")), "sample '12': expected a list as 'profile', found the keys"),
    "profile is an object": (changed(lambda m: m[2].update(profile={})), "expected a list as 'profile', found {}"),
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
    "doubled id": (changed(lambda m: m[4].update(id="11")), "duplicate id '11'"),
    "user_id": (changed(lambda m: m[2].update(user_id="U1")), "has a 'user_id': this is a file of"),
    "lone high surrogate": (
        GOOD.replace("plain", "pl\\ud83din", 1),
        "sample '10': 'input' holds a lone surrogate, '.ud83d' at character",
    ),
    "outputs file": (
        '{"task":"LaMP_4","golds":[{"id": "410", "output": "x"}]}',
        "found an outputs file: sample '410' has the keys 'id', 'output'",
    ),
    "wrapper of another task": (
        '{"task": "LaMP_7", "golds": ' + GOOD + "}",
        "expected questions of task 'LaMP_4', found 'LaMP_7'",
    ),
    "wrapper of another task, behind": (
        '{"golds": ' + GOOD + ', "task": "LaMP_7"}',
        "expected questions of task 'LaMP_4', found 'LaMP_7'",
    ),
    "a long id": (changed(lambda m: [row.update(id="9" * 100_000) for row in m[:2]]), "duplicate id '99.*…'"),
    "wrapper with a bad escape": ('{"task": "\\u00", "golds": ' + GOOD + "}", "expected a task's name as 'task'"),
    "deep nesting": ('[{"id": ' + "[" * 100_000, "values nested too deep"),
}


def read_in_blocks(block_bytes):
    return lambda path: list(read_tables(path.open("rb"), str(path), TASKS["LaMP_4"], None, "o.json", block_bytes))


WAYS = {
    "row by row": lambda path: list(read_questions(path, TASKS["LaMP_4"])),
    "blocks of 100": read_in_blocks(100),
    "one block": read_in_blocks(1 << 20),
}


@pytest.mark.oldest
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_named(case, way, tmp_path):
    text, message = BAD[case]
    path = tmp_path / "q.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=message) as caught:
        WAYS[way](path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < 500 + len(str(path))
