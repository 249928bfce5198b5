import json
import logging
import os
import shutil
import stat
import zipfile
from pathlib import Path

import fake_avocado
import fake_mails
import official_build
import pytest
from mail_oracle import needs_email_of_3_11_7

import avocado_builder
from avocado_builder.building import build
from avocado_builder.mail.parsing import REPAIRS

SHORT = fake_avocado.FILES


def id_files(folder, splits=tuple(SHORT)):
    return {split: folder / f"{SHORT[split]}_questions.json" for split in splits}


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir()) if path.name != "manifest.json"}


def official(place, ids, **how):
    zips = place / "avocado-1.0.2" / "data" / "text"
    official_build.build(zips, place / "extract", id_files(place / ids), place / "official", **how)
    return contents(place / "official")


def first_subject(data):
    """The wanted difference in a file of the official way: of a list of subjects the first."""

    def walk(value):
        if isinstance(value, dict):
            return {key: first(key, walk(entry)) for key, entry in value.items()}
        return [walk(entry) for entry in value] if isinstance(value, list) else value

    def first(key, value):
        return value[0] if key in ("title", "output") and isinstance(value, list) else value

    return json.dumps(walk(json.loads(data))).encode()


@needs_email_of_3_11_7
@pytest.mark.parametrize(("ids", "time_based", "config"), [("ids", False, "LaMP_6"), ("time_ids", True, "LaMP_6_time")])
def test_output_equals_the_official_way_byte_for_byte(place, ids, time_based, config):
    manifest = build(place / "avocado-1.0.2", place / ids, place / "out")
    expected = official(place, ids, time_based=time_based)
    assert manifest["config"] == config
    assert manifest["repairs"]["subjects"]["count"] > 0
    assert contents(place / "out") == {name: first_subject(data) for name, data in expected.items()}


@needs_email_of_3_11_7
def test_without_doubled_subjects_nothing_at_all_differs(tmp_path):
    kinds = [kind for kind in fake_avocado.BENIGN if kind != "doubled subject"]
    names = fake_avocado.write_collection(tmp_path / "avocado-1.0.2", accounts=2, mails=60, seed=9, kinds=kinds)
    fake_avocado.write_ids(tmp_path / "ids", names, rows=9, items=12)
    manifest = build(tmp_path / "avocado-1.0.2", tmp_path / "ids", tmp_path / "out")
    assert contents(tmp_path / "out") == official(tmp_path, "ids")
    assert {repair["count"] for repair in manifest["repairs"].values()} == {0}


def test_rows_by_hand(tmp_path):
    fake_avocado.write_zip(
        tmp_path / "001.zip",
        [
            ("001/001-000001-EM.txt", "Subject: Lunch\n\nAt noon \u20ac?\n".encode()),
            ("001/001-000002-EM.txt", b"Subject: Re: Lunch\n\nFine.\n"),
        ],
    )
    item = {"text": "001-000002-EM.txt", "id": "500", "date": "2001-05-01", "seen": 2, "more": {"a": [1.5, None]}}
    row = {"profile": [item], "input": "001-000001-EM.txt", "id": "50", "extra": True, "user_id": 7}
    (tmp_path / "ids").mkdir()
    (tmp_path / "ids" / "train_questions.json").write_text(json.dumps([row]))
    avocado_builder.build(tmp_path, tmp_path / "ids", tmp_path.parent / "hand")
    assert contents(tmp_path.parent / "hand") == {
        "train_questions.json": b'[{"id": "50", "input": "Generate a subject for the following email: '
        b'At noon \\u20ac?", "profile": [{"text": "Fine.", "id": "500", "date": "2001-05-01", "seen": 2, '
        b'"more": {"a": [1.5, null]}, '
        b'"title": "Re: Lunch"}], "user_id": 7}]',
        "train_outputs.json": b'{"task": "LaMP_6", "golds": [{"id": "50", "output": "Lunch"}]}',
    }


