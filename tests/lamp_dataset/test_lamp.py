import copy
import dataclasses
import errno
import hashlib
import io
import json
import os
import pickle
import shutil
import stat
from contextlib import nullcontext

import datasets
import made_up
import pytest
from datasets import load_dataset, load_dataset_builder

import lamp_dataset
from lamp_dataset.lamp import DECIDING, LOADING_RULES
from lamp_dataset.loading.rows import read_golds, read_tables
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import LAMP, TASKS

pytestmark = pytest.mark.oldest

NAMES = list(TASKS)


@pytest.fixture
def load(tmp_path):
    """load_dataset("lamp", …) with a cache of its own."""

    def load(name, **options):
        return load_dataset("lamp", name, **{"cache_dir": str(tmp_path / "cache"), **options})

    return load


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder in the site's layout with all configs, and what was written."""
    folder = tmp_path_factory.mktemp("made")
    return folder, made_up.write_all(folder, count=8)


@pytest.mark.parametrize("name", NAMES)
def test_rows_equal_the_json_they_came_from_also_when_streamed(name, load, made):
    folder, written = made
    loaded = load(name, data_dir=str(folder))
    assert list(loaded) == list(SPLITS)
    for split, (rows, golds) in written[name].items():
        assert loaded[split].to_list() == made_up.expected(TASKS[name], rows, golds)
    streamed = load(name, data_dir=str(folder), streaming=True)
    for split, (rows, golds) in written[name].items():
        assert list(streamed[split]) == made_up.expected(TASKS[name], rows, golds)


@pytest.mark.parametrize("name", NAMES)
def test_the_embedded_sample_loads(name, load):
    loaded = load(name, data_dir=lamp_dataset.SAMPLE)
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 6, "validation": 3, "test": 3}
    assert (loaded["test"]["output"][:] == [None] * 3) == (TASKS[name].hub is None)
    assert None not in loaded["train"]["output"][:]


def test_features_are_strings_and_a_list_of_dicts(load, made):
    text = datasets.Value("string")
    assert load("LaMP_3_time", data_dir=str(made[0]), split="test").features == datasets.Features(
        {
            "id": text,
            "user_id": text,
            "input": text,
            "output": text,
            "profile": [{"id": text, "date": text, "text": text, "score": text}],
        }
    )
    assert list(load("LaMP_1", data_dir=str(made[0]), split="test").features) == ["id", "input", "output", "profile"]


def test_slices_formats_and_processes_behave_as_for_any_data_set(load, made):
    folder, written = made
    expected = made_up.expected(TASKS["LaMP_4"], *written["LaMP_4"]["train"])
    part = load("LaMP_4", data_dir=str(folder), split="train[2:5]", num_proc=2)
    assert part.to_list() == expected[2:5]
    assert part.with_format("arrow")[0].column("id").to_pylist() == [expected[2]["id"]]
    lengths = part.map(lambda row: {"n": len(row["profile"])}, num_proc=2)
    assert lengths["n"][:] == [len(row["profile"]) for row in expected[2:5]]
    streamed = load("LaMP_4", data_dir=str(folder), split="train", streaming=True)
    assert streamed.num_shards == 1
    assert list(streamed.skip(2).take(3)) == expected[2:5]


def test_a_builder_survives_pickling(made, tmp_path):
    builder = load_dataset_builder("lamp", "LaMP_7", data_dir=str(made[0]), cache_dir=str(tmp_path))
    again = pickle.loads(pickle.dumps(builder))
    again.download_and_prepare()
    assert again.as_dataset("test").num_rows == 8


@pytest.mark.parametrize("splits", [("validation",), "validation", ["test", "validation"]])
def test_only_the_splits_asked_for_are_prepared(splits, load, made):
    loaded = load("LaMP_4", splits=splits, data_dir=str(made[0]))
    assert list(loaded) == (["validation"] if "test" not in splits else ["validation", "test"])


@pytest.mark.parametrize("splits", [("dev",), (), ("train", "valid")])
def test_unknown_splits_are_refused(splits, load, made):
    with pytest.raises(
        ValueError, match="splits: expected some of train, validation, test, found (dev; .*'validation'.*|none|valid)$"
    ):
        load("LaMP_4", splits=splits, data_dir=str(made[0]))


