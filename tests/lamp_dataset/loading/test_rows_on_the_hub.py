import hashlib
import json
import subprocess
import sys
from decimal import Decimal

import datasets
import pyarrow as pa
import pytest
from datasets import load_dataset
from hub_server import Hub
from hub_server.store import File
from made_layouts import ON_HUB, SPLITS, hub_rows, in_parts, json_lines, parquet, rows_of_hub

import lamp_dataset
from lamp_dataset.formats.files import find_files
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.oldest


@pytest.fixture
def load(tmp_path):
    def load(name, **options):
        return load_dataset("lamp", name, **{"cache_dir": str(tmp_path / "cache"), **options})

    return load


def split_rows(task, count=9):
    return {split: hub_rows(task, count, seed=split) for split in SPLITS}


@pytest.mark.parametrize("name", ON_HUB)
@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_rows_streams_slices_and_other_parts_agree(name, kind, load, tmp_path):
    task = TASKS[name]
    made = split_rows(task)
    if kind == "parquet":
        in_parts(tmp_path, task, made)
    else:
        for split, rows in made.items():
            json_lines(tmp_path / task.hub.folder / f"{SPLITS[split]}.jsonl", rows)
    loaded = load(name, data_dir=str(tmp_path))
    streamed = load(name, data_dir=str(tmp_path), streaming=True)
    for split, rows in made.items():
        expected = rows_of_hub(task, split, rows)
        assert loaded[split].to_list() == list(streamed[split]) == expected
    in_parts(tmp_path / "again", task, made, parts=3)
    assert load(name, data_dir=str(tmp_path / "again"), split="test[4:6]").to_list() == expected[4:6]


def test_odd_types_of_parquet_are_read_and_what_is_missing_is_named(load, tmp_path):
    task = TASKS["LongLaMP_review"]
    rows = hub_rows(task, 3, items=(2, 2))
    for row in rows:
        row["profile"] = [{**item, "overall": 3.0, "id": 7} for item in row["profile"]]
    parquet(tmp_path / "a" / "train.parquet", rows)
    found = load(task.name, data_dir=str(tmp_path / "a"), split="train")
    assert found[2]["profile"][1] == {
        **rows_of_hub(task, "train", rows)[2]["profile"][1],
        "overall": "3.0",
    }
    rows[1]["profile"][1]["summary"] = None
    parquet(tmp_path / "b" / "train.parquet", rows)
    with pytest.raises(ValueError, match=r"train.parquet: sample 'LongLaMP_review-train-1': profile item 1: .*summary"):
        load(task.name, data_dir=str(tmp_path / "b"))
    topic = TASKS["LongLaMP_topic"]
    parquet(tmp_path / "c" / "train.parquet", [{**row, "author": "x"} for row in hub_rows(task, 12)])
    with pytest.raises(ValueError, match="expected a string as 'author' .*like those of LongLaMP_review"):
        load(topic.name, data_dir=str(tmp_path / "c"))
    twice = pa.ListArray.from_arrays([0, 1], pa.StructArray.from_arrays([["a"], ["b"]], ["summary", "summary"]))
    (tmp_path / "d").mkdir()
    pa.parquet.write_table(
        pa.table({"author": ["x"], "input": [topic.instruction], "output": ["y"], "profile": twice}),
        tmp_path / "d" / "train.parquet",
    )
    with pytest.raises(ValueError, match=r"train.parquet: .*duplicate field names"):
        load(topic.name, data_dir=str(tmp_path / "d"))
    large = pa.Table.from_pylist(hub_rows(topic, 4))
    large = large.cast(
        pa.schema([(f.name, pa.large_string() if f.type == pa.string() else f.type) for f in large.schema])
    )
    pa.parquet.write_table(large, tmp_path / "train.parquet")
    rows = rows_of_hub(topic, "train", hub_rows(topic, 4))
    assert load(topic.name, data_dir=str(tmp_path), split="train").to_list() == rows


@pytest.mark.parametrize(("value", "text"), [(7, "7"), (2.0, "2.0"), (True, "True"), (Decimal("5.0"), "5.0")])
def test_numbers_are_the_same_strings_however_they_are_read(value, text, load, tmp_path):
    task = TASKS["LongLaMP_review"]
    (row,) = hub_rows(task, 1, items=(1, 1))
    row |= {"reviewerId": value, "output": value, "profile": [{**row["profile"][0], "overall": value, "id": value}]}
    parquet(tmp_path / "train.parquet", [row])
    found = load(task.name, data_dir=str(tmp_path), split="train")[0]
    assert (
        (found["user_id"], found["output"])
        == (found["profile"][0]["overall"], found["profile"][0]["id"])
        == (text, text)
    )
    assert next(find_files(task, tmp_path)["train"].rows())[0] == found


