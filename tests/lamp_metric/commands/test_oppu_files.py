"""Predictions on OPPU's files, from our commands and from elsewhere."""

import json

import made_oppu
import pytest

import lamp_metric
from lamp_dataset.tasks import TASKS

EVERY = pytest.mark.parametrize("name", made_oppu.NAMES)


@pytest.fixture
def release(tmp_path, made):
    """Writes a folder; gives its rows, and two files of predictions as OPPU's code writes them."""

    def write(name):
        users = made_oppu.write(tmp_path / "oppu", TASKS[name], items=(1, 3), odd=False)
        rows = made_oppu.expected(TASKS[name], users["test"])
        paths = []
        for shift in (0, 1):
            answers = [row["output"] for row in rows[shift:] + rows[:shift]]
            golds = [{"id": row["id"], "output": answer} for row, answer in zip(rows, answers, strict=True)]
            document = {"task": made_oppu.NAMES[name][1], "golds": golds, "model": "a/model"}
            paths.append(tmp_path / f"p{shift}.json")
            paths[-1].write_text(json.dumps(document, indent=4))
        return tmp_path / "oppu", rows, paths

    return write


def files(folder, name):
    place, _, history = made_oppu.NAMES[name]
    return folder / place / f"{history}_label.json", folder / place / f"{history}.json"


@EVERY
def test_predictions_are_scored(run, release, name):
    folder, rows, preds = release(name)
    golds, questions = files(folder, name)
    answers = [entry["output"] for entry in json.loads(preds[1].read_text())["golds"]]
    expected = lamp_metric.score(name, answers, [row["output"] for row in rows])
    common = ("eval-task", "--task_name", name, "--preds_json", preds[1], "--json")
    both = ("--golds_json", golds, "--questions", questions, "--confidence_level", "0.9", "--n_resamples", "99")
    for given in (("--golds_json", golds), both, ("--data-dir", folder, "--split", "test")):
        result = run(*common, *given)
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["scores"] == expected
    assert json.loads(run(*common, *both).stdout)["users"] == 8


@EVERY
def test_predictions_are_checked(run, release, name):
    folder, rows, preds = release(name)
    golds, questions = files(folder, name)
    for given in (("--golds", golds), ("--questions", questions), ("--data-dir", folder, "--split", "test")):
        result = run("check", name, "--preds", preds[0], *given)
        assert result.exit_code == 0, result.output
    entries = json.loads(preds[0].read_text())
    preds[0].write_text(json.dumps({**entries, "golds": entries["golds"][1:]}))
    result = run("check", name, "--preds", preds[0], "--questions", questions)
    assert (result.exit_code, rows[0]["id"] in result.stdout) == (2, True)


@pytest.mark.parametrize("name", ["LaMP_2_time", "LaMP_3_time", "LaMP_7_time"])
def test_predictions_are_compared_and_reported(run, release, tmp_path, name):
    folder, rows, preds = release(name)
    golds, questions = files(folder, name)
    (tmp_path / "u.txt").write_text("U1\nU2\nU3\nU4\n")
    for given in (("--data-dir", folder, "--split", "test"), ("--golds", golds, "--questions", questions)):
        options = (name, *given, "--preds", *preds, "--n_resamples", "99")
        found = json.loads(run("compare", *options, "--json").stdout)
        assert (found["n"], found["users"]) == (len(rows), 8)
        found = json.loads(run("compare", *options, "--users", tmp_path / "u.txt", "--json").stdout)
        assert found["users"] == 4
        result = run("report", *options, "--output", tmp_path / "r")
        assert result.exit_code == 0, result.output
        assert json.loads((tmp_path / "r" / "summary.json").read_text())["users"] == 8


def test_golds_come_from_the_queries_where_there_is_no_label_file(run, release):
    name = "LaMP_2_time"
    folder, _, preds = release(name)
    command = ("eval-task", "--task_name", name, "--preds_json", preds[0], "--data-dir", folder, "--split", "test")
    whole = run(*command, "--json").stdout
    files(folder, name)[0].unlink()
    assert run(*command, "--json").stdout == whole


def test_predictions_of_ours_fit_as_well(run, release, tmp_path):
    name = "LaMP_2_time"
    folder, rows, preds = release(name)
    lamp_metric.write_predictions(tmp_path / "ours.json", name, [row["id"] for row in rows], ["comedy"] * len(rows))
    golds, _ = files(folder, name)
    for official in ("LaMP_2M", "LaMP_2", "LaMP_8"):
        golds.write_text(json.dumps({**json.loads(golds.read_text()), "task": official}))
        result = run("compare", name, "--golds", golds, "--preds", tmp_path / "ours.json", preds[0], "--json")
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize(("name", "said"), [("LaMP_1_time", "LaMP_8"), ("LaMP_2_news_time", "LaMP_2N")])
def test_predictions_may_call_the_task_what_their_golds_call_it(run, release, name, said):
    folder, _, preds = release(name)
    golds, questions = files(folder, name)
    for path in (golds, preds[0]):
        path.write_text(json.dumps({**json.loads(path.read_text()), "task": said}))
    for given in (("--golds", golds), ("--questions", questions), ("--data-dir", folder, "--split", "test")):
        result = run("check", name, "--preds", preds[0], *given)
        assert result.exit_code == 0, result.output
    preds[0].write_text(json.dumps({**json.loads(preds[0].read_text()), "task": "LaMP_9"}))
    assert run("check", name, "--preds", preds[0], "--questions", questions).exit_code == 2


def test_predictions_of_another_task_do_not_fit(fails, run, release):
    name = "LaMP_2_time"
    folder, _, preds = release(name)
    document = json.loads(preds[0].read_text())
    golds, _ = files(folder, name)
    preds[0].write_text(json.dumps({**document, "task": "LaMP_2N"}))
    assert "LaMP_2N" in fails("eval-task", "--task_name", name, "--preds_json", preds[0], "--golds_json", golds)
    assert run("check", name, "--preds", preds[0], "--golds", golds).exit_code == 2
    news = ("eval-task", "--task_name", "LaMP_2_news_time", "--preds_json", preds[0], "--golds_json", golds)
    assert "LaMP_2_news_time" in fails(*news)
    assert "LaMP_2M" in fails("eval-task", "--preds_json", preds[0], "--golds_json", golds)


def test_a_name_that_is_not_official_needs_the_option_that_says_which_task_it_is(fails, run, release):
    name = "LaMP_2_time"
    folder, _, preds = release(name)
    golds, _ = files(folder, name)
    golds.write_text(json.dumps({**json.loads(golds.read_text()), "task": "LaMP_8"}))
    command = ("eval-task", "--golds_json", golds, "--preds_json", preds[0])
    assert f"{golds}: no task is named 'LaMP_8'; tasks: LaMP_1, " in fails(*command)
    assert "--task_name" in fails(*command)
    assert run(*command, "--task_name", name).exit_code == 0


@EVERY
def test_the_trivial_baseline_learns_from_all_other_users(run, release, tmp_path, name):
    folder, _, _ = release(name)
    result = run("baseline", name, "--data-dir", folder, "--split", "test", "--output", tmp_path / "b.json")
    assert result.exit_code == 0, result.output
    command = ("eval-task", "--task_name", name, "--preds_json", tmp_path / "b.json")
    assert run(*command, "--data-dir", folder, "--split", "test").exit_code == 0
