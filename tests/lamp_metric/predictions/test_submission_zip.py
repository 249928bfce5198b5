import json
import tracemalloc
import zipfile
from dataclasses import replace

import pytest

from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS
from lamp_metric.predictions import check as submission_zip
from lamp_metric.predictions.check import pack, read_zip


@pytest.fixture
def whole(made):
    """The zip of all tasks' predictions."""
    return made.whole_benchmark()[1]


@pytest.fixture
def refused(tmp_path):
    """Expect a one-line error that names the file; give it. Bytes are written to the file first."""

    def refuse(path, content=None):
        path = tmp_path / path
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ValueError, match=path.name) as caught:
            read_zip(path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refuse


def test_all_tasks_are_read_in_the_benchmarks_order(made, whole):
    found = read_zip(whole)
    assert list(found) == list(OFFICIAL_NAMES)
    assert {name: dict(outputs.by_id) for name, outputs in found.items()} == {
        name: made.outputs(name)[1] for name in OFFICIAL_NAMES
    }
    assert found["LaMP_3"].name == f"{whole}/preds/LaMP_3/dev_outputs.json"


def test_zips_may_hold_what_file_managers_add(made):
    golds, _ = made.pair("LaMP_3")
    members = {
        "deep/er/still/": "",
        "deep/er/still/out.JSON": golds.read_bytes(),
        "__MACOSX/deep/._out.json": b"\0\5\26",
        "__MACOSX/out.json": b"\0\5\26",
        "deep/._out.json": b"\0\5\26",
        ".DS_Store": b"x",
        "notes.txt": "not json",
    }
    found = read_zip(made.zip("g.zip", members))
    assert {name: dict(outputs.by_id) for name, outputs in found.items()} == {"LaMP_3": made.outputs("LaMP_3")[0]}


def test_wrong_members_are_named(made, whole, refused):
    text = (made.folder / "LaMP_3_golds.json").read_bytes()
    assert "none" in refused(made.zip("none.zip", {"a.txt": "x"}))
    assert refused(made.zip("bad.zip", {"x.json": "{"})).startswith(f"{made.folder}/bad.zip/x.json: ")
    nine = refused(made.zip("nine.zip", {"x.json": text.replace(b"LaMP_3", b"LaMP_9")}))
    assert "nine.zip/x.json: " in nine
    assert "'LaMP_9'" in nine
    twice = refused(made.zip("twice.zip", {"a/x.json": text, "b/y.json": text}))
    assert "LaMP_3" in twice
    assert "twice.zip/a/x.json" in twice
    assert "twice.zip/b/y.json" in twice


def test_damaged_and_encrypted_zips_and_folders_are_named(whole, refused, tmp_path):
    data = whole.read_bytes()
    assert "damaged" in refused("cut.zip", data[:-30])
    assert "damaged" in refused("broken.zip", data[:60] + bytes(30) + data[90:])
    assert "HTML page" in refused("page.zip", b"<!doctype html>")
    assert "empty file" in refused("empty.zip", b"")
    encrypted = bytearray(whole.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        encrypted[encrypted.index(signature) + offset] |= 1
    assert "encrypted" in refused("secret.zip", bytes(encrypted))
    with pytest.raises(ValueError, match="folder"):
        read_zip(tmp_path)


def test_names_of_old_code_pages_are_read_and_wrong_utf_8_is_damage(whole, tmp_path, refused):
    odd_name = whole.read_bytes().replace(b"preds/LaMP_1/", b"preds/L\xe0MP_1/")
    (tmp_path / "name.zip").write_bytes(odd_name)
    assert len(read_zip(tmp_path / "name.zip")) == 7  # not marked as UTF-8: read as the old code page
    marked = bytearray(odd_name)
    marked[marked.index(b"PK\1\2") + 9] |= 8  # marked as UTF-8, but it is not
    assert "damaged" in refused("marked.zip", bytes(marked))


def test_what_inflates_too_far_is_refused(made, whole, refused, monkeypatch):
    monkeypatch.setattr(submission_zip, "MAX_INFLATED_BYTES", 1 << 20)
    texts = [(made.folder / f"{name}_golds.json").read_bytes() for name in ("LaMP_3", "LaMP_4")]
    assert "1 MiB" in refused(made.zip("bomb.zip", {"x.json": b" " * (1 << 20) + texts[0]}))
    half = b" " * (600 << 10)
    assert "1 MiB" in refused(made.zip("two.zip", {"x.json": half + texts[0], "y.json": half + texts[1]}))


def test_millions_of_empty_values_are_refused_before_they_are_parsed(made, refused):
    path = made.zip("bomb.zip", {"x.json": '{"task":"LaMP_3","x":[[%s{}]]}' % ("{}," * 40_000_000)})
    assert path.stat().st_size < 200_000
    tracemalloc.start()
    assert "1,000,000" in refused(path)
    assert tracemalloc.get_traced_memory()[1] < 400e6
    tracemalloc.stop()


def test_commas_and_braces_in_texts_are_no_values(made, monkeypatch):
    monkeypatch.setattr(submission_zip, "MAX_VALUES", 20)
    text = made.write("x.json", "LaMP_4", {"1": '{[,"\\' * 100}).read_bytes()
    assert list(read_zip(made.zip("x.zip", {"x.json": text}))["LaMP_4"].by_id) == ["1"]


def test_the_bound_holds_although_the_header_lies(made, tmp_path, refused, monkeypatch):
    monkeypatch.setattr(submission_zip, "MAX_INFLATED_BYTES", 1 << 16)
    data = bytearray(made.zip("true.zip", {"x.json": b"[" * (1 << 20)}).read_bytes())
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        place = data.index(signature) + offset
        data[place : place + 4] = (10).to_bytes(4, "little")
    (tmp_path / "liar.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "liar.zip") as file:
        assert file.infolist()[0].file_size == 10
    message = refused("liar.zip")
    assert "inflates" in message or "damaged" in message


def test_all_tasks_go_into_one_zip_in_the_benchmarks_order(made, tmp_path):
    paths = [made.pair(name)[1] for name in reversed(OFFICIAL_NAMES)]
    output = tmp_path / "s.zip"
    reports = pack(paths, output)
    assert list(reports) == list(OFFICIAL_NAMES)
    with zipfile.ZipFile(output) as archive:
        assert archive.namelist() == [f"{name}.json" for name in OFFICIAL_NAMES]
    assert {name: dict(found.by_id) for name, found in read_zip(output).items()} == {
        name: made.outputs(name)[1] for name in OFFICIAL_NAMES
    }
    preds = made.pair("LaMP_3")[1]
    for name in ("a.zip", "b.zip"):
        pack([preds], tmp_path / name, partial=True)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize(
    ("name", "output", "prefix", "n", "sizes"),
    [
        ("LaMP_2", "comedy", "", 692, None),
        ("LaMP_2", "comedy", "", 1_410, None),  # the time-based setting
        (
            "LaMP_2",
            "comedy",
            "",
            693,
            "693 predictions, but the splits of LaMP_2 have 692, 870, 1,410, 1,557, 3,820 or 5,073 samples",
        ),
        ("LaMP_2_news", "travel", "", 1_052, None),
        (
            "LaMP_2_news",
            "travel",
            "",
            692,
            "692 predictions, but the splits of LaMP_2_news have 1,052, 1,274 or 5,914 samples",
        ),
        ("LaMP_4", "a", "3", 1_801, " have 1,925, 2,376 or 12,527 samples"),
        ("LaMP_4", "a", "10", 1_801, " have 1,500, 1,800 or 12,500 samples"),
        ("LaMP_4", "a", "x", 1_801, " have 1,500, 1,800, 1,925, 2,376, 12,500 or 12,527 samples"),
    ],
)
def test_the_number_of_predictions_is_compared_with_the_splits(made, tmp_path, name, output, prefix, n, sizes):
    preds = made.write("p.json", name, {f"{prefix}{i}": output for i in range(n)})
    warnings = pack([preds], tmp_path / "s.zip", partial=True)[TASKS[name].official_name].warnings
    assert [sizes in warning for warning in warnings] == ([] if sizes is None else [True])


@pytest.mark.parametrize(
    ("name", "bad", "status"),
    [
        ("LaMP_4", [("1", "a"), ("1", "b")], 2),
        ("LaMP_4", [("1", None)], 2),
        ("LaMP_4", [], 2),
        ("LaMP_2", [("1", "4"), ("2", "5")], 1),
    ],
    ids=["a duplicate id", "an output of the wrong type", "no predictions", "outputs of another task"],
)
def test_nothing_is_written_unless_all_files_are_fit(made, tmp_path, name, bad, status):
    reports = pack([made.pair("LaMP_3")[1], made.write("b.json", name, bad)], tmp_path / "s.zip", partial=True)
    assert {name: report.exit_status for name, report in reports.items()} == {"LaMP_3": 0, name: status}
    assert not (tmp_path / "s.zip").exists()


def test_wrong_sets_of_files_and_tasks_of_others_are_named(made, tmp_path, monkeypatch):
    preds, again = made.pair("LaMP_3")[1], made.write("again.json", "LaMP_3", {"1": "1"})
    with pytest.raises(ValueError, match="LaMP_1, LaMP_2, LaMP_4, .*--partial"):
        pack([preds], tmp_path / "s.zip")
    with pytest.raises(ValueError, match=r"LaMP_3.*LaMP_3_preds\.json.*again\.json"):
        pack([preds, again], tmp_path / "s.zip", partial=True)
    monkeypatch.setitem(TASKS.rows, "Recipes", replace(TASKS["LaMP_4"], name="Recipes", official_name="Recipes"))
    file = tmp_path / "own.json"
    file.write_text('{"task": "Recipes", "golds": [{"id": "1", "output": "Soup"}]}')
    with pytest.raises(ValueError, match=r"own.json: Recipes cannot be submitted; expected one of LaMP_1, "):
        pack([file], tmp_path / "out.zip", partial=True)


def test_a_task_whose_sizes_were_never_published_can_be_packed(made):
    _, preds = made.pair("LaMP_2_news_time")
    outputs = json.loads(preds.read_text())
    for entry in outputs["golds"]:
        entry["id"] = f"8{entry['id']}"  # the number of the time-based task
    preds.write_text(json.dumps(outputs))
    assert pack([preds], made.folder / "s.zip", partial=True)["LaMP_2"].warnings == []
