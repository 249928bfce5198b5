"""The page and the folder of the Space. The page is run as the Hub runs it and asked over HTTP."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import lamp_metric
from lamp_dataset import __version__
from lamp_dataset.tasks import CITATION, TASKS
from lamp_metric.space.page import (
    ALL_USABLE,
    CHOICES,
    FROM_THE_GOLDS,
    HEADERS,
    INTRODUCTION,
    _nothing,
    build,
    sample_files,
    score_files,
    try_the_sample,
)

ROOT = Path(__file__).parents[3]
SPACE = ROOT / "lamp_metric"


def card():
    _, front, text = (SPACE / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), text


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A client of the page, which runs from a folder of the Space's files alone."""
    gradio_client = pytest.importorskip("gradio_client", reason="needs the app extra")
    folder = tmp_path_factory.mktemp("space")
    for path in SPACE.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    environment = {
        **os.environ,
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("gradio")),
        "TMPDIR": str(own_folders := tmp_path_factory.mktemp("tmp")),
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                break
        else:
            pytest.fail("the page did not start: " + "".join(lines))
        client = gradio_client.Client(found[0], verbose=False, download_files=str(folder / "downloads"))
        client.own_folders = own_folders
        yield client
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture
def upload(client):
    from gradio_client import handle_file

    return lambda path: handle_file(str(path))


@pytest.mark.parametrize(("choice", "name"), [("LaMP_3", "LaMP_3"), ("as the golds say", "LaMP_2_news")])
def test_uploaded_files_are_scored_with_intervals(client, upload, made, choice, name):
    golds, preds = made.pair(name)
    table, signature, notes, path = client.predict(choice, upload(golds), upload(preds), 0.9, None, api_name="/score")
    by_gold, by_pred = made.outputs(name)
    expected = lamp_metric.score(name, [by_pred[key] for key in by_gold], list(by_gold.values()), confidence_level=0.9)
    assert table["headers"] == ["score", "value", "low", "high", "better is"]
    better = "lower" if name == "LaMP_3" else "higher"
    assert table["data"] == [
        [key, f"{expected[key]:.4f}", *(f"{bound:.4f}" for bound in expected[f"{key}_ci"]), better]
        for key in TASKS[name].scores
    ]
    kinds = "t(MAE),bootstrap(RMSE)" if name == "LaMP_3" else "t(accuracy),bootstrap(f1)"
    assert (
        signature
        == f"task:{name}|n:12|rule:1|intervals:{kinds}|confidence:0.9|resamples:1000|seed:0|version:{__version__}"
    )
    assert notes == ALL_USABLE
    assert Path(path).read_text().count("\n") == 13


