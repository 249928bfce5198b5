import json
import os

import pytest

import lamp_dataset
from lamp_dataset.formats.user_files import read_user_subset

HERE = ("--data-dir", lamp_dataset.SAMPLE)


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
    with open("d/dev_questions.json", "w") as file:
        json.dump([{name: row[name] for name in ("id", "author", "input", "profile")} for row in rows], file)
    with open("d/dev_outputs.json", "w") as file:
        golds = [{"id": row["id"], "output": row["output"]} for row in rows]
        json.dump({"task": task.official_name, "golds": golds}, file)
    here = ("--data-dir", "d", "--user-column", "author")
    assert run("users", "LaMP_3", *here, "--top", 1, "--by", "samples", "--output", "u.json")[0] == 0
    assert read_user_subset("u.json").users == ("a",)
    assert run("rank", "LaMP_3", *here, "--users", "u.json", "--output", "r.json")[0] == 0
    with open("r.json") as file:
        assert list(json.load(file)) == [row["id"] for row in rows if row["author"] == "a"]
    for options, fact in (
        (
            ("--data-dir", "d", "--user-column", "writer"),
            "dev_questions.json: sample '210': expected the user as 'writer'",
        ),
        (("--user-column", "author"), "no column 'author'"),
    ):
        status, said = run("users", "LaMP_3", *options, "--top", 1, "--output", "v.json")
        assert (status, fact in said) == (2, True), said


def test_two_runs_write_the_same_file(run):
    for name in ("a.json", "b.json"):
        assert run("users", "LaMP_4_time", *HERE, "--sample", 1, "--seed", 3, "--output", name)[0] == 0
    with open("a.json", "rb") as a, open("b.json", "rb") as b:
        assert a.read() == b.read()


def test_the_others_and_a_list_of_ids(run):
    assert run("users", "LaMP_3", *HERE, "--top", 1, "--output", "top.json")[0] == 0
    assert run("users", "LaMP_3", *HERE, "--others", "top.json", "--output", "others.json")[0] == 0
    assert read_user_subset("others.json").users == ("2110",)
    with open("ids.txt", "w") as file:
        file.write("2110\n210\n")
    assert run("users", "LaMP_3", *HERE, "--ids", "ids.txt", "--cold-start", 4, "--output", "cold.json")[0] == 0
    assert read_user_subset("cold.json").users == ("2110",)
    told = read_user_subset("cold.json").recipe
    assert (told["ids"]["file"], told["cold_start"]) == ("ids.txt", 4)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ((), ["found none"]),
        (("--seed", 1, "--top", 1), ["--seed", "--sample"]),
        (("--by", "samples", "--cold-start", 9), ["--by", "--top"]),
        (("--top", 1, "--sample", 1), ["top", "sample"]),
        (("--top", 99), ["99", "found 2"]),
        (("--top", 0), ["--top"]),
        (("--others", "none.json"), ["none.json"]),
        (("--others", "other_config.json"), ["other_config.json", "LaMP_4"]),
        (("--others", "other_split.json"), ["other_split.json", "'test'", "'validation'"]),
        (("--ids", "unknown.txt"), ["unknown.txt", "1 of its 2", "'x'", "'210'"]),
        (("--ids", "unknown.txt", "--output", "unknown.txt"), ["unknown.txt", "input"]),
    ],
)
def test_bad_options_are_one_line(run, options, facts):
    for name, recipe in (
        ("other_config.json", {"config": "LaMP_4", "split": "validation"}),
        ("other_split.json", {"config": "LaMP_3", "split": "test"}),
    ):
        with open(name, "w") as file:
            json.dump({"recipe": recipe, "users": ["210"]}, file)
    with open("unknown.txt", "w") as file:
        file.write("210\nx\n")
    output = () if "--output" in options else ("--output", "u.json")
    status, said = run("users", "LaMP_3", *HERE, *options, *output)
    last = said.strip().splitlines()[-1]
    assert status == 2
    assert last.startswith("error: ")
    assert [fact for fact in facts if fact not in last] == []
    assert not os.path.exists("u.json")
