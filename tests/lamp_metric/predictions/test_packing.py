import json
import zipfile

import pytest

from lamp_dataset.tasks import OFFICIAL_NAMES
from lamp_metric.predictions.archive import read_zip
from lamp_metric.predictions.packing import pack


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


def test_the_same_files_give_the_same_bytes(made, tmp_path):
    preds = made.pair("LaMP_3")[1]
    for name in ("a.zip", "b.zip"):
        pack([preds], tmp_path / name, partial=True)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize(
    ("name", "output", "n", "nearest"),
    [
        ("LaMP_2", "comedy", 692, None),
        ("LaMP_2", "comedy", 1_410, None),  # the time-based setting
        ("LaMP_2", "comedy", 693, "692 in validation, user"),
        ("LaMP_2_news", "travel", 1_052, None),
        ("LaMP_2_news", "travel", 692, "1,052 in validation, user"),
    ],
)
def test_the_number_of_predictions_is_compared_with_the_splits(made, tmp_path, name, output, n, nearest):
    preds = made.write("p.json", name, {str(i): output for i in range(n)})
    warnings = pack([preds], tmp_path / "s.zip", partial=True)["LaMP_2"].warnings
    assert [nearest in warning for warning in warnings] == ([] if nearest is None else [True])


@pytest.mark.parametrize(
    "bad", [[("1", "a"), ("1", "b")], [("1", None)]], ids=["a duplicate id", "an output of the wrong type"]
)
def test_nothing_is_written_unless_all_files_are_fit(made, tmp_path, bad):
    reports = pack([made.pair("LaMP_3")[1], made.write("b.json", "LaMP_4", bad)], tmp_path / "s.zip", partial=True)
    assert {name: report.exit_status for name, report in reports.items()} == {"LaMP_3": 0, "LaMP_4": 2}
    assert not (tmp_path / "s.zip").exists()


def test_doubtful_files_are_not_written_either(made, tmp_path):
    preds = made.write("p.json", "LaMP_2", {"1": "4", "2": "5"})
    assert pack([preds], tmp_path / "s.zip", partial=True)["LaMP_2"].exit_status == 1
    assert not (tmp_path / "s.zip").exists()


def test_wrong_sets_of_files_are_named(made, tmp_path):
    preds, again = made.pair("LaMP_3")[1], made.write("again.json", "LaMP_3", {"1": "1"})
    with pytest.raises(ValueError, match="LaMP_1, LaMP_2, LaMP_4, .*--partial"):
        pack([preds], tmp_path / "s.zip")
    with pytest.raises(ValueError, match=r"LaMP_3.*LaMP_3_preds\.json.*again\.json"):
        pack([preds, again], tmp_path / "s.zip", partial=True)


def test_a_task_whose_sizes_were_never_published_can_be_packed(made):
    _, preds = made.pair("LaMP_2_news_time")
    outputs = json.loads(preds.read_text())
    for entry in outputs["golds"]:
        entry["id"] = f"8{entry['id']}"  # the number of the time-based task
    preds.write_text(json.dumps(outputs))
    assert pack([preds], made.folder / "s.zip", partial=True)["LaMP_2"].warnings == []
