import os
import stat
from pathlib import Path

import datasets
import made_layouts
import pytest

import lamp_dataset
from lamp_dataset.formats.lists import read_user_subset
from lamp_dataset.tasks import TASKS

HERE = ("--data-dir", lamp_dataset.SAMPLE)
NAME = "LaMP_3_time"


def test_the_chosen_users_and_the_others_there_and_back(run, sample):
    assert run("users", NAME, *HERE, "--split", "train", "--top", 1, "--output", "u.json")[0] == 0
    chosen = read_user_subset("u.json").users
    status, output = run(
        "oppu", "export", NAME, *HERE, "--split", "train", "--users", "u.json", "--others", "train", "-o", "o"
    )
    assert status == 0, output
    rows = sample(NAME, "train")
    assert f"product_rating/user_others.json: {len(set(rows['user_id'])) - 1} users with" in output
    assert "left out" in output
    status, output = run("oppu", "import", "o", "--config", NAME, "-o", "back")
    assert (status, f"{NAME}, split train: {len(set(rows['user_id'])) - 1} users with" in output) == (0, True), output
    found = datasets.load_dataset("lamp", NAME, data_dir="back")
    for split, kept in (("test", True), ("train", False)):
        expected = {row["id"]: (row["user_id"], row["input"], row["output"]) for row in rows}
        expected = {key: value for key, value in expected.items() if (value[0] in chosen) == kept}
        assert {row["id"]: (row["user_id"], row["input"], row["output"]) for row in found[split]} == expected


@pytest.mark.parametrize("name", made_layouts.OPPU_NAMES)
def test_every_task_is_imported_beside_the_others(run, name):
    made_layouts.write_oppu(Path("release"), TASKS[name])
    assert run("oppu", "import", "release", "--config", name, "--output", "o")[0] == 0
    assert sorted(os.listdir(f"o/{name}")) == [
        *("test_outputs.json", "test_questions.json", "train_outputs.json", "train_questions.json")
    ]


@pytest.mark.parametrize(
    ("config", "folder", "fact"),
    [
        ("LaMP_3", "release", "LaMP_3_time"),
        ("LaMP_4_time", "release", "news_headline/user_top_100_history.json"),
        ("LaMP_7_time", "release/product_rating", "LaMP_3_time"),
        (NAME, "nothing", "nothing"),
    ],
)
def test_what_cannot_be_imported_is_one_line_and_nothing_is_written(run, config, folder, fact):
    made_layouts.write_oppu(Path("release"), TASKS[NAME])
    before = sorted(Path().rglob("*.*"))
    status, said = run("oppu", "import", folder, "--config", config, "--output", "new/o")
    last = said.strip().splitlines()[-1]
    assert (status, last[:7], fact in last) == (2, "error: ", True), said
    assert sorted(Path().rglob("*.*")) == before


def test_an_import_replaces_nothing(run):
    made_layouts.write_oppu(Path("release"), TASKS[NAME])
    assert run("oppu", "import", "release", "--config", NAME, "--output", "o")[0] == 0
    status, output = run("oppu", "import", "release", "--config", NAME, "--output", "o")
    assert (status, f"{NAME}: expected a new or an empty folder" in output) == (2, True)


def test_all_users_of_a_split_whose_golds_are_withheld(run):
    status, output = run("oppu", "export", NAME, *HERE, "--output", "o")
    assert (status, "golds are withheld" in output) == (0, True)
    assert os.listdir("o/product_rating") == ["user_top_100_history.json"]


def test_a_folder_that_holds_something_is_left_alone(run):
    assert run("oppu", "export", NAME, *HERE, "--output", "o")[0] == 0
    before = Path("o/product_rating/user_top_100_history.json").read_bytes()
    status, output = run("oppu", "export", NAME, *HERE, "--split", "train", "--output", "o")
    assert (status, "product_rating" in output) == (2, True)
    assert Path("o/product_rating/user_top_100_history.json").read_bytes() == before
    assert run("oppu", "export", "LaMP_4_time", *HERE, "--output", "o")[0] == 0
    assert sorted(os.listdir("o")) == ["news_headline", "product_rating"]


def test_the_gated_task_is_for_its_owner_alone(run):
    status, output = run("oppu", "export", "LaMP_6_time", *HERE, "--split", "train", "--output", "o")
    assert (status, "LDC2015T03" in output) == (0, True)
    assert run("oppu", "import", "o", "--config", "LaMP_6_time", "--output", "o")[0] == 0
    for folder in (Path("o/email_subject"), Path("o/LaMP_6_time")):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("config", "options", "facts"),
    [
        ("LaMP_3", (), ["LaMP_3_time"]),
        (NAME, ("--others", "train"), ["--others", "--users"]),
        (NAME, ("--users", "unknown.txt"), ["unknown.txt", "'x'"]),
        (NAME, ("--users", "wrong.json"), ["wrong.json", "LaMP_4_time"]),
        (NAME, ("--users", "all.txt", "--others", "test"), ["'test'", "other users"]),
    ],
)
def test_bad_options_of_oppu_are_one_line_and_write_nothing(run, config, options, facts, sample):
    for name, text in (
        ("unknown.txt", "x\n"),
        ("all.txt", "\n".join(sorted(set(sample(NAME, "test")["user_id"])))),
        ("wrong.json", '{"recipe": {"config": "LaMP_4_time"}, "users": ["1"]}'),
    ):
        Path(name).write_text(text)
    status, said = run("oppu", "export", config, *HERE, *options, "--output", "o")
    last = said.strip().splitlines()[-1]
    assert status == 2
    assert last.startswith("error: ")
    assert [fact for fact in facts if fact not in last] == []
    assert not Path("o").exists()
