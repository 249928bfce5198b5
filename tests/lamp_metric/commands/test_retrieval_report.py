import json
import re

import datasets
import pytest

from lamp_dataset import SAMPLE, load_split, users_of
from lamp_dataset.personalize.retrieval.rankers import BM25, make_ranker
from lamp_dataset.tasks import TASKS
from lamp_metric.judged_retrieval import judge_retrieval
from lamp_metric.signature import Resampling

HERE = ("--data-dir", "sample")


def test_json_is_what_the_library_finds(run):
    options = ("--retriever", "bm25", "recency", "-k", 1, 2, "--split", "train", "--n-resamples", 50, "--seed", 4)
    result = run("retrieval", "LaMP_4_time", *HERE, *options, "--json")
    assert result.exit_code == 0, result.output
    rows = datasets.load_dataset("lamp", "LaMP_4_time", data_dir=SAMPLE, split="train")
    rankers = {name: make_ranker(name) for name in ("bm25", "recency")}
    judged = judge_retrieval(TASKS["LaMP_4_time"], rows, rankers, [1, 2])
    assert json.loads(result.stdout) == {
        "task": "LaMP_4_time",
        "split": "train",
        "n": len(rows),
        "users": len(set(users_of(rows))),
        "users_inferred": False,
        "confidence": 0.95,
        "resamples": 50,
        "seed": 4,
        "figures": judged.means(Resampling(0.95, 50, 4)),
    }


def test_the_table_for_people(run):
    result = run("retrieval", "LaMP_3", *HERE, "--retriever", "bm25", "first", "--k", 2, 1, "--limit", 2)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["figure", "retriever", "k=1", "k=2"]
    assert [line[:2] for line in lines[1:5]] == [
        [figure, name] for figure in ("hit", "share") for name in ("bm25", "first")
    ]
    assert lines[5][:4] == ["overlap", "bm25", "and", "first"]
    assert "hit: share of samples" in result.stdout
    assert "LaMP_3, validation: samples 2, users 1 (inferred)" in result.stdout


def test_each_retriever_takes_its_own_options(run):
    def figures(*options):
        result = run("retrieval", "LaMP_3", *HERE, "--split", "train", "-k", 1, "--json", *options)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)["figures"]

    one, *others = (figures("--retriever", "random", "--random-seed", seed) for seed in range(1, 6))
    assert any(other != one for other in others)
    fused = figures("--retriever", "rrf", "random", "--ranker", "bm25", "random", "--random-seed", 1)
    assert [record for record in fused if record["retrievers"] == ["random"]] == one


def test_bm25_takes_its_parameters_alone_and_fused(run, monkeypatch):
    judged = []
    monkeypatch.setattr(
        "lamp_metric.judged_retrieval.judge_retrieval", lambda task, rows, made, *more: judged.append(made)
    )
    run("retrieval", "LaMP_3", *HERE, "--retriever", "bm25", "rrf", "--ranker", "bm25", "first", "--k1", 2, "--b", 1)
    alone, fused = judged[0].values()
    assert alone == fused.rankers[0] == BM25(k1=2.0, b=1.0)


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        (["LaMP_1", *HERE], "LaMP_1.*labels.*title, abstract"),
        (["LaMP_4", *HERE, "--retriever", "recency"], "LaMP_4 has no dates"),
        (["LaMP_4", *HERE, "--model", "x"], "bm25: unknown option --model"),
        (["LaMP_4", *HERE, "-k", "1", "0"], "'-k'.* 0 "),
        (["LaMP_4", "--data-dir", "no/such"], "no/such"),
    ],
)
def test_bad_input_is_one_line(run, arguments, facts):
    result = run("retrieval", *arguments)
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert (result.exit_code, result.stdout, len(errors)) == (2, "", 1)
    assert re.search(facts, errors[0]), errors[0]


def test_some_users_alone(run, tmp_path):
    (tmp_path / "u.txt").write_text("210\n")
    common = ("retrieval", "LaMP_3", "--data-dir", "sample", "--users", tmp_path / "u.txt", "--json")
    assert {name: json.loads(run(*common).stdout)[name] for name in ("n", "users")} == {"n": 2, "users": 1}


def test_feedback_in_place_of_golds(run, fails, tmp_path):
    """For a task whose items hold no outputs, too."""
    rows, path = load_split("LaMP_1", "train", SAMPLE), tmp_path / "f.json"
    worths = {
        key: {"": 0, **{item["id"]: int(n > 0) for n, item in enumerate(rows[0]["profile"])}} for key in [rows[0]["id"]]
    }
    path.write_text(json.dumps(worths))
    common = ("retrieval", "LaMP_1", "--data-dir", "sample", "--feedback", path, "--retriever", "first", "-k", 1, 2)
    result = run(*common, "--split", "train", "--limit", 2)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[1:7] == [
        ["nDCG", "first", "0.0000", "0.3869"],
        ["precision", "first", "0.0000", "0.5000"],
        ["score", "first", "0.0000", "0.5000"],
        ["score", "best", "item", "1.0000", "1.0000"],
        ["score", "no", "item", "0.0000", "0.0000"],
        ["attained", "first", "0.0000", "0.5000"],
    ]
    assert "LaMP_1, train: samples 1, users 1 (inferred)" in result.stdout
    assert "sample '000' is not in the split" in fails(*common, "--split", "validation")
    (tmp_path / "two").write_text("\n".join(rows["id"][1:3]))
    assert "LaMP_1: no sample of these rows has feedback" in fails(
        *common, "--split", "train", "--samples", tmp_path / "two"
    )
