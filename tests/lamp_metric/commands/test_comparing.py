import json

import pytest

import lamp_metric
from lamp_dataset.tasks import TASKS

USER = [name for name, task in TASKS.items() if not task.time_based]


def test_compare_reports_both_systems(made, run):
    golds, preds = made.pair("LaMP_4", n=40)
    worse = made.write("worse.json", "LaMP_4", dict.fromkeys(made.outputs("LaMP_4", n=40)[0], "nothing"))
    result = run("compare", "LaMP_4", "--golds", golds, "--preds", preds, worse, "--n_resamples", "500")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[:2] == [f"A: {preds}", f"B: {worse}"]
    assert lines[3].split() == ["score", "A", "B", "A", "-", "B", "interval", "p", "better", "score"]
    assert result.stderr == ""
    assert lines[4].split()[-1] == "A"
    assert lines[-1].startswith(
        "task:LaMP_4|n:40|rule:1|test:paired-randomization|confidence:0.95|resamples:500|seed:0|"
    )
    machine = json.loads(
        run("compare", "LaMP_4", "--golds", golds, "--preds", preds, worse, "--n_resamples", "500", "--json").stdout
    )
    by_gold, by_pred = made.outputs("LaMP_4", n=40)
    assert machine["scores"] == lamp_metric.compare(
        "LaMP_4", [by_pred[key] for key in by_gold], ["nothing"] * 40, list(by_gold.values()), n_resamples=500
    )


def test_compare_of_few_samples_says_how_little_they_tell(made, run):
    """By hand: all three differ alike, so the interval leaves out 0; two of the eight swaps differ as much."""
    golds = made.write("g.json", "LaMP_3", {"1": "5", "2": "5", "3": "5"})
    preds = [made.write(f"{n}.json", "LaMP_3", dict.fromkeys("123", n)) for n in "54"]
    result = run("compare", "LaMP_3", "--golds", golds, "--preds", *preds)
    row = "MAE 0.0000 1.0000 -1.0000 [-1.0000, -1.0000] 0.2500 A"
    assert row.split() in [line.split() for line in result.stdout.splitlines()]
    assert result.stderr == "few samples (3): the interval tends to be too narrow, and p cannot be below 0.25\n"
    few = made.pair("LaMP_3", n=29)
    options = ["--golds", few[0], "--preds", *few]
    assert run("compare", "LaMP_3", *options, "--n_resamples", "99").stderr.endswith(" below 0.02\n")
    assert run("compare", "LaMP_3", *options, "--n_resamples", "99", "--json").stderr == ""


def test_compare_names_news_categories_once(made, run):
    golds, preds = made.pair("LaMP_2_news", n=30)
    result = run("compare", "LaMP_2", "--golds", golds, "--preds", preds, golds)
    assert result.stderr.count("LaMP_2_news is scored\n") == result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", USER)
def test_compare_runs_for_every_task(made, run, name):
    golds, preds = made.pair(name, n=40)
    result = run("compare", name, "--golds", golds, "--preds", preds, golds, "--json")
    assert {found["better"] for found in json.loads(result.stdout)["scores"].values()} == {"b"}


@pytest.mark.parametrize("name", ["LaMP_2_time", "LaMP_3_time", "LaMP_4_time"])
def test_compare_draws_and_swaps_users_where_it_knows_them(made, run, name):
    folder, golds, questions = made.by_user(name)
    preds = [made.write(f"{i}.json", name, made.outputs(name, n=40, seed=0)[i]) for i in (0, 1)]
    options = ["--preds", *preds, "--n_resamples", "300", "--json"]
    result = json.loads(run("compare", name, "--data-dir", folder, *options).stdout)
    assert result == json.loads(run("compare", name, "--golds", golds, "--questions", questions, *options).stdout)
    by_gold, by_pred = made.outputs(name, n=40)
    users = made.users(by_gold)
    assert result["scores"] == lamp_metric.compare(
        name, list(by_gold.values()), [by_pred[key] for key in by_gold], list(by_gold.values()), users=users,
        n_resamples=300,
    )  # fmt: skip
    assert result["users"] == 8
    assert "|test:paired-randomization|clusters:users|users:8|" in result["signature"]


def test_few_users_are_noted(made, run):
    folder, golds, _ = made.by_user("LaMP_3_time")
    said = run("compare", "LaMP_3_time", "--data-dir", folder, "--preds", golds, made.pair("LaMP_3_time", n=40)[1])
    assert said.stderr.count("\n") == 1
    assert all(fact in said.stderr for fact in ("few users", "8", f"{2 / 2**8:.2g}"))
