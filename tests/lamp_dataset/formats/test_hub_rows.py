import json

import pytest
from made_layouts import hub_rows, json_lines, parquet, rows_of_hub

from lamp_dataset.formats.files import RowFiles, find_files, official_paths, parts
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.formats.questions import read_question_ids, read_questions, read_user_column
from lamp_dataset.tasks import TASKS

TOPIC = TASKS["LongLaMP_topic"]
MADE = hub_rows(TOPIC, 7)
EXPECTED = rows_of_hub(TOPIC, "validation", MADE)


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "json"])
def test_questions_golds_and_users_are_read_from_the_same_files(kind, tmp_path):
    path = tmp_path / "topic_writing_user" / f"val.{kind}"
    path.parent.mkdir()
    if kind == "parquet":
        parquet(path, MADE)
    else:
        path.write_text(json.dumps(MADE) if kind == "json" else "\n".join(map(json.dumps, MADE)))
    files = find_files(TOPIC, tmp_path)["validation"]
    assert (files.paths, str(files)) == ((str(path),), str(path))
    assert official_paths(TOPIC, "validation", files) == {f"topic_writing_user/val.{kind}": str(path)}
    without_gold = [{k: v for k, v in row.items() if k != "output"} for row in EXPECTED]
    assert list(read_questions(files.questions, TOPIC)) == without_gold
    assert read_question_ids(files) == [row["id"] for row in EXPECTED]
    assert read_outputs(files.outputs, TOPIC).by_id == {row["id"]: row["output"] for row in EXPECTED}
    assert read_user_column(files, "user_id") == {row["id"]: row["user_id"] for row in EXPECTED}


@pytest.mark.parametrize("place", ["topic_writing_user", "LongLaMP_topic", "."])
def test_files_are_found_as_on_the_hub_by_the_config_s_name_or_directly(place, tmp_path):
    json_lines(tmp_path / place / "validation-00000-of-00001.jsonl", MADE)
    (tmp_path / place / "notes.jsonl").write_text("")
    assert list(find_files(TOPIC, tmp_path)) == ["validation"]
    with pytest.raises(FileNotFoundError, match=r"split test; it has one of|Looked for: .*topic_writing_user/test-"):
        find_files(TOPIC, tmp_path, ["test"])


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["train-00000-of-00002.parquet"], "train-00000-of-00002.parquet$"),
        (["train.jsonl", "train.parquet"], "train.jsonl, train.parquet$"),
        (["train-00000-of-00001.parquet", "train-00000-of-00002.parquet"], "train-00000-of-00001"),
    ],
)
def test_missing_parts_and_two_sets_of_files_are_refused(names, found):
    with pytest.raises(ValueError, match=f"D: expected all parts of the split 'train', each once, found {found}"):
        parts([*names, "val.jsonl"], "train", "D")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"line 2: expected JSON, but Expecting"),
        ('{"author": []}', r"sample 'LongLaMP_topic-train-1': expected a string as 'author', found \[\]"),
        ('{"input": "x"}', r"sample 'LongLaMP_topic-train-1': expected a string as 'author', found the keys 'input'"),
        ('{"author": "a", "input": "x", "output": null}', r"expected a string as 'output', found None"),
        ("[" * 100_000, "line 2: expected JSON, but maximum recursion depth"),
        ("[1]", r"sample 'LongLaMP_topic-train-1': expected a string as 'author', found the keys 'a row'"),
        ('{"author": "a", "input": "x", "output": "y", "profile": [5]}', "profile item 0: expected an object, found 5"),
        ('{"author": "a", "input": "x", "output": "y"}', "expected a list as 'profile'"),
    ],
)
def test_a_bad_row_is_named(line, message, tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text(f"{json.dumps(MADE[0])}\n{line}\n")
    with pytest.raises(ValueError, match=rf"^{path}: .*{message}"):
        list(read_questions(RowFiles(TOPIC, "train", (str(path),)), TOPIC))


def test_json_lines_may_begin_with_a_byte_order_mark_and_empty_lines(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text("\ufeff\n\n" + "\n\n".join(map(json.dumps, MADE)) + "\n")
    assert read_question_ids(find_files(TOPIC, tmp_path)["train"]) == [f"{TOPIC.name}-train-{n}" for n in range(7)]


@pytest.mark.parametrize("place", ["topic_writing_temporal", "LongLaMP_topic_time"])
def test_a_folder_of_the_other_setting_is_refused(place, tmp_path):
    json_lines(tmp_path / place / "train.jsonl", MADE)
    with pytest.raises(ValueError, match=f"{place}: expected files of LongLaMP_topic, found .* of LongLaMP_topic_time"):
        find_files(TOPIC, tmp_path / place)


def test_numbers_become_strings_as_the_file_spells_them(tmp_path):
    task = TASKS["LongLaMP_review"]
    (row,) = hub_rows(task, 1, items=(1, 1))
    row["profile"][0]["overall"] = 4.0
    json_lines(tmp_path / "train.jsonl", [row])
    assert next(read_questions(find_files(task, tmp_path)["train"], task))["profile"][0]["overall"] == "4.0"


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[:30] + bytes(40) + data[70:]])
def test_a_file_that_is_not_parquet_cut_off_or_damaged_is_refused(damage, tmp_path):
    path = tmp_path / "train.parquet"
    parquet(path, MADE)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"^{path}: expected a Parquet file, but .*Was it cut off"):
        read_outputs(RowFiles(TOPIC, "train", (str(path),)))
