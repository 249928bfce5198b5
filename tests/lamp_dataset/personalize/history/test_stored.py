import os

import datasets
import pytest
from histories import made_up

import lamp_dataset
from lamp_dataset import TASKS
from lamp_dataset.personalize.history import stored
from lamp_dataset.personalize.history.stored import StoredRows, declared_tables

TASK = TASKS["LaMP_4_time"]


@pytest.mark.parametrize("profiles", [1, 10**9])
def test_profiles_come_back_in_any_order(tmp_path, monkeypatch, profiles):
    monkeypatch.setattr(stored, "PROFILES", profiles)
    rows = [*made_up(TASK, users=150), {"id": "x", "user_id": "u", "input": "y", "profile": None}]
    found = StoredRows(TASK, (row for row in rows), str(tmp_path / "profiles"))
    assert sum(len(table) for table in found.tables()) == len(rows)
    for wanted in ([5], [0, 400, 5, 450, 399, *range(30)]):
        items = [{key: item[key] for key in TASK.item_fields} for row in wanted for item in rows[row]["profile"] or []]
        assert found.items(wanted).to_pylist() == items
    assert not len(found.items([450]))


def test_rows_in_files_are_not_written_again(tmp_path):
    rows = datasets.load_dataset("lamp", "LaMP_4_time", data_dir=lamp_dataset.SAMPLE, split="train")
    for given, written in ((rows, []), (rows.select([1, 0]), ["profiles"])):
        found = StoredRows(TASK, given, str(tmp_path / "profiles"))
        list(found.tables())
        assert found.items([1]).to_pylist() == given[1]["profile"]
        assert os.listdir(tmp_path) == written


def test_files_with_dicts_of_lists_are_written_again(tmp_path):
    rows = datasets.load_dataset("lamp", "LaMP_4_time", data_dir=lamp_dataset.SAMPLE, split="train")
    profiles = [{name: [item[name] for item in row["profile"]] for name in TASK.item_fields} for row in rows]
    given = [{**row, "profile": profile} for row, profile in zip(rows, profiles, strict=True)]
    texts = datasets.Sequence(datasets.Value("string"))
    features = datasets.Features({**rows.features, "profile": dict.fromkeys(TASK.item_fields, texts)})
    datasets.Dataset.from_list(given, features=features).save_to_disk(tmp_path / "rows")
    found = StoredRows(TASK, datasets.load_from_disk(tmp_path / "rows"), str(tmp_path / "profiles"))
    list(found.tables())
    assert found.items([1, 0]).to_pylist() == rows[1]["profile"] + rows[0]["profile"]


def test_the_rows_of_files_and_of_memory_have_one_shape():
    rows = datasets.load_dataset("lamp", "LaMP_4_time", data_dir=lamp_dataset.SAMPLE, split="train")
    (from_files,) = declared_tables(TASK, rows)
    (from_dicts,) = declared_tables(TASK, rows.to_list())
    assert from_files.to_pylist() == from_dicts.to_pylist() == rows.to_list()


@pytest.mark.parametrize("rows", ["train", {"train": []}, 3, datasets.DatasetDict()])
def test_what_is_no_split_is_refused(rows):
    with pytest.raises(ValueError, match=type(rows).__name__):
        list(declared_tables(TASK, rows))
