import json
import os
import stat
from pathlib import Path

import datasets
import pytest
from made_up import golds, outputs, write_split
from made_users import odd_histories

from lamp_dataset import TASKS, History
from lamp_dataset.formats.json_files import EntryWriter

HERE = ("--data-dir", "sample")
#: Not Dataset.from_json: it turns dates into times, whatever types are declared.
READERS = {
    "p.parquet": lambda path: datasets.Dataset.from_parquet(path).to_list(),
    "p.jsonl": lambda path: [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()],
}


@pytest.mark.parametrize("name", READERS)
def test_the_file_holds_the_pairs(run, name, sample):
    history = History("LaMP_4_time", visible="earlier", limit=2)
    expected = history.pairs(sample("LaMP_4_time", "train"), exclude=[sample("LaMP_4_time", "test")]).to_list()
    options = ("--visible", "earlier", "--limit", 2, "--exclude-split", "test")
    status, output = run("history", "LaMP_4_time", *HERE, *options, "--output", name)
    assert (status, f"{name}: {history.counts}" in output) == (0, True)
    assert READERS[name](name) == expected
    assert stat.S_IMODE(os.stat(name).st_mode) & 0o077 == 0o044


def test_every_option_reaches_the_pairs(run, sample):
    history = History("LaMP_7", visible="others", style="official", limit=None, seed=3)
    expected = history.pairs(sample("LaMP_7", "validation")).to_list()
    options = ("--split", "validation", "--visible", "others", "--style", "official", "--no-limit", "--seed", 3)
    assert run("history", "LaMP_7", *HERE, *options, "--output", "p.parquet")[0] == 0
    assert datasets.Dataset.from_parquet("p.parquet").to_list() == expected


@pytest.mark.parametrize("name", ["LaMP_4", "LaMP_4_time"])
def test_pairs_of_some_users_are_those_of_all_users(run, name, sample):
    pairs = History(name).pairs(sample(name, "train"))
    wanted = sorted(set(pairs["user_id"]))[:2]
    Path("users.txt").write_text("\n".join(wanted), encoding="utf-8")
    assert run("history", name, *HERE, "--users", "users.txt", "--output", "p.parquet")[0] == 0
    found = datasets.Dataset.from_parquet("p.parquet").to_list()
    assert found == [pair for pair in pairs if pair["user_id"] in wanted]
    status, said = run("history", name, *HERE, "--users", "users.txt", "--output", "users.txt")
    assert (status, "users.txt" in said) == (2, True)


def test_pairs_of_a_gated_config_are_their_owners_alone(run):
    status, output = run("history", "LaMP_6", *HERE, "--output", "p.jsonl")
    assert (status, "LDC2015T03" in output) == (0, True)
    assert stat.S_IMODE(os.stat("p.jsonl").st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["LaMP_7", "--style", "official", "--split", "test"], True),
        (["LaMP_7_time", "--style", "official", "--exclude-split", "test"], True),
        (["LaMP_7", "--style", "official", "--exclude-split", "validation"], False),
        (["LaMP_4", "--split", "test"], False),  # inputs hold the texts of the items
    ],
)
def test_tests_that_cannot_be_told_from_the_history_are_warned_of(run, arguments, told):
    status, said = run("history", *arguments, *HERE, "--output", "p.parquet")
    assert (status, "golds of test are withheld" in said) == (0, told)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["LaMP_1"], "'official'"),
        (["LaMP_4", "--visible", "earlier"], "LaMP_4_time"),
        (["LaMP_4", "--limit", "-1"], "-1"),
        (["LaMP_4", "--exclude-split", "dev"], "validation"),
    ],
)
def test_bad_input_is_one_line_and_no_file(run, arguments, found):
    status, output = run("history", *arguments, *HERE, "--output", "p.parquet")
    assert status == 2
    assert output.startswith("error: ")
    assert found in output
    assert output.count("\n") == 1
    assert not os.listdir(".")


