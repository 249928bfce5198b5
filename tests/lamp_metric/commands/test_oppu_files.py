"""Predictions on OPPU's files, from our commands and from elsewhere."""

import json

import made_layouts
import pytest

import lamp_metric
from lamp_dataset.formats.oppu import import_users
from lamp_dataset.tasks import TASKS

EVERY = pytest.mark.parametrize("name", made_layouts.OPPU_NAMES)


@pytest.fixture
def release(tmp_path):
    """Writes a folder and imports it.

    Gives the imported folder, the rows, the release's file of golds, and two files of predictions as OPPU's code
    writes them.
    """

    def write(name):
        users = made_layouts.write_oppu(tmp_path / "oppu", TASKS[name], items=(1, 3), odd=False)
        folder, official, history = made_layouts.OPPU_NAMES[name]
        (tmp_path / "official" / name).mkdir(parents=True)
        import_users(TASKS[name], tmp_path / "oppu", tmp_path / "official" / name)
        rows = made_layouts.rows_of_oppu(TASKS[name], users["test"])
        paths = []
        for shift in (0, 1):
            answers = [row["output"] for row in rows[shift:] + rows[:shift]]
            golds = [{"id": row["id"], "output": answer} for row, answer in zip(rows, answers, strict=True)]
            paths.append(tmp_path / f"p{shift}.json")
            paths[-1].write_text(json.dumps({"task": official, "golds": golds, "model": "a/model"}, indent=4))
        return tmp_path / "official", rows, tmp_path / "oppu" / folder / f"{history}_label.json", paths

    return write


@EVERY
def test_predictions_are_scored_and_checked(run, release, name):
    folder, rows, golds, preds = release(name)
    answers = [entry["output"] for entry in json.loads(preds[1].read_text())["golds"]]
    expected = lamp_metric.score(name, answers, [row["output"] for row in rows])
    common = ("eval-task", "--task_name", name, "--preds_json", preds[1], "--json")
    imported = ("--data-dir", folder, "--split", "test")
    for given in (("--golds_json", golds), imported):
        result = run(*common, *given)
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["scores"] == expected
    by_user = (*imported, "--confidence_level", "0.9", "--n_resamples", "99")
    assert json.loads(run(*common, *by_user).stdout)["users"] == 8
    assert run("check", name, "--preds", preds[0], "--golds", golds).exit_code == 0
    is_official = made_layouts.OPPU_NAMES[name][1] == TASKS[name].official_name
    assert run("check", name, "--preds", preds[0], *imported).exit_code == (0 if is_official else 2)
    assert run("baseline", name, *imported, "--output", preds[1]).exit_code == 0
    assert run(*common, *imported).exit_code == 0


@pytest.mark.parametrize(("name", "said"), [("LaMP_1_time", "LaMP_8"), ("LaMP_2_news_time", "LaMP_2N")])
def test_predictions_may_call_the_task_what_their_golds_call_it(run, release, name, said):
    _, _, golds, preds = release(name)
    for path in (golds, preds[0]):
        path.write_text(json.dumps({**json.loads(path.read_text()), "task": said}))
    assert run("check", name, "--preds", preds[0], "--golds", golds).exit_code == 0
    preds[0].write_text(json.dumps({**json.loads(preds[0].read_text()), "task": "LaMP_9"}))
    assert run("check", name, "--preds", preds[0], "--golds", golds).exit_code == 2


def test_predictions_of_another_task_do_not_fit(fails, run, release):
    name = "LaMP_2_time"
    _, _, golds, preds = release(name)
    document = json.loads(preds[0].read_text())
    preds[0].write_text(json.dumps({**document, "task": "LaMP_2N"}))
    assert "LaMP_2N" in fails("eval-task", "--task_name", name, "--preds_json", preds[0], "--golds_json", golds)
    assert run("check", name, "--preds", preds[0], "--golds", golds).exit_code == 2
    news = ("eval-task", "--task_name", "LaMP_2_news_time", "--preds_json", preds[0], "--golds_json", golds)
    assert "LaMP_2_news_time" in fails(*news)
    assert "LaMP_2M" in fails("eval-task", "--preds_json", preds[0], "--golds_json", golds)
