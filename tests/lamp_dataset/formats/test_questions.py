import json

import made_up
import pytest
from bad_questions import BAD

from lamp_dataset.formats.ids import DuplicateIdError
from lamp_dataset.formats.questions import read_question_ids, read_questions
from lamp_dataset.formats.texts import Number
from lamp_dataset.tasks import TASKS


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


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_named(case, tmp_path):
    text, message = BAD[case]
    path = tmp_path / "q.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=message) as caught:
        list(read_questions(path, TASKS["LaMP_4"]))
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < 500 + len(str(path))
