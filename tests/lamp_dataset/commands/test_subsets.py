import json
import os
import stat

import datasets
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


NAME = "LaMP_3_time"


def test_the_chosen_users_and_the_others_in_oppus_layout(run, sample):
    assert run("users", NAME, *HERE, "--split", "train", "--top", 1, "--output", "u.json")[0] == 0
    chosen = read_user_subset("u.json").users
    status, output = run("oppu", NAME, *HERE, "--split", "train", "--users", "u.json", "--others", "train", "-o", "o")
    assert status == 0, output
    rows, found = sample(NAME, "train"), datasets.load_dataset("lamp", NAME, data_dir="o", layout="oppu")
    for split, kept in (("test", True), ("train", False)):
        expected = {row["id"]: (row["user_id"], row["input"], row["output"]) for row in rows}
        expected = {key: value for key, value in expected.items() if (value[0] in chosen) == kept}
        assert {row["id"]: (row["user_id"], row["input"], row["output"]) for row in found[split]} == expected
    assert f"product_rating/user_others.json: {len(set(rows['user_id'])) - 1} users with" in output
    assert "left out" in output


def test_all_users_of_a_split_whose_golds_are_withheld(run):
    status, output = run("oppu", NAME, *HERE, "--output", "o")
    assert (status, "golds are withheld" in output) == (0, True)
    assert os.listdir("o/product_rating") == ["user_top_100_history.json"]


def test_a_folder_that_holds_something_is_left_alone(run):
    assert run("oppu", NAME, *HERE, "--output", "o")[0] == 0
    with open("o/product_rating/user_top_100_history.json", "rb") as file:
        before = file.read()
    status, output = run("oppu", NAME, *HERE, "--split", "train", "--output", "o")
    assert (status, "product_rating" in output) == (2, True)
    with open("o/product_rating/user_top_100_history.json", "rb") as file:
        assert file.read() == before
    assert run("oppu", "LaMP_4_time", *HERE, "--output", "o")[0] == 0
    assert sorted(os.listdir("o")) == ["news_headline", "product_rating"]


def test_nothing_is_left_of_a_run_that_fails_half_way(run, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr("lamp_dataset.personalize.oppu_export.dump_outputs", full)
    status, output = run("oppu", NAME, *HERE, "--split", "train", "--output", "o")
    assert (status, "No space left" in output) == (2, True)
    assert os.listdir("o") == []


def test_the_gated_task_is_for_its_owner_alone(run):
    status, output = run("oppu", "LaMP_6_time", *HERE, "--split", "train", "--output", "o")
    assert (status, "LDC2015T03" in output) == (0, True)
    assert stat.S_IMODE(os.stat("o/email_subject").st_mode) == 0o700
    assert {stat.S_IMODE(os.stat(f"o/email_subject/{name}").st_mode) for name in os.listdir("o/email_subject")} == {
        0o600
    }


@pytest.mark.parametrize(
    ("config", "options", "facts"),
    [
        ("LaMP_3", (), ["LaMP_3_time"]),
        (NAME, ("--others", "train"), ["--others", "--users"]),
        (NAME, ("--users", "unknown.txt"), ["unknown.txt", "'x'"]),
        (NAME, ("--users", "wrong.json"), ["wrong.json", "LaMP_4_time"]),
        (NAME, ("--users", "all.txt", "--others", "test"), ["'test'", "other users"]),
        (NAME, ("--split", "dev"), ["validation"]),
        ("LaMP_8", (), ["LaMP_8"]),
    ],
)
def test_bad_options_of_oppu_are_one_line_and_write_nothing(run, config, options, facts, sample):
    for name, text in (
        ("unknown.txt", "x\n"),
        ("all.txt", "\n".join(sorted(set(sample(NAME, "test")["user_id"])))),
        ("wrong.json", '{"recipe": {"config": "LaMP_4_time"}, "users": ["1"]}'),
    ):
        with open(name, "w") as file:
            file.write(text)
    status, said = run("oppu", config, *HERE, *options, "--output", "o")
    last = said.strip().splitlines()[-1]
    assert status == 2
    assert last.startswith("error: ")
    assert [fact for fact in facts if fact not in last] == []
    assert not os.path.exists("o") or os.listdir("o") == []


def test_commands_read_the_folder(run):
    assert run("oppu", NAME, *HERE, "--split", "train", "--output", "o")[0] == 0
    for command in (
        ("stats", NAME, "--data-dir", "o"),
        ("show", NAME, "--data-dir", "o", "--split", "test"),
        ("personalize", NAME, "--data-dir", "o", "--split", "test", "--output", "p.parquet"),
        ("rank", NAME, "--data-dir", "o/product_rating", "--split", "test", "--output", "r.json"),
        ("users", NAME, "--data-dir", "o", "--split", "test", "--top", 1, "--output", "u.json"),
        ("oppu", NAME, "--data-dir", "o", "--split", "test", "--users", "u.json", "--output", "p"),
        ("export", NAME, "--data-dir", "o", "--output", "e"),
    ):
        status, output = run(*command)
        assert status == 0, output
    status, output = run("oppu", NAME, "--data-dir", "o", "--split", "test", "--output", "o")
    assert (status, "product_rating" in output) == (2, True)


def test_two_runs_at_once_do_not_mix(run, tmp_path):
    from lamp_dataset.atomic import whole_folder

    (tmp_path / "here" / "o").mkdir()
    with whole_folder(tmp_path / "here" / "o" / "product_rating", lambda path: None, alone=True):
        status, output = run("oppu", NAME, *HERE, "--output", "o")
    assert (status, "another run" in output) == (2, True)
