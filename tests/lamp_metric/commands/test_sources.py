import json

import pytest

from lamp_dataset import SAMPLE, users_of
from lamp_dataset.formats.json_file import read_json
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.tasks import TASKS
from lamp_metric.commands.sources import Source, find_source, read_users
from lamp_metric.predictions.joining import join

NOTHING = {"golds": None, "questions": None, "data_dir": None, "split": None, "task_name": None}


def questions(folder, rows):
    path = folder / "q.json"
    path.write_text(json.dumps(rows))
    return path


def test_a_folder_has_golds_and_questions_of_the_split():
    task = TASKS["LaMP_4"]
    for split in (None, "train"):
        source = find_source("--golds", **NOTHING | {"data_dir": SAMPLE, "task_name": "LaMP_4", "split": split})
        assert source.golds.endswith(task.outputs_path(split or "validation"))
        assert source.questions.endswith(task.questions_path(split or "validation"))


def test_files_are_taken_as_they_are(tmp_path):
    assert find_source("--golds", **NOTHING | {"golds": tmp_path / "g"}) == Source(tmp_path / "g", None)
    found = find_source("--golds", **NOTHING | {"golds": tmp_path / "g", "questions": tmp_path / "q"})
    assert found == Source(tmp_path / "g", tmp_path / "q")


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({}, "--data-dir.*--golds"),
        ({"golds": "g", "data_dir": SAMPLE}, "--data-dir.*--golds"),
        ({"golds": "g", "split": "train"}, "--split.*--data-dir"),
        ({"data_dir": SAMPLE, "questions": "q", "task_name": "LaMP_4"}, "--questions"),
        ({"data_dir": SAMPLE}, "--task_name"),
        ({"data_dir": SAMPLE, "task_name": "LaMP_4", "split": "test"}, "test_questions.json.*'test'.*LaMP_4"),
        ({"data_dir": SAMPLE, "task_name": "LaMP_9"}, "LaMP_9"),
    ],
)
def test_options_that_name_nothing_or_contradict_each_other(options, facts):
    with pytest.raises(ValueError, match=facts):
        find_source("--golds", **NOTHING | options)


def test_users_are_those_of_users_of():
    for name in ("LaMP_4", "LaMP_3_time", "LaMP_1"):
        task = TASKS[name]
        path = f"{SAMPLE}/{task.questions_path('train')}"
        rows = read_json(path)
        assert read_users(path, task) == {row["id"]: user for row, user in zip(rows, users_of(rows), strict=True)}


def test_without_questions_nobody_knows_the_users():
    golds = f"{SAMPLE}/{TASKS['LaMP_4'].outputs_path('validation')}"
    outputs = read_outputs(golds)
    assert Source(golds).read_users(join(outputs, outputs)) is None


def test_questions_of_other_samples_or_of_another_shape_are_named(tmp_path):
    task = TASKS["LaMP_3_time"]
    golds = f"{SAMPLE}/{task.outputs_path('validation')}"
    joined = join(read_outputs(golds), read_outputs(golds), task.name)
    row = {"id": "1", "input": "x", "profile": [], "user_id": "7"}
    with pytest.raises(ValueError, match=r"q\.json lacks"):
        Source(golds, questions(tmp_path, [row])).read_users(joined)
    with pytest.raises(ValueError, match=r"q\.json.*'user_id'"):
        read_users(questions(tmp_path, [{**row, "user_id": ""}]), task)
    with pytest.raises(ValueError, match=r"q\.json.*'user_id'.*user-based"):
        read_users(questions(tmp_path, [{**row, "user_id": None}]), task)
    with pytest.raises(ValueError, match=r"dev_outputs\.json.*questions"):
        read_users(golds, task)


def test_the_file_is_named_once_even_if_its_name_is_a_part_of_the_message(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = {"id": "1", "input": "x", "profile": [], "user_id": ""}
    questions(tmp_path, [row]).rename("row")
    with pytest.raises(ValueError, match="^row: row 0: .*'user_id'"):
        read_users("row", TASKS["LaMP_3_time"])


@pytest.mark.parametrize("name", ["LaMP_4", "LaMP_4_time"])
def test_whoever_needs_more_than_the_user_sees_each_row_whole(name):
    path, seen = f"{SAMPLE}/{TASKS[name].questions_path('validation')}", []
    assert list(read_users(path, TASKS[name], seen.append)) == [row["id"] for row in read_json(path)]
    assert [(row["id"], len(row["profile"])) for row in seen] == [
        (row["id"], len(row["profile"])) for row in read_json(path)
    ]