def test_the_two_wanted_differences_are_counted_with_names(tmp_path):
    kinds = ["windows path", "doubled subject", "generated headers"]
    names = fake_avocado.write_collection(tmp_path / "a", 1, 8, kinds=kinds)
    fake_avocado.write_ids(tmp_path / "ids", names, rows=6, items=20)
    repairs = build(tmp_path / "a", tmp_path / "ids", tmp_path / "out")["repairs"]
    assert set(repairs) == set(REPAIRS)
    assert repairs["escape"]["mails"] == ["001-000000-EM.txt", "001-000003-EM.txt", "001-000006-EM.txt"]
    assert repairs["subjects"]["mails"] == ["001-000001-EM.txt", "001-000004-EM.txt", "001-000007-EM.txt"]
    assert repairs["subjects"]["count"] == 3


def test_nothing_of_the_collection_is_touched(place, snapshot):
    before = snapshot(place / "avocado-1.0.2")
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite=True)
    assert snapshot(place / "avocado-1.0.2") == before


def test_nothing_but_the_output_is_written(place, monkeypatch):
    (place / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(place / "tmp"))
    before = set(place.rglob("*"))
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    new = set(place.rglob("*")) - before
    assert {path.parent for path in new} == {place, place / "out"}
    assert {path.name for path in new if path.parent == place} == {"out"}


@pytest.mark.parametrize("below", ["", "data", "data/text"])
def test_any_folder_of_the_collection_will_do(place, below):
    build(place / "avocado-1.0.2" / below, place / "ids", place / "out")
    build(place / "avocado-1.0.2", place / "ids", place / "other")
    assert contents(place / "out") == contents(place / "other")


def test_extracted_accounts_and_the_folder_around_give_the_same(place, snapshot):
    for path in (place / "avocado-1.0.2" / "data" / "text").iterdir():
        with zipfile.ZipFile(path) as archive:
            archive.extractall(place / "extracted")
    before = snapshot(place / "extracted")
    build(place / "extracted", place / "ids", place / "out")
    assert snapshot(place / "extracted") == before
    around = shutil.copytree(place / "avocado-1.0.2", place / "around" / "avocado-1.0.2").parent
    build(around, place / "ids", place / "other")
    assert contents(place / "out") == contents(place / "other")


@pytest.mark.parametrize("splits", [("test",), ("validation", "train")])
def test_any_subset_of_splits(place, splits):
    whole = build(place / "avocado-1.0.2", place / "ids", place / "whole")
    manifest = build(place / "avocado-1.0.2", place / "ids", place / "out", splits=splits)
    assert set(manifest["splits"]) == set(splits)
    for split in splits:
        assert manifest["splits"][split] == whole["splits"][split]
    wanted = {f"{SHORT[split]}_{kind}.json" for split in splits for kind in ("questions", "outputs")}
    assert set(contents(place / "out")) == wanted - {"test_outputs.json"}


def test_splits_without_id_file_are_left_out_unless_asked_for(place):
    (place / "ids" / "dev_questions.json").unlink()
    manifest = build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert list(manifest["splits"]) == ["train", "test"]
    sentence = "no id file for validation: looked for dev_questions.json; that split is left out"
    assert manifest["left_out"] == {"validation": sentence}
    assert json.loads((place / "out" / "manifest.json").read_text()) == manifest
    with pytest.raises(FileNotFoundError, match=r"ids: expected the id files dev_questions\.json in it"):
        build(place / "avocado-1.0.2", place / "ids", place / "other", splits=("validation",))
    assert not (place / "other").exists()


def test_only_the_owner_may_read_the_output(place):
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (place / "out").iterdir()}
    assert stat.S_IMODE((place / "out").stat().st_mode) == 0o700
    assert len(modes) == 6
    assert set(modes.values()) == {0o600}


def test_the_same_input_gives_the_same_folder(place):
    for name in ("one", "two"):
        build(place / "avocado-1.0.2", place / "ids", place / name)
    assert (place / "one" / "manifest.json").read_bytes() == (place / "two" / "manifest.json").read_bytes()
    assert contents(place / "one") == contents(place / "two")