def test_the_golds_of_all_splits_and_the_unknown_license_are_there(load):
    for name in ON_HUB:
        loaded = load(name, data_dir=lamp_dataset.SAMPLE)
        assert {split: None in rows["output"][:] for split, rows in loaded.items()} == dict.fromkeys(SPLITS, False)
        info = loaded["train"].info
        assert (info.license.split(";")[0], "2407.11016" in info.citation) == ("unknown (LongLaMP)", True)


def test_a_revision_belongs_to_what_is_on_the_hub(load):
    with pytest.raises(ValueError, match="revision: the files of LaMP_4 are not on the Hub"):
        load("LaMP_4", data_dir=lamp_dataset.SAMPLE, revision="main")


LOAD = """
import json, sys, datasets, lamp_dataset
name, options = json.loads(sys.argv[1])
try:
    found = datasets.load_dataset("lamp", name, **options)
    rows = {split: list(rows) for split, rows in found.items()}
    info = None if options.get("streaming") else next(iter(found.values())).info.download_checksums
    print("ANSWER", json.dumps([rows, info]))
except Exception as error:
    print("ANSWER", json.dumps([type(error).__name__, str(error)]))
"""


def test_from_a_made_up_hub(tmp_path):
    task = TASKS["LongLaMP_abstract_time"]
    old, new = split_rows(task, 5), split_rows(task, 7)

    def files(made, place):
        paths = in_parts(place, task, made)
        return {path.relative_to(place).as_posix(): path.read_bytes() for path in paths}

    with Hub(tmp_path, xet=False) as hub:
        repo = hub.store.create(task.hub.repo, private=False)
        contents = [files(made, tmp_path / place) for made, place in ((old, "old"), (new, "new"))]
        for content in contents:
            stored = {path: File(data, lfs=True) for path, data in content.items()}
            hub.store.blobs |= {file.oid: file.data for file in stored.values()}
            repo.commit(f"files {len(repo.commits)}", {**stored, "README.md": File(b"# LongLaMP\n", lfs=False)})
        first, last = (commit.oid for commit in repo.commits[1:])

        def load(home="home", **options):
            environment = hub.environment(None, tmp_path / home)
            command = [sys.executable, "-c", LOAD, json.dumps([task.name, options])]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
            answer = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
            assert answer, done.stderr
            return json.loads(answer[-1].removeprefix("ANSWER "))

        expected = [{split: rows_of_hub(task, split, made[split]) for split in made} for made in (old, new)]
        rows, facts = load()
        assert rows == expected[1]
        root = f"{task.hub.repo}@{last}/"
        assert facts == {
            f"{root}{path}": {"num_bytes": len(data), "checksum": hashlib.sha256(data).hexdigest()}
            for path, data in contents[1].items()
        }
        assert load(streaming=True)[0] == expected[1]
        rows, facts = load(revision=first)
        assert (rows, {path.split("@")[1].split("/")[0] for path in facts}) == (expected[0], {first})
        kind, message = load(revision="no-such", home="other")
        assert (kind, "no-such" in message or "revision" in message.lower()) == ("ConnectionError", True)
        hub.log.clear()
        assert load()[0] == expected[1]
        assert not hub.seen("GET", "/resolve/|/tree/")
        files_gone = {path: file for path, file in repo.head.files.items() if "/test-" not in path}
        repo.commit("no test", files_gone)
        kind, message = load(home="third")
        assert (kind, "expected files of the split 'test', found train-" in message) == ("ValueError", True)
        assert load(home="third", splits=["train"])[0] == {"train": expected[1]["train"]}
    assert not hub.noted("outside")


def test_features_and_names_are_those_of_other_configs(load):
    assert datasets.get_dataset_config_names("lamp")[:2] == ["LaMP_1", "LaMP_1_time"]
    assert list(load("LongLaMP_abstract", data_dir=lamp_dataset.SAMPLE, split="test").features) == [
        *("id", "user_id", "input", "output", "profile")
    ]