def lay_out(source, target, name, pattern):
    task = TASKS[name]
    for split, official in SPLITS.items():
        for kind, path in (("questions", task.questions_path(split)), ("outputs", task.outputs_path(split))):
            if path is not None:
                place = target / pattern.format(split=official, kind=kind)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / path, place)


def test_splits_without_a_file_are_left_out(load, made, tmp_path):
    lay_out(made[0], tmp_path / "files", "LaMP_7", "{split}_{kind}.json")
    (tmp_path / "files" / "train_questions.json").unlink()
    assert list(load("LaMP_7", data_dir=str(tmp_path / "files"))) == ["validation", "test"]
    assert datasets.get_dataset_split_names("lamp", "LaMP_7", data_dir=str(tmp_path / "files")) == [
        "validation",
        "test",
    ]


@pytest.mark.parametrize("streaming", [False, True])
def test_local_golds_of_test_are_joined(streaming, load, made, tmp_path):
    task = TASKS["LaMP_4_time"]
    lay_out(made[0], tmp_path / "files", task.name, "{split}_{kind}.json")
    rows, _ = made[1][task.name]["test"]
    golds = made_up.golds(task, rows)
    path = tmp_path / "files" / "test_outputs.json"
    before = load(task.name, data_dir=str(path.parent), split="test", streaming=streaming)
    assert [row["output"] for row in before] == [None] * len(rows)
    path.write_text(json.dumps(made_up.outputs(task, golds)))
    after = load(task.name, data_dir=str(path.parent), split="test", streaming=streaming)
    assert list(after) == made_up.expected(task, rows, golds)
    path.write_text(json.dumps(made_up.outputs(task, dict(list(golds.items())[1:]))))
    with pytest.raises(ValueError, match=r"(?s)(?=.*test_outputs\.json)(?=.*test_questions\.json)"):
        list(load(task.name, data_dir=str(path.parent), split="test", streaming=streaming))


