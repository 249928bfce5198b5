import json
import logging
import shutil
import stat
import zipfile
from pathlib import Path

import fake_avocado
import official_build
import pytest
from console import printed_by
from folders import names, tree
from mail_oracle import needs_email_of_3_11_7

import avocado_builder
import lamp_dataset
from avocado_builder.building import build, check_collection
from avocado_builder.built_files import check_output
from avocado_builder.collection import GATED, configs_of
from avocado_builder.mail import REPAIRS
from lamp_dataset.atomic import whole_folder
from lamp_dataset.task import SPLITS

ROOT = str(Path(avocado_builder.__file__).parent.parent)
SHORT = fake_avocado.FILES
SAMPLE = Path(lamp_dataset.SAMPLE)
AVOCADO = SAMPLE / "avocado"


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


def test_nothing_is_written_but_the_output_for_its_owner_alone(place, snapshot, monkeypatch):
    (place / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(place / "tmp"))
    before, collection = set(place.rglob("*")), snapshot(place / "avocado-1.0.2")
    for overwrite in (False, True):
        build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite=overwrite)
    assert snapshot(place / "avocado-1.0.2") == collection
    new = set(place.rglob("*")) - before
    assert {path.relative_to(place).parts[0] for path in new} == {"out"}
    assert [stat.S_IMODE(path.stat().st_mode) for path in sorted(new)] == [0o700] + [0o600] * 6


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
    build(around, place / "ids", place / "around out")
    build(place, place / "ids", place / "other")  # with the output beside the collection
    assert contents(place / "around out") == contents(place / "other")
    assert contents(place / "out") == contents(place / "other")


def test_any_subset_of_splits(place):
    splits = ("validation", "train")
    whole = build(place / "avocado-1.0.2", place / "ids", place / "whole")
    manifest = build(place / "avocado-1.0.2", place / "ids", place / "out", splits=splits)
    assert set(manifest["splits"]) == set(splits)
    for split in splits:
        assert manifest["splits"][split] == whole["splits"][split]
    wanted = {f"{SHORT[split]}_{kind}.json" for split in splits for kind in ("questions", "outputs")}
    assert set(contents(place / "out")) == wanted


def test_a_target_in_a_git_work_tree_is_warned_of(place, caplog):
    (place / "repo" / ".git").mkdir(parents=True)
    build(place / "avocado-1.0.2", place / "ids", place / "repo" / "out")
    assert f"{place / 'repo' / 'out'} is in the git work tree {place / 'repo'}:" in caplog.text


def test_mail_text_never_appears_in_a_log_or_an_error(place, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    (place / "avocado-1.0.2" / "data" / "text" / "notes.txt").write_text("x")
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    with pytest.raises(
        ValueError, match=r"found a text of \d+ characters; has this file already been built\?"
    ) as error:
        build(place / "avocado-1.0.2", place / "out", place / "other")
    texts = [row["input"][44:84] for row in json.loads((place / "out" / "train_questions.json").read_text())]
    output = capfd.readouterr()
    everything = caplog.text + str(error.value) + output.out + output.err
    assert "notes.txt" in everything
    assert not [text for text in texts if text and text in everything]


@pytest.mark.parametrize("where", ["", "out", "data", "data/out", "data/text/out"])
def test_output_in_or_around_the_collection_is_refused(place, snapshot, where):
    before = snapshot(place / "avocado-1.0.2")
    with pytest.raises(ValueError, match=f"{place}.*: .* collection .{place / 'avocado-1.0.2'}"):
        build(place / "avocado-1.0.2", place / "ids", place / "avocado-1.0.2" / where, overwrite=True)
    assert snapshot(place / "avocado-1.0.2") == before


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"splits": ("dev",)}, "splits: expected one of train, validation, test, found 'dev'"),
        ({"setting": "weekly"}, "setting: expected one of user, time, found 'weekly'"),
        ({"id_files": {"train": "x"}, "splits": ("test",)}, "splits: expected one of train, found 'test'"),
    ],
)
def test_unknown_splits_and_settings_are_refused(place, how, message):
    with pytest.raises(ValueError, match=message):
        build(place / "avocado-1.0.2", place / "ids", place / "out", **how)
    assert not (place / "out").exists()


