import hashlib
import json
import shutil

import official_build
import pytest

from avocado_builder.building import build
from avocado_builder.built_files import check_output, read_manifest, summary, write_split
from avocado_builder.id_files import read_ids
from lamp_dataset.loading.raw_files import PROVENANCE, hash_file
from lamp_dataset.tasks import TASKS

MAILS = {"001-000001-EM.txt": ("one é", "first\nbody"), "001-000002-EM.txt": ("", 'the "second"')}
ONE, TWO = MAILS


@pytest.fixture
def write(tmp_path):
    """Writes the split of an id file with these rows; returns its files and what is told of them."""

    def make(rows, split="train"):
        path = tmp_path / "ids.json"
        path.write_text(json.dumps(rows))
        ids = read_ids({split: path})
        for name in ids.needed:
            ids.needed.put(name, *MAILS[name])
        facts = write_split(split, path, ids.task, ids.needed, tmp_path)
        return {kind: (tmp_path / fact["file"]).read_bytes() for kind, fact in facts.items()}, facts

    return make


def row(sample_id, name, *items, **more):
    return {"id": sample_id, "input": name, "profile": list(items), **more}


def test_files_are_those_of_json_dumps(write):
    rows = [row("500", ONE, {"text": TWO, "id": "5000"}, {"id": "5001", "text": ONE}), row("501", TWO)]
    files, facts = write(rows)
    instruction = "Generate a subject for the following email: "
    profile = [
        {"text": 'the "second"', "id": "5000", "title": ""},
        {"id": "5001", "text": "first\nbody", "title": "one é"},
    ]
    questions = [
        {"id": "500", "input": f"{instruction}first\nbody", "profile": profile},
        {"id": "501", "input": f'{instruction}the "second"', "profile": []},
    ]
    golds = [{"id": "500", "output": "one é"}, {"id": "501", "output": ""}]
    assert files["questions"] == json.dumps(questions).encode()
    assert files["outputs"] == json.dumps({"task": "LaMP_6", "golds": golds}).encode()
    for kind, data in files.items():
        assert facts[kind] == {
            "file": f"train_{kind}.json", "rows": 2, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
        }  # fmt: skip


def test_further_keys_numbers_and_dates_stay(write):
    item = {"text": ONE, "id": "5000", "date": "2001-05-01", "title": "old", "n": 1e5, "more": [1, {"x": None}]}
    files, _ = write([row("500", ONE, item, user_id=17)], "test")
    (question,) = json.loads(files["questions"])
    assert list(question) == ["id", "input", "profile", "user_id"]
    assert question["user_id"] == 17
    expected = {**item, "text": "first\nbody", "title": "one é"}
    assert json.dumps(question["profile"][0]) == json.dumps(expected), "keys keep their order"
    assert set(files) == {"questions"}, "the golds of test are not published"


def test_the_manifest_is_returned_and_says_what_the_license_means(place):
    manifest = build(place / "avocado-1.0.2", place / "ids", place / "out")
    assert json.loads((place / "out" / "manifest.json").read_text()) == manifest
    assert "LDC2015T03" in manifest["license"]
    assert "do not publish" in manifest["notice"]
    assert manifest["builder"]["rules"] == "mail-parser-3.15.0"
    train = manifest["splits"]["train"]
    assert train["ids"] == {
        "file": "train_questions.json", "rows": 12, "profile_items": 108,
        "sha256": hash_file(place / "ids" / "train_questions.json", PROVENANCE)[1],
    }  # fmt: skip
    assert train["outputs"]["sha256"] == hash_file(place / "out" / "train_outputs.json", PROVENANCE)[1]


def changed(*keys, value=None):
    """A function that replaces a value in a manifest, or without one removes it."""

    def change(manifest):
        *path, last = keys
        for key in path:
            manifest = manifest[key]
        manifest.pop(last)
        if value is not None:
            manifest[last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        changed("builder", value="avocado-builder"),
        *(changed(key) for key in ("builder", "config", "splits")),
        changed("splits", value=["train"]),
        changed("splits", "train", "outputs", value="dev_outputs.json"),
        changed("splits", "train", "questions", "bytes"),
        lambda manifest: manifest["splits"].update(dev=manifest["splits"].pop("validation")),
    ],
)
def test_an_odd_manifest_is_refused_in_one_line(place, change):
    manifest = build(place / "avocado-1.0.2", place / "ids", place / "out")
    change(manifest)
    (place / "out" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=r"^\S*manifest\.json: expected a manifest of avocado-builder, .*$"):
        read_manifest(place / "out")


@pytest.mark.parametrize("content", ["[]", "{}", '{"name": "a web extension"}', "[" * 100_000])
def test_another_file_of_that_name_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ValueError, match=r"manifest\.json: expected a (manifest|file of this benchmark)"):
        read_manifest(tmp_path)


def test_the_summary_names_the_splits_and_what_was_repaired(place):
    manifest = build(place / "avocado-1.0.2", place / "ids", place / "out")
    first, *rest = summary(manifest, TASKS["LaMP_6"])
    assert first == f"LaMP_6: train 12, validation 12, test 12 samples from {manifest['mails']} emails"
    repair = manifest["repairs"]["subjects"]
    assert rest == [f"{repair['count']} emails: {repair['meaning']} ({', '.join(repair['mails'][:3])}, …)"]


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
    monkeypatch.setattr("avocado_builder.built_files.GATED", _with_counts({"train": 12, "validation": 12, "test": 12}))
    assert check_output(built).remarks == ()


def _with_counts(counts):
    import dataclasses

    from avocado_builder.collection import GATED

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