def test_the_manifest_is_returned_and_says_what_the_licence_means(place):
    manifest = build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert json.loads((place / "out" / "manifest.json").read_text()) == manifest
    assert "LDC2015T03" in manifest["licence"]
    assert "do not publish" in manifest["notice"]
    assert manifest["builder"]["rules"] == "mail-parser-3.15.0"
    train = manifest["splits"]["train"]
    assert train["ids"] == {
        "file": "train_questions.json", "rows": 12, "profile_items": 108,
        "sha256": avocado_builder.building.sha256_of(place / "ids" / "train_questions.json"),
    }  # fmt: skip
    assert train["outputs"]["sha256"] == avocado_builder.building.sha256_of(place / "out" / "train_outputs.json")


def test_a_target_in_a_git_work_tree_is_warned_of(place, caplog):
    (place / "repo" / ".git").mkdir(parents=True)
    build(place / "avocado-1.0.2", place / "ids", place / "repo" / "out")
    assert f"lies in the git work tree {place / 'repo'}" in caplog.text


def test_mail_text_never_appears_in_a_log_or_an_error(place, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    (place / "avocado-1.0.2" / "data" / "text" / "notes.txt").write_text("x")
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    with pytest.raises(ValueError, match=r"found a text of \d+ characters; was this file built already\?") as error:
        build(place / "avocado-1.0.2", place / "out", place / "other")
    texts = [row["input"][44:84] for row in json.loads((place / "out" / "train_questions.json").read_text())]
    output = capfd.readouterr()
    everything = caplog.text + str(error.value) + output.out + output.err
    assert "notes.txt" in everything
    assert not [text for text in texts if text and text in everything]


@pytest.mark.parametrize("where", ["", "out", "data", "data/out", "data/text/out"])
def test_output_in_or_around_the_collection_is_refused(place, snapshot, where):
    before = snapshot(place / "avocado-1.0.2")
    with pytest.raises(ValueError, match="the output must not lie in the collection"):
        build(place / "avocado-1.0.2", place / "ids", place / "avocado-1.0.2" / where, overwrite=True)
    assert snapshot(place / "avocado-1.0.2") == before


def test_output_beside_the_collection_is_fine_where_the_folder_around_is_named(place):
    assert build(place, place / "ids", place / "out")["config"] == "LaMP_6"


def test_half_characters_are_warned_of_and_kept(tmp_path):
    fake_avocado.write_zip(tmp_path / "001.zip", [("001/001-000000-EM.txt", b"Subject: s\n\nsee \\ud83d here")])
    fake_avocado.write_ids(tmp_path / "ids", ["001-000000-EM.txt"])
    manifest = build(tmp_path, tmp_path / "ids", tmp_path.parent / "half")
    assert manifest["warnings"]["surrogate"]["mails"] == ["001-000000-EM.txt"]
    assert b"see \\ud83d here" in (tmp_path.parent / "half" / "train_questions.json").read_bytes()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"splits": ("dev",)}, "splits: expected one of train, validation, test, found 'dev'"),
        ({"splits": "train"}, "splits: expected one of train, validation, test, found 't'"),
        ({"setting": "weekly"}, "setting: expected one of user, time, found 'weekly'"),
        ({"id_files": {"dev": "x"}}, "splits: expected one of train, validation, test, found 'dev'"),
        ({"id_files": {"train": "x"}, "splits": ("test",)}, "splits: expected one of train, found 'test'"),
    ],
)
def test_unknown_splits_and_settings_are_refused(place, how, message):
    with pytest.raises(ValueError, match=message):
        build(place / "avocado-1.0.2", place / "ids", place / "out", **how)
    assert not (place / "out").exists()


def test_id_files_that_change_under_the_build_are_noticed(place, monkeypatch):
    original = avocado_builder.building.write_split

    def change(split, file, *rest):
        if split == "train":
            file.path.write_text(file.path.read_text() + "\n")
        return original(split, file, *rest)

    monkeypatch.setattr(avocado_builder.building, "write_split", change)
    with pytest.raises(ValueError, match=r"train_questions\.json: the file changed while it was read"):
        build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert not (place / "out").exists()


def test_an_unwritable_folder_is_named(place):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (place / "locked").mkdir(mode=0o500)
    with pytest.raises(PermissionError, match="locked"):
        build(place / "avocado-1.0.2", place / "ids", place / "locked" / "out")


def test_every_kind_of_mail_is_in_the_collection():
    assert {*fake_avocado.BENIGN, "windows path"} == set(fake_mails.KINDS)