def test_nothing_found_lists_what_was_looked_for_and_downloads_nothing(load, tmp_path):
    with pytest.raises(FileNotFoundError, match="Looked for: LaMP_2/new/train/train_questions.json, .*dev_questions"):
        load("LaMP_2", data_dir=str(tmp_path))
    with pytest.raises(FileNotFoundError, match="expected a folder, found nothing"):
        load("LaMP_2", data_dir=str(tmp_path / "no"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileNotFoundError, match="expected a folder, found a file"):
        load("LaMP_2", data_dir=str(tmp_path / "file"))


def test_the_gated_task_says_what_is_needed(load):
    for name in ("LaMP_6", "LaMP_6_time"):
        for streaming in (False, True):
            with pytest.raises(ValueError, match="LDC2015T03.*avocado-builder build --avocado-dir"):
                load(name, streaming=streaming)


@pytest.mark.parametrize("file_format", [None, "parquet"])
def test_rows_of_the_gated_task_are_kept_from_other_users(file_format, tmp_path):
    for name, mode in (("LaMP_6", 0o700), ("LaMP_7", 0o755)):
        builder = load_dataset_builder("lamp", name, data_dir=lamp_dataset.SAMPLE, cache_dir=str(tmp_path / "cache"))
        target = None if file_format is None else str(tmp_path / name)
        builder.download_and_prepare(target, file_format=file_format)
        assert stat.S_IMODE(os.stat(target or builder.cache_dir).st_mode) == mode


def test_a_config_must_be_named(load):
    for options in ({}, {"data_dir": lamp_dataset.SAMPLE}):
        with pytest.raises(ValueError, match="which config.*LaMP_1, LaMP_1_time, LaMP_2,"):
            load(None, **options)
    with pytest.raises(ValueError, match="no config named 'LaMP-2N': that task is 'LaMP_2_news' here"):
        load("LaMP-2N")
    with pytest.raises(ValueError, match="data_files: LaMP takes data_dir"):
        load("LaMP_2", data_files={"train": os.path.join(lamp_dataset.SAMPLE, "LaMP_2", "new", "dev", "*.json")})


class TestCache:
    """Never stale, never foreign, never half-written."""

    def test_the_same_files_elsewhere_are_the_same_rows(self, load, made, tmp_path, monkeypatch):
        first = load("LaMP_2", data_dir=str(made[0]), split="test")
        shutil.copytree(made[0], tmp_path / "copy")
        monkeypatch.setattr("lamp_dataset.lamp.split_tables", None)
        assert load("LaMP_2", data_dir=str(tmp_path / "copy"), split="test").cache_files == first.cache_files

    @pytest.mark.parametrize("kind", ["questions", "outputs"])
    def test_changed_files_of_the_same_name_give_new_rows(self, kind, load, made, tmp_path):
        lay_out(made[0], tmp_path / "files", "LaMP_4", "{split}_{kind}.json")
        before = load("LaMP_4", data_dir=str(tmp_path / "files"), split="validation")
        path = tmp_path / "files" / f"dev_{kind}.json"
        status = path.stat()
        old, new = ("article", "artICLE") if kind == "questions" else ("title of", "TITLE of")
        text = path.read_text()
        path.write_text(text[:60] + text[60:].replace(old, new))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        after = load("LaMP_4", data_dir=str(tmp_path / "files"), split="validation")
        assert after.to_list() != before.to_list()
        assert new in json.dumps(after.to_list())

    @pytest.mark.parametrize(
        ("change", "stale"),
        [
            ({"lamp_dataset.lamp.LOADING_RULES": 99}, True),
            ({"lamp_dataset.loading.datasets_internals.feature_format": lambda: "in another way"}, True),
            ({"profile_fields": ("title", "text", "more")}, True),
            ({"num_samples": {"train": 1, "validation": 1, "test": 1}}, True),
            ({"wording": None, "title": "Another title", "source": "elsewhere", "document_fields": ("text",)}, False),
            ({"lamp_dataset.version.__version__": "99"}, False),
        ],
        ids=["rules", "format", "fields", "counts", "prompts and words", "version"],
    )
    def test_what_decides_the_rows_makes_prepared_ones_stale_and_nothing_else(
        self, change, stale, load, made, monkeypatch
    ):
        before = load("LaMP_4", data_dir=str(made[0]), split="test").cache_files
        task = copy.copy(TASKS["LaMP_4"])
        for name, value in change.items():
            if "." in name:
                monkeypatch.setattr(name, value)
            else:
                object.__setattr__(task, name, value)
        monkeypatch.setattr("lamp_dataset.lamp.get_task", lambda name: task)
        monkeypatch.setattr("lamp_dataset.lamp.split_tables", lambda *_, **__: 1 / 0)
        with pytest.raises(datasets.exceptions.DatasetGenerationError) if stale else nullcontext():
            assert load("LaMP_4", data_dir=str(made[0]), split="test").cache_files == before

    def test_the_key_has_every_fact_that_the_loader_reads(self, made, monkeypatch):
        read, get = set(), object.__getattribute__
        paths = [(task.questions_path("validation"), task.outputs_path("validation")) for task in TASKS.values()]
        monkeypatch.setattr(Task, "__getattribute__", lambda task, name: read.add(name) or get(task, name))
        for task, (questions, outputs) in zip(TASKS.values(), paths, strict=True):
            golds = read_golds((made[0] / outputs).read_bytes(), outputs, task)
            list(read_tables(io.BytesIO((made[0] / questions).read_bytes()), questions, task, golds))
        columns = {column.name for column in dataclasses.fields(Task)}
        # The instruction's first words are the opening; bases and aliases are names that files may give.
        assert (read & columns) - {"name", "instruction", "base", "aliases"} <= set(DECIDING)

    def test_rows_of_one_version_of_the_rules_are_always_the_same(self, made):
        """If these digests change, raise LOADING_RULES, so that rows that were prepared before are made anew."""
        digest = hashlib.sha256()
        for name, task in TASKS.items():
            for split in SPLITS if task.family is LAMP else ():
                path = made[0] / task.questions_path(split)
                with path.open("rb") as file:
                    for table in read_tables(file, path.name, task):
                        digest.update(json.dumps([name, split, table.to_pylist()]).encode())
        assert {LOADING_RULES: digest.hexdigest()[:16]} == {1: "cfc841356cc80818"}

    def test_a_failed_call_leaves_nothing_that_a_later_one_takes(self, load, made, tmp_path):
        lay_out(made[0], tmp_path / "files", "LaMP_4", "{split}_{kind}.json")
        good = (tmp_path / "files" / "test_questions.json").read_text()
        (tmp_path / "files" / "test_questions.json").write_text(good[:-200])
        for _ in range(2):
            with pytest.raises(ValueError, match="test_questions.json: expected JSON, but .* Was it cut off"):
                load("LaMP_4", data_dir=str(tmp_path / "files"))
        (tmp_path / "files" / "test_questions.json").write_text(good)
        assert load("LaMP_4", data_dir=str(tmp_path / "files"))["test"].num_rows == 8


class TestFilesThatChange:
    """What is read must be what the name of the cache folder stands for."""

    def files(self, made, folder):
        lay_out(made[0], folder, "LaMP_7", "{split}_{kind}.json")
        return folder / "test_questions.json"

    def test_between_the_builder_and_its_preparation(self, made, load, tmp_path):
        path = self.files(made, tmp_path / "files")
        options = {"data_dir": str(tmp_path / "files"), "cache_dir": str(tmp_path / "cache")}
        builder = load_dataset_builder("lamp", "LaMP_7", **options)
        good = path.read_text()
        path.write_text(good.replace("tweet", "TWEET", 1))
        with pytest.raises(ValueError, match="files of the split 'test' have changed"):
            builder.download_and_prepare()
        path.write_text(good)
        assert load("LaMP_7", **options)["test"][0]["input"].startswith("Paraphrase the following tweet")

    def test_a_split_that_comes_or_goes(self, made, load, tmp_path):
        path = self.files(made, tmp_path / "files")
        options = {"data_dir": str(tmp_path / "files"), "cache_dir": str(tmp_path / "cache")}
        builder = load_dataset_builder("lamp", "LaMP_7", **options)
        path.rename(tmp_path / "away.json")
        with pytest.raises(FileNotFoundError, match="test_questions.json"):
            builder.download_and_prepare()
        smaller = load_dataset_builder("lamp", "LaMP_7", **options)
        (tmp_path / "away.json").rename(path)
        smaller.download_and_prepare()
        assert list(smaller.as_dataset()) == ["train", "validation"]
        assert list(load("LaMP_7", **options)) == ["train", "validation", "test"]

    def test_a_relative_folder_is_that_of_the_moment_it_was_named(self, made, load, tmp_path, monkeypatch):
        self.files(made, tmp_path / "here" / "files")
        monkeypatch.chdir(tmp_path / "here")
        builder = load_dataset_builder("lamp", "LaMP_7", data_dir="files", cache_dir=str(tmp_path / "cache"))
        streamed = load("LaMP_7", data_dir="files", streaming=True)
        monkeypatch.chdir(tmp_path)
        builder.download_and_prepare()
        assert builder.as_dataset("test").to_list() == list(streamed["test"])

    def test_the_same_file_as_another_split_is_another_data_set(self, made, load, tmp_path):
        path = self.files(made, tmp_path / "one")
        self.files(made, tmp_path / "two")
        for name in ("train", "dev"):
            for folder in ("one", "two"):
                (tmp_path / folder / f"{name}_questions.json").unlink()
        (tmp_path / "two" / "test_questions.json").unlink()
        (tmp_path / "two" / "dev_questions.json").write_bytes(path.read_bytes())
        rows = json.loads(path.read_text())
        golds = made_up.outputs(TASKS["LaMP_7"], made_up.golds(TASKS["LaMP_7"], rows))
        (tmp_path / "two" / "dev_outputs.json").write_text(json.dumps(golds))
        assert list(load("LaMP_7", data_dir=str(tmp_path / "one"))) == ["test"]
        assert list(load("LaMP_7", data_dir=str(tmp_path / "two"))) == ["validation"]


def test_published_counts_are_not_shown_for_a_folder(made):
    info = load_dataset_builder("lamp", "LaMP_2", data_dir=str(made[0])).info
    assert {split: found.num_examples for split, found in info.splits.items()} == dict.fromkeys(SPLITS, 0)
    official = load_dataset_builder("lamp", "LaMP_2").info
    assert [official.splits[split].num_examples for split in SPLITS] == [3820, 692, 870]


def test_odd_names_of_folders(made, load, tmp_path):
    for name in ("we::ird", "with blank", "%20#?", "[1]*", "ünï"):
        folder = tmp_path / name / "files"
        lay_out(made[0], folder, "LaMP_7", "{split}_{kind}.json")
        expected = made_up.expected(TASKS["LaMP_7"], *made[1]["LaMP_7"]["test"])
        assert list(load("LaMP_7", data_dir=folder, streaming=True, split="test")) == expected
        assert load("LaMP_7", data_dir=folder, split="test").to_list() == expected


def test_a_link_to_nothing_is_not_a_missing_split(made, load, tmp_path):
    lay_out(made[0], tmp_path, "LaMP_7", "{split}_{kind}.json")
    (tmp_path / "test_questions.json").unlink()
    (tmp_path / "test_questions.json").symlink_to(tmp_path / "gone.json")
    with pytest.raises(FileNotFoundError, match="test_questions.json"):
        load("LaMP_7", data_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data_dir": 3}, "data_dir: expected the path of a folder, found 3"),
        ({"data_dir": "sample"}, "found nothing .the embedded sample is lamp_dataset.SAMPLE"),
        ({"data_dir": "https://example.org"}, "pass a mirror as base_url"),
        ({"base_url": 3}, "base_url: expected the http or https address of a mirror, found 3"),
        ({"splits": 3}, "splits: expected some of train, validation, test, found 3"),
    ],
)
def test_options_of_another_kind(options, message, load):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        load("LaMP_6", **options)


