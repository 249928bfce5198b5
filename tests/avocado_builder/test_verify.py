import json
import shutil

import official_build
import pytest

from avocado_builder.building import build
from avocado_builder.verify import check_output


@pytest.fixture
def built(place):
    build(place / "avocado-1.0.2", place / "ids", place / "out")
    return place / "out"


def change(path, edit):
    data = json.loads(path.read_text())
    path.write_text(json.dumps(edit(data) or data))


def test_a_fresh_build_is_intact_but_not_the_published_task(built):
    verdict = check_output(built)
    assert verdict.task.name == "LaMP_6"
    assert verdict.rows == {"train": 12, "validation": 12, "test": 12}
    assert verdict.remarks == (
        "not the whole published task: train has 12 samples, the published one has 4,840",
        "not the whole published task: validation has 12 samples, the published one has 1,353",
        "not the whole published task: test has 12 samples, the published one has 1,246",
    )


def test_the_published_counts_leave_no_remark(built, monkeypatch):
    monkeypatch.setattr("avocado_builder.verify.GATED", _with_counts({"train": 12, "validation": 12, "test": 12}))
    assert check_output(built).remarks == ()


def _with_counts(counts):
    import dataclasses

    from avocado_builder.collection.mail_names import GATED

    return {
        name: {setting: dataclasses.replace(task, num_samples=counts) for setting, task in configs.items()}
        for name, configs in GATED.items()
    }


def test_a_build_of_the_official_script_is_checked_without_manifest(place):
    zips = place / "avocado-1.0.2" / "data" / "text"
    official_build.build(zips, place / "x", {"test": place / "ids" / "test_questions.json"}, place / "out")
    test = place / "out" / "test_questions.json"

    def as_the_script(rows):
        for row in rows:
            for item in row["profile"]:
                item["title"] = item["title"] if isinstance(item["title"], str) else item["title"][0]
        return {"task": "LaMP_6", "golds": rows}

    change(test, as_the_script)
    verdict = check_output(place / "out")
    assert verdict.rows == {"test": 12}
    assert not verdict.has_manifest
    assert verdict.remarks[0].startswith("without manifest.json ")


def test_a_changed_byte_and_a_missing_file_are_noticed(built):
    path = built / "dev_outputs.json"
    path.write_bytes(path.read_bytes().replace(b"golds", b"golds "))
    with pytest.raises(ValueError, match=r"dev_outputs\.json: changed .*SHA-256"):
        check_output(built)
    path.unlink()
    with pytest.raises(ValueError, match=r"dev_outputs\.json: .*manifest .*missing"):
        check_output(built)


@pytest.mark.parametrize("foreign", ["dev_questions.json", "dev/dev_questions.json", "notes.txt"])
def test_a_file_that_the_manifest_does_not_list_is_not_vouched_for(place, foreign):
    build(place / "avocado-1.0.2", place / "ids", place / "out", splits=("train",))
    (place / "out" / foreign).parent.mkdir(exist_ok=True)
    shutil.copy(place / "out" / "train_questions.json", place / "out" / foreign)
    with pytest.raises(ValueError, match=rf"out/{foreign.split('/')[0]}: the manifest does not list it"):
        check_output(place / "out")


@pytest.mark.parametrize("name", ["manifest.json", "train_questions.json", "dev_outputs.json"])
@pytest.mark.parametrize("replace", [lambda path, moved: path.symlink_to(moved), lambda path, _: path.mkdir()])
def test_a_link_or_a_folder_in_place_of_a_file_is_not_vouched_for(built, name, replace):
    moved = (built / name).rename(built.parent / name)
    replace(built / name, moved)
    with pytest.raises(ValueError, match=rf"out/{name}: expected a file, found a link or a folder"):
        check_output(built)


@pytest.mark.parametrize(
    ("edit", "match"),
    [
        (lambda d: d["splits"]["train"]["questions"].update(bytes=7), "train_questions.json: changed since"),
        (lambda d: d.update(config="LaMP_6_time"), "expected files of one config, found LaMP_6 and LaMP_6_time"),
        (lambda d: d.update(config=["LaMP_6"]), "expected files of one config, found LaMP_6 and "),
        (lambda d: d["splits"].pop("test") and None, "test_questions.json: the manifest does not list it"),
    ],
)
def test_a_manifest_of_other_files_is_refused(built, edit, match):
    change(built / "manifest.json", edit)
    with pytest.raises(ValueError, match=match):
        check_output(built)


def test_id_files_are_recognized_as_not_built(place):
    for path in (place / "ids").iterdir():
        change(path, lambda rows: [{**row, "profile": [{**i, "title": ""} for i in row["profile"]]} for row in rows])
    with pytest.raises(ValueError, match=r"train_questions\.json: sample '500': 'input' is still the name of an email"):
        check_output(place / "ids")


EDITS = [
    (
        "train_outputs.json",
        lambda d: d["golds"][0].update(output="147-000874-EM.txt"),
        "sample '500': 'output' is still the name of an email",
    ),
    (
        "train_outputs.json",
        lambda d: {**d, "golds": d["golds"][1:]},
        "train_outputs.json lacks 1 of the 12 ids in train_questions.json .*'500'",
    ),
    ("dev_questions.json", lambda d: d[0]["profile"][1].update(title=None), "profile item 1: 'title': expected a text"),
    ("dev_questions.json", lambda d: d[3].update(input="Write: x"), "sample '513': expected an input that begins"),
    ("dev_questions.json", lambda d: d[0].update(input=None), "sample '510': 'input': expected a text, found NoneType"),
    ("dev_questions.json", lambda d: d[1].update(user_id=1), "sample '511': some rows have a 'user_id', others do not"),
    (
        "test_questions.json",
        lambda d: [r.update(user_id=1) for r in d] and d,
        "out: expected files of one config, found LaMP_6 and LaMP_6_time",
    ),
]


@pytest.mark.parametrize(("name", "edit", "match"), EDITS)
def test_what_is_wrong_in_a_folder_is_named(built, name, edit, match):
    (built / "manifest.json").unlink()
    change(built / name, edit)
    with pytest.raises(ValueError, match=match):
        check_output(built)


def test_wrong_folders_say_so(tmp_path, built):
    with pytest.raises(FileNotFoundError, match="expected a built folder, found nothing"):
        check_output(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="expected a built folder, found a file"):
        check_output(built / "manifest.json")
    shutil.rmtree(built)
    built.mkdir()
    with pytest.raises(ValueError, match=r"out: expected files such as dev_questions\.json, found none"):
        check_output(built)
    (built / "manifest.json").write_text('{"builder": {"name": "x"}}')
    with pytest.raises(ValueError, match=r"manifest\.json: expected a manifest of avocado-builder"):
        check_output(built)
