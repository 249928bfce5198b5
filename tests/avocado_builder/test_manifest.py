import json

import pytest

from avocado_builder.building import build
from avocado_builder.manifest import read_manifest, summary
from lamp_dataset.loading.raw_files import PROVENANCE, hash_file
from lamp_dataset.tasks import TASKS


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