def test_id_files_that_change_under_the_build_are_noticed(place, monkeypatch):
    original = avocado_builder.building.write_split

    def change(split, path, *rest):
        if split == "train":
            path.write_text(path.read_text() + "\n")
        return original(split, path, *rest)

    monkeypatch.setattr(avocado_builder.building, "write_split", change)
    with pytest.raises(ValueError, match=r"train_questions\.json: .* changed "):
        build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert not (place / "out").exists()


# ---------------------------------------------------------------- whole or not at all


def test_two_runs_at_once_the_second_is_refused(place):
    with whole_folder(place / "out", print):
        with pytest.raises(BlockingIOError, match=f"{place / 'out'}: another run"):
            build(place / "avocado-1.0.2", place / "ids", place / "out")
        assert not (place / "out").exists()
    build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite=True)
    assert names(place) == ["avocado-1.0.2", "ids", "out", "time_ids"]


def test_only_an_empty_folder_is_taken_without_overwrite(place):
    (place / "out").mkdir()
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    before = tree(place / "out")
    with pytest.raises(
        ValueError, match=r"found \w+\.json; --overwrite \(in Python, overwrite=True\) replaces an older build"
    ):
        build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert tree(place / "out") == before
    (place / "file").write_text("x")
    with pytest.raises(ValueError, match="file: expected a folder .*found a file"):
        build(place / "avocado-1.0.2", place / "ids", place / "file", overwrite=True)
    with pytest.raises(FileNotFoundError, match="nowhere: .*out "):
        build(place / "avocado-1.0.2", place / "ids", place / "nowhere" / "out")


def test_overwrite_replaces_only_what_this_builder_wrote(place):
    build(place / "avocado-1.0.2", place / "ids", place / "out", splits=("train",))
    build(place / "avocado-1.0.2", place / "time_ids", place / "out", overwrite=True)
    assert check_output(place / "out").task.name == "LaMP_6_time"
    (place / "out" / "my results.txt").write_text("x")
    with pytest.raises(ValueError, match=r"out: expected .* an older build, found my results\.txt; choose another"):
        build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite=True)
    shutil.rmtree(place / "out")
    (place / "out").mkdir()
    (place / "out" / "manifest.json").write_text('{"name": "a web extension"}')
    with pytest.raises(ValueError, match=r"manifest\.json: expected a manifest of avocado-builder"):
        build(place / "avocado-1.0.2", place / "ids", place / "out", overwrite=True)


# ---------------------------------------------------------------- limits


def test_memory_does_not_grow_with_the_collection(tmp_path):
    """Peak of a process that builds from 400 mails of 100 kB each, 40 MB that are all needed."""
    body = ("a line of a long mail, some of them are\n" * 2_600).encode()
    members = ((f"001/001-{n:06}-EM.txt", b"Subject: s\n\n" + body) for n in range(400))
    fake_avocado.write_zip(tmp_path / "001.zip", members)
    names = [f"001-{n:06}-EM.txt" for n in range(400)]
    rows = [{"id": f"5{n}", "input": name, "profile": [{"text": name, "id": "0"}]} for n, name in enumerate(names)]
    (tmp_path / "ids").mkdir()
    (tmp_path / "ids" / "test_questions.json").write_text(json.dumps(rows))
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("needs /proc to measure memory")
    code = (
        f"import sys; sys.path.insert(0, {ROOT!r})\n"
        "from avocado_builder.building import build\n"
        f"build({str(tmp_path)!r}, {str(tmp_path / 'ids')!r}, {str(tmp_path.parent / 'memory_out')!r})\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    [memory] = printed_by(code)
    assert (tmp_path.parent / "memory_out" / "test_questions.json").stat().st_size > 80_000_000
    assert int(memory) < 60_000


@pytest.mark.parametrize(
    ("mail", "refused"),
    [(b"Subject: s\n\nsee \\ud83d here", False), (b"Subject: s\n" + b"Content-Type: message/rfc822\n\n" * 5_000, True)],
    ids=["half a character is warned of and kept", "parts that are nested too deep are refused"],
)
def test_odd_mails_are_named(tmp_path, mail, refused):
    name, out = "001-000000-EM.txt", tmp_path.parent / f"odd {refused}"
    fake_avocado.write_zip(tmp_path / "001.zip", [(f"001/{name}", mail)])
    fake_avocado.write_ids(tmp_path / "ids", [name])
    if refused:
        with pytest.raises(ValueError, match=r"001-000000-EM\.txt: .*nested too deep"):
            build(tmp_path, tmp_path / "ids", out)
    else:
        assert build(tmp_path, tmp_path / "ids", out)["warnings"]["surrogate"]["mails"] == [name]
        assert b"see \\ud83d here" in (out / "train_questions.json").read_bytes()


# ---------------------------------------------------------------- the embedded sample


@pytest.mark.parametrize("setting", ["user", "time"])
@pytest.mark.parametrize("name", GATED)
def test_building_gives_exactly_the_files_of_the_sample(tmp_path, name, setting, snapshot):
    task = GATED[name][setting]
    before = snapshot(AVOCADO)
    manifest = build(AVOCADO, AVOCADO / "ids", tmp_path / "out", setting=setting, task=name)
    assert manifest["config"] == task.name
    assert manifest["setting"] == setting
    expected = [path for split in SPLITS for path in (task.questions_path(split), task.outputs_path(split)) if path]
    built = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.name != "manifest.json"}
    assert built == {Path(path).name: (SAMPLE / path).read_bytes() for path in expected}
    assert snapshot(AVOCADO) == before
    assert {repair["count"] for repair in manifest["repairs"].values()} == {0}
    assert check_output(tmp_path / "out").task == task