@pytest.mark.parametrize(("output", "found"), [("p.csv", ".parquet or .jsonl"), ("no/p.jsonl", "no")])
def test_the_target_is_checked_before_the_work(run, output, found):
    status, said = run("history", "LaMP_4", *HERE, "--output", output)
    assert (status, found in said) == (2, True)


def test_an_input_is_not_overwritten(run, tmp_path):
    write_split(tmp_path, TASKS["LaMP_4"], "train")
    write_split(tmp_path, TASKS["LaMP_4"], "test")
    for split in ("train", "test"):
        target = tmp_path / "p.jsonl"
        target.unlink(missing_ok=True)
        target.symlink_to(tmp_path / TASKS["LaMP_4"].questions_path(split))
        options = ("--data-dir", tmp_path, "--exclude-split", "test", "--output", target)
        status, said = run("history", "LaMP_4", *options)
        assert (status, "input" in said) == (2, True)


def test_a_missing_split_to_exclude_is_named(run, tmp_path):
    write_split(tmp_path, TASKS["LaMP_4"], "train")
    status, said = run("history", "LaMP_4", "--data-dir", tmp_path, "--exclude-split", "test", "--output", "p.jsonl")
    assert (status, "test" in said, os.listdir(".")) == (2, True, [])


def test_leaks_are_listed(run, tmp_path):
    task = TASKS["LaMP_5"]
    rows = [{key: row[key] for key in ("id", "input", "profile")} for row in odd_histories(task, users=3, rows=2)]
    for row in rows:
        row["profile"] = [
            {"id": f"{item['id']}{n}", "title": f"t{n}", "abstract": f"a{n}"} for n, item in enumerate(row["profile"])
        ]
    found = golds(task, rows)
    rows[2]["input"] = f"{task.instruction} a1"
    found[rows[4]["id"]] = "t0 "
    path = tmp_path / task.questions_path("validation")
    path.parent.mkdir(parents=True)
    with path.open("wb") as file, EntryWriter(file) as writer:
        for row in rows:
            writer.add(row)
    (tmp_path / task.outputs_path("validation")).write_text(json.dumps(outputs(task, found)), encoding="utf-8")
    status, said = run("leaks", "LaMP_5", "--data-dir", tmp_path, "--output", "keep.json")
    assert status == 0
    assert [line for line in said.splitlines() if line.startswith("sample ")] == [
        f"sample {rows[2]['id']}: abstract of item {rows[2]['profile'][1]['id']}",
        f"sample {rows[4]['id']}: title of item {rows[4]['profile'][0]['id']}",
    ]
    assert "LaMP_5, validation: 2 of 6 samples" in said
    kept = [row["id"] for row in rows if row not in (rows[2], rows[4])]
    recipe = json.loads(Path("keep.json").read_text())["recipe"]
    assert (recipe.pop("left_out"), recipe.pop("data")["samples"]) == ({"leaks": 2}, 6)
    assert recipe == {"config": "LaMP_5", "split": "validation"}
    here = ("LaMP_5", "--data-dir", tmp_path, "--samples", "keep.json", "--output")
    for command, name in (("rank", "r.json"), ("history", "p.jsonl"), ("items", "i.jsonl")):
        assert run(command, *here, name, *(("--split", "validation") if command == "history" else ()))[0] == 0
    assert list(json.loads(Path("r.json").read_text())) == kept
    assert list(dict.fromkeys(row["id"].partition("-")[0] for row in READERS["p.jsonl"]("i.jsonl"))) == kept
    status, said = run("rank", *here, "keep.json")
    assert (status, "keep.json" in said.splitlines()[-1]) == (2, True)


def test_the_sample_has_no_leaks(run):
    for name in TASKS:
        status, said = run("leaks", name, *HERE)
        assert (status, f"{name}, validation: 0 of 3 samples" in said) == (0, True)
