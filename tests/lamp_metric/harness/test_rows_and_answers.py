import json
import re
from pathlib import Path

import example
import pytest

from lamp_dataset import SAMPLE, TASKS, Personalizer, swap_profiles, users_of
from lamp_dataset.personalize.split import load_split
from lamp_metric.harness.rows_and_answers import COLUMNS, MAX_ANSWER, choose, collect, harness_rows


@pytest.mark.parametrize("name", ["distributed", "finetune", "per_user", "zero_shot"])
def test_answers_may_be_as_long_wherever_a_model_is_asked(name):
    text = (example.FOLDER / f"{name}.py").read_text(encoding="utf-8")
    [default] = re.findall(r'type=int, default=(\d+), help="tokens of an answer"', text)
    assert int(default) == MAX_ANSWER


@pytest.mark.parametrize("config", ["LaMP_3", "LaMP_7_time"])
def test_rows_are_those_of_the_split_with_the_personalizers_prompts(config):
    rows = load_split(config, "validation", SAMPLE)
    prompts = Personalizer(config, k=2, retriever="first")(rows[:])
    assert harness_rows(config, data_dir="sample", k=2, retriever="first").to_list() == [
        dict(zip(COLUMNS, values, strict=True))
        for values in zip(
            rows["id"],
            [config] * len(rows),
            users_of(rows),
            prompts["source"],
            prompts["messages"],
            rows["output"],
            strict=True,
        )
    ]


def test_every_config_and_split_has_rows():
    for config, task in TASKS.items():
        for split in task.num_samples:
            rows = harness_rows(config, data_dir="sample", split=split)
            assert rows.column_names == list(COLUMNS)
            assert set(rows["config"]) == {config}
            assert all(rows["user_id"])
            assert (None in rows["target"][:]) == (split == "test" and task.hub is None), (config, split)


def test_profiles_of_others_and_none():
    rows = load_split("LaMP_3", "train", SAMPLE)
    options = {"data_dir": "sample", "split": "train", "k": 1}
    arms = (harness_rows("LaMP_3", profile=profile, **options) for profile in ("other", "none", "similar"))
    other, none, similar = arms
    swapped = swap_profiles(rows, by="similar", task="LaMP_3")
    assert similar["source"][:] == Personalizer("LaMP_3", k=1)(swapped[:])["source"]
    assert other["source"][:] == Personalizer("LaMP_3", k=1)(swap_profiles(rows)[:])["source"]
    assert none["source"][:] == rows["input"][:]
    assert other["user_id"][:] == none["user_id"][:] == users_of(rows)  # the user who asks, not the one who is read
    options = {"retriever": "rrf", "rankers": ["bm25", "random"], "seed": 4}
    given = {"retriever": options.pop("retriever"), "retriever_options": options, "k": 1}
    expected = Personalizer("LaMP_3", k=1, retriever="rrf", **options)(load_split("LaMP_3", "train", SAMPLE)[:])
    assert harness_rows("LaMP_3", data_dir="sample", split="train", **given)["source"][:] == expected["source"]


def test_a_ranking_file_takes_the_place_of_the_retriever(tmp_path):
    rows = load_split("LaMP_3", "validation", SAMPLE)
    ranking = {row["id"]: [item["id"] for item in row["profile"][::-1]] for row in rows}
    (tmp_path / "ranking.json").write_text(json.dumps(ranking))
    options = {"ranking": str(tmp_path / "ranking.json"), "k": 1}
    assert (
        harness_rows("LaMP_3", data_dir="sample", **options)["source"][:]
        == (Personalizer("LaMP_3", **options)(rows[:])["source"])
    )


def test_samples_of_some_users(tmp_path):
    whole = harness_rows("LaMP_3", data_dir="sample", k=1)
    users = whole["user_id"][:]
    kept = [row for row in whole.to_list() if row["user_id"] == users[0]]
    assert 0 < len(kept) < len(whole)
    (tmp_path / "users.txt").write_text(f"{users[0]}\n")
    for given in ([users[0]], int(users[0]), str(tmp_path / "users.txt")):
        assert harness_rows("LaMP_3", data_dir="sample", k=1, users=given).to_list() == kept
    swapped = harness_rows("LaMP_3", data_dir="sample", k=1, profile="other").to_list()
    few = harness_rows("LaMP_3", data_dir="sample", k=1, profile="other", users=[users[0]]).to_list()
    assert few == [row for row in swapped if row["user_id"] == users[0]]
    with pytest.raises(FileNotFoundError, match="expected a users file or a list of ids.*'A1'"):
        harness_rows("LaMP_3", data_dir="sample", users="A1")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"profile": "swapped"}, "own, other, similar, none.*'swapped'"),
        ({"k": "4"}, "'k', found '4'"),
        ({"split": "dev"}, "'validation' here"),
        ({"retriever": "bm52"}, "'bm52'"),
        ({"data_dir": "/nowhere"}, "/nowhere"),
        ({"data_dir": 7}, "found 7"),
        ({"users": "/nowhere.json"}, "/nowhere.json"),
    ],
)
def test_a_wrong_option_is_named(wrong, message):
    with pytest.raises((ValueError, OSError), match=message):
        harness_rows("LaMP_3", **{"data_dir": "sample", **wrong})


LOGGED = [("LaMP_3", "310", "4"), ("LaMP_3", "311", "")]


def test_answers_are_collected_as_they_are_and_a_limited_run_is_named():
    answers = collect(LOGGED, Path("log"), expected=2)
    assert (answers.task, answers.by_id, answers.name) == ("LaMP_3", {"310": "4", "311": ""}, "log")
    assert collect(LOGGED, Path("log")) == answers  # the log does not say how many there should be
    with pytest.raises(ValueError, match=r"log: .*all 2500 samples.*found 2: .*--partial"):
        collect(LOGGED, Path("log"), expected=2500)


@pytest.mark.parametrize(
    ("logged", "config", "message"),
    [
        ([], None, "log: .*found none"),
        ([*LOGGED, ("LaMP_4", "410", "A title")], None, "log: .*LaMP_3, LaMP_4"),
        (LOGGED, "LaMP_4", "log: expected samples of LaMP_4, found LaMP_3"),
        ([("gsm8k", "310", "4")], None, "log: .*'gsm8k'"),
        ([(["LaMP_3"], "310", "4")], None, "log: .*one of this benchmark's configs"),
        ([("LaMP_3", "310", None)], None, "log: .*'310' and None"),
        ([*LOGGED, LOGGED[0]], None, "log: duplicate id '310'"),
    ],
)
def test_what_is_no_run_of_one_config_is_refused(logged, config, message):
    with pytest.raises(ValueError, match=message):
        collect(logged, Path("log"), config)


def test_the_log_that_is_meant():
    a, b, c = (("LaMP_3", Path("a")), ("LaMP_4", Path("b")), ("LaMP_4", Path("c")))
    assert choose([a], None, "logs") == Path("a")
    assert choose([a, b], "LaMP_4", "logs") == Path("b")
    for logs, config, message in (
        ([a, b], None, "logs: .*LaMP_3, LaMP_4.*--config"),
        ([b, c], None, "logs: holds 2 logs of LaMP_4.*: b, c"),
        ([b, c], "LaMP_3", "logs: expected a log of LaMP_3, found LaMP_4"),
        ([], None, "logs: .*found none"),
    ):
        with pytest.raises(ValueError, match=message):
            choose(logs, config, "logs")