def test_the_pages_interface_has_names(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    names = {name: [parameter["parameter_name"] for parameter in endpoints[name]["parameters"]] for name in endpoints}
    assert names == {
        "/score": ["task_name", "golds", "predictions", "confidence_level", "other"],
        "/sample": ["task_name", "confidence_level"],
    }


def test_bad_files_are_named_on_the_page_without_markup(client, upload, made):
    golds, _ = made.pair("LaMP_3")
    other = made.write("other.json", "LaMP_3", {"7": "1"})
    with pytest.raises(Exception, match="other.json lacks 12 of the 12 ids in LaMP_3_golds.json"):
        client.predict("LaMP_3", upload(golds), upload(other), 0.95, None, api_name="/score")
    with pytest.raises(Exception, match="no file of golds: drop one, or try the sample"):
        client.predict("LaMP_3", None, None, 0.95, None, api_name="/score")
    golds = made.write("g.json", "LaMP_3", {"1": "5"})
    preds = made.write("p.json", "LaMP_3", {"<img src=http://127.0.0.1:1/x>": "5"})
    with pytest.raises(Exception, match="&lt;img src=http://127.0.0.1:1/x&gt;") as caught:
        client.predict("LaMP_3", upload(golds), upload(preds), 0.95, None, api_name="/score")
    assert "<" not in str(caught.value)


def test_gated_golds_and_files_beyond_the_limit_are_refused(client, upload, made):
    golds, preds = made.pair("LaMP_6")
    with pytest.raises(Exception, match="LaMP_6: these texts are under .*LDC2015T03.*eval-task"):
        client.predict(FROM_THE_GOLDS, upload(golds), upload(preds), 0.95, None, api_name="/score")
    assert not {"LaMP_6", "LaMP_6_time"} & set(CHOICES)
    golds = made.write("g.json", "LaMP_4", {"1": "a" * 8 * 2**20})
    with pytest.raises(Exception, match="(?i)too large|exceeds|413"):
        client.predict("LaMP_4", upload(golds), upload(golds), 0.95, None, api_name="/score")
    assert "up to 8 MB" in INTRODUCTION


def test_a_run_leaves_no_folder_and_gradio_deletes_its_copies(client):
    assert client.predict("LaMP_3", 0.95, api_name="/sample")
    assert not list(client.own_folders.glob("lamp-*"))
    assert build().delete_cache == (600, 3600)


def test_a_failure_and_a_changed_file_or_option_clear_the_results():
    pytest.importorskip("gradio")
    page = build()
    *failures, event = (event for event in page.fns.values() if event.fn is _nothing)
    assert [(failure.trigger_after, failure.trigger_only_on_failure) for failure in failures] == [(0, True), (1, True)]
    assert _nothing() == ({"headers": list(HEADERS), "data": []}, "", "", None)
    targets = [(page.blocks[number].label, name) for number, name in event.targets]
    files = ("Golds", "Predictions", "Predictions to compare with (optional)")
    expected = [(label, name) for label in files for name in ("upload", "clear", "delete")]
    assert targets == [*expected, ("Task", "input"), ("Confidence level", "release")]
    labels = [component.label for component in event.outputs]
    assert labels == ["Scores", "How they were made", "Notes", "Values of each sample (CSV)"]


def test_the_front_matter_is_what_a_metric_space_needs():
    front, _ = card()
    assert front["tags"] == ["evaluate", "metric"]
    assert (front["sdk"], front["app_file"], front["license"]) == ("gradio", "app.py", "apache-2.0")
    assert len(front["short_description"]) <= 60  # the Hub's limit
    assert (SPACE / front["app_file"]).is_file()
    assert (SPACE / "requirements.txt").read_text().split() == ["lamp-hf"]
    assert CITATION in card()[1]


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_has_a_sample(tmp_path, name):
    golds, predictions, other, table, signature, notes, per_sample = try_the_sample(name, 0.95, folder=tmp_path)
    task = TASKS.get(name, TASKS["LaMP_4"])
    assert [row[0] for row in table["data"]] == list(task.scores)
    assert signature.startswith(f"task:{task.name}|n:")
    what, *usable = notes.splitlines()
    assert task.name in what
    assert what.endswith(sample_files(task, tmp_path)[2])
    assert (usable, other) == ([ALL_USABLE], None)
    assert {Path(path).parent for path in (golds, predictions, per_sample)} == {tmp_path}


@pytest.fixture
def two(made):
    golds = made.write("g.json", "LaMP_3", {"1": "5", "2": "1", "3": "3"})
    a = made.write("a.json", "LaMP_3", {"1": "5", "2": "1", "3": "no idea"})
    b = made.write("b.json", "LaMP_3", {"1": "4", "2": "2", "3": "3"})
    return [str(path) for path in (golds, a, b)]


def test_two_files_are_compared_as_compare_does(two, tmp_path):
    golds, a, b = two
    shown = score_files("LaMP_3", golds, a, 0.9, b, folder=tmp_path)
    systems, references = {"a": ["5", "1", "no idea"], "b": ["4", "2", "3"]}, ["5", "1", "3"]
    with pytest.warns(UserWarning, match="system 'a': 1 of 3"):
        expected = lamp_metric.compare(systems, task="LaMP_3", references=references, confidence_level=0.9)
    rows = {tuple(cells[:2]): cells[2:] for cells in shown.table["data"]}
    for key, one in expected.contrasts["b"].items():
        numbers = (one.difference, *one.difference_ci, one.p_value)
        assert rows["a", key] == [f"{expected.systems['a'].scores[key]:.4f}", *[""] * 4, "lower"]
        value = expected.systems["b"].scores[key]
        assert rows["b", key] == [*(f"{number:.4f}" for number in (value, *numbers)), "lower"]
    assert shown.signature == expected.signature
    unusable, few = shown.notes.splitlines()
    assert unusable.startswith("a.json: 1 of 3")
    assert [few] == expected.notes


def test_two_files_of_one_name_are_told_apart(two, tmp_path):
    golds, a, _ = two
    (tmp_path / "other").mkdir()
    shutil.copy(a, tmp_path / "other" / "a.json")
    shown = score_files("LaMP_3", golds, a, 0.9, str(tmp_path / "other" / "a.json"), folder=tmp_path)
    assert [row[0] for row in shown.table["data"]] == ["a (1)", "a (1)", "a (2)", "a (2)"]


def test_the_values_of_each_sample_are_in_a_file(two, tmp_path):
    golds, a, b = two
    with open(score_files("LaMP_3", golds, a, folder=tmp_path).per_sample, newline="") as file:
        assert list(csv.reader(file)) == [
            ["id", "absolute_error", "squared_error"],
            ["1", "0.0", "0.0"],
            ["2", "0.0", "0.0"],
            ["3", "2.0", "4.0"],
        ]
    with open(score_files("LaMP_3", golds, a, other=b, folder=tmp_path).per_sample, newline="") as file:
        head, first, *_ = csv.reader(file)
    assert head == ["id", "a absolute_error", "a squared_error", "b absolute_error", "b squared_error"]
    assert first == ["1", "0.0", "0.0", "1.0", "1.0"]


def test_more_samples_than_others_can_wait_for_are_refused(two, monkeypatch):
    monkeypatch.setattr("lamp_metric.space.page.MAX_SAMPLES", 2)
    with pytest.raises(ValueError, match="expected at most 2 samples, found 3; score them on your own machine"):
        score_files("LaMP_3", *two[:2], folder=".")