def test_the_id_files_of_both_settings_are_found_in_one_folder():
    for name, configs in GATED.items():
        for setting, task in configs.items():
            assert check_collection(AVOCADO, AVOCADO / "ids", setting=setting, task=name).task == task
    first = configs_of(None)
    assert check_collection(AVOCADO, AVOCADO / "ids").task == first["user"]
    assert check_collection(AVOCADO, AVOCADO / "ids" / "time").task == first["time"]
    assert check_collection(AVOCADO, AVOCADO / "ids" / "time" / "LaMP_6").task == first["time"]


def test_mails_to_be_completed_are_cut_after_their_content_length(tmp_path):
    (row, *_) = rows = json.loads((AVOCADO / "ids" / "LongLaMP_email" / "dev" / "dev_questions.json").read_text())
    (asked, *_) = json.loads((SAMPLE / "LaMP_6" / "dev" / "dev_questions.json").read_text())
    subject = json.loads((SAMPLE / "LaMP_6" / "dev" / "dev_outputs.json").read_text())["golds"][0]["output"]
    row["content_length"] = 3
    path = tmp_path / "dev_questions.json"
    path.write_text(json.dumps(rows))
    build(AVOCADO, None, tmp_path / "out", task="LongLaMP_email", id_files={"validation": path})
    built = json.loads((tmp_path / "out" / "dev_questions.json").read_text())[0]["input"]
    gold = json.loads((tmp_path / "out" / "dev_outputs.json").read_text())["golds"][0]["output"]
    words = asked["input"].split("email: ", 1)[1].split()
    assert built == f"Complete the text of the following email. title: {subject}. text: {' '.join(words[:3])}"
    assert gold == " ".join(words[3:])
    row["content_length"] = "x"
    path.write_text(json.dumps(rows))
    with pytest.raises(ValueError, match="expected a whole number as 'content_length' .LongLaMP_email., found 'x'"):
        build(AVOCADO, None, tmp_path / "two", task="LongLaMP_email", id_files={"validation": path})
    with pytest.raises(ValueError, match="expected nothing as 'content_length' .LaMP_6., found 'x'"):
        build(AVOCADO, None, tmp_path / "two", task="LaMP_6", id_files={"validation": path})
    with pytest.raises(ValueError, match="LongLaMP_email_time: no site is known to have its id files; pass --ids-dir"):
        build(AVOCADO, None, tmp_path / "two", task="LongLaMP_email", setting="time")
    with pytest.raises(ValueError, match="task: expected one of LaMP_6, LongLaMP_email, found 'LaMP_5'"):
        build(AVOCADO, None, tmp_path / "two", task="LaMP_5", id_files={"validation": path})