@pytest.mark.parametrize("address", ["{folder}", "file://{folder}"])
def test_a_folder_is_no_mirror_and_nothing_in_it_is_touched(address, load, tmp_path):
    path = tmp_path / TASKS["LaMP_7"].questions_path("test")
    path.parent.mkdir(parents=True)
    path.write_text("<html>")
    with pytest.raises(ValueError, match="for files in a folder use data_dir"):
        load("LaMP_7", base_url=address.format(folder=tmp_path), splits=("test",))
    assert path.read_text() == "<html>"


def test_a_full_disk_is_named_as_such(load, made, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("datasets.arrow_writer.ArrowWriter.write_table", full)
    with pytest.raises(OSError, match=f"No space left on device \\(the cache\\): '{tmp_path / 'cache'}'"):
        load("LaMP_4", data_dir=str(made[0]))
    monkeypatch.undo()
    assert load("LaMP_4", data_dir=str(made[0]))["test"].num_rows == 8


@pytest.mark.parametrize("streaming", [False, True])
def test_another_size_than_the_published_one_is_said_once(load, made, streaming, caplog):
    def said():
        lines = [record.getMessage() for record in caplog.records if record.name.startswith("lamp_dataset")]
        caplog.clear()
        return lines

    list(load("LaMP_4", data_dir=str(made[0]), split="test", splits="test", streaming=streaming))
    [line] = said()
    assert all(fact in line for fact in ("test_questions.json", "8 samples", "LaMP_4", "2376"))
    list(load("LaMP_2_news_time", data_dir=str(made[0]), split="test", streaming=streaming))  # never published
    list(load("LaMP_4", data_dir=lamp_dataset.SAMPLE, split="test", streaming=streaming))
    assert said() == []


def test_a_folder_without_the_split_names_those_that_it_has(load, tmp_path):
    made_up.write_split(tmp_path, TASKS["LaMP_2"], "test")
    with pytest.raises(FileNotFoundError, match="no questions file of LaMP_2, split validation; it has one of test"):
        load("LaMP_2", data_dir=str(tmp_path), splits="validation")
