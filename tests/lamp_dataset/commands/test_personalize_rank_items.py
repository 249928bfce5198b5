import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
from rank_bm25 import BM25Okapi

import lamp_dataset
from lamp_dataset import Personalizer, item_prompts, swap_profiles, users_of

HERE = ("--data-dir", lamp_dataset.SAMPLE)


def test_personalize_writes_what_map_gives(run, sample):
    expected = sample("LaMP_3").map(Personalizer("LaMP_3", k=2), batched=True, remove_columns=["profile"]).to_list()
    for name, load in (("p.parquet", datasets.Dataset.from_parquet), ("p.jsonl", datasets.Dataset.from_json)):
        status, output = run("personalize", "LaMP_3", *HERE, "-k", 2, "--output", name)
        assert status == 0
        counted = ("beyond the budget", "without a profile", "with fully truncated items", "with a note in the")
        nothing = ", ".join(f"0 {what}" for what in counted)
        assert f"{name}: {len(expected)} prompts, own profiles: {nothing}" in output
        rows = load(name).to_list()
        assert [set(row) for row in rows] == [set(row) for row in expected]
        assert rows == expected


def test_several_processes_write_the_same_file_and_the_line_names_them(run, tmp_path):
    for name, workers in (("one.parquet", ()), ("two.parquet", ("--workers", 2))):
        status, output = run("personalize", "LaMP_3", *HERE, "--max-length", 60, *workers, "--output", name)
        assert status == 0
        assert (f"{name}: 3 prompts (up to 2 processes on this machine, without Ray), own profiles: " in output) == (
            workers != ()
        )
        assert re.search(r"0 without a profile, [1-3] with fully truncated items, [1-3] with a note", output)
    assert len({(tmp_path / "here" / name).read_bytes() for name in ("one.parquet", "two.parquet")}) == 1


def test_fully_truncated_items_are_counted(run):
    status, output = run("personalize", "LaMP_3", *HERE, "--max-length", 60, "--output", "p.parquet")
    rows = datasets.Dataset.from_parquet("p.parquet")
    empty = [row for row in rows if "empty" in row["retrieved_use"]]
    assert status == 0
    assert f"0 without a profile, {len(empty)} with fully truncated items, {len(empty)} with a note" in output
    assert len(empty) > 0
    for row in empty:
        assert row["source"].count('is the score for ""') == row["retrieved_use"].count("empty")
        assert f"texts of {row['retrieved_use'].count('empty')} of 4 items" in row["notes"]


def test_prompts_beyond_the_budget_are_counted(run):
    status, output = run("personalize", "LaMP_4", *HERE, "--max-length", 20, "--output", "p.parquet")
    rows = datasets.Dataset.from_parquet("p.parquet")
    beyond = [row for row in rows if row["source_length"] > 20]
    assert status == 0
    assert f"own profiles: {len(beyond)} beyond the budget, " in output
    assert len(beyond) > 0
    assert {row["length_unit"] for row in rows} == {"words"}


def test_options_reach_the_prompt(run, sample):
    options = {"retriever": "recency", "k": 3, "max_length": 70, "rules": "fixed", "order": "best-last"}
    rows = sample("LaMP_4_time", "train").select(range(2))
    expected = rows.map(Personalizer("LaMP_4_time", **options), batched=True, remove_columns=["profile"])
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items() if name != "k"]
    status, _ = run(
        "personalize", "LaMP_4_time", *HERE, "--split", "train", "--limit", 2, "--k", 3, *given, "--output", "p.parquet"
    )
    assert status == 0
    assert datasets.Dataset.from_parquet("p.parquet").to_list() == expected.to_list()


def test_the_control_arms(run, sample):
    rows, shown = sample("LaMP_3"), {}
    for arm, chosen in {
        "own": (rows, {"k": 2}),
        "none": (rows, {"k": 0}),
        "other": (swap_profiles(rows, seed=3, match_sizes=True), {"k": 2}),
        "similar": (swap_profiles(rows, by="similar", task="LaMP_3"), {"k": 2}),
    }.items():
        given = ("--profile-seed", 3, "--match-sizes") if arm == "other" else ()
        status, output = run("personalize", "LaMP_3", *HERE, "-k", 2, "--profile", arm, *given, "--output", "p.parquet")
        assert status == 0
        shown[arm] = output.splitlines()[-1].split(", ", 1)[1]
        expected = chosen[0].map(Personalizer("LaMP_3", **chosen[1]), batched=True, remove_columns=["profile"])
        assert datasets.Dataset.from_parquet("p.parquet").to_list() == expected.to_list()
    assert shown["own"].startswith("own profiles: 0 beyond the budget, 0 without")
    assert shown["none"].startswith("no profiles: 0 beyond the budget, 3 without")
    assert shown["similar"].startswith("histories of the most similar other users: 0 beyond the budget")
    assert shown["other"].startswith("profiles of other users (seed 3, similar sizes): 0 beyond the budget, 0 without")


@pytest.mark.parametrize("name", ["LaMP_3", "LaMP_3_time"])
def test_summaries_by_user_go_in_front(run, name, sample):
    rows = sample(name)
    users = users_of(rows)
    Path("s.json").write_text(json.dumps({user: f"user {user} likes tea" for user in users}))
    named = rows if name.endswith("_time") else rows.add_column("user_id", users)
    personalize = Personalizer(name, k=1, rules="fixed", summary="s.json")
    expected = named.map(personalize, batched=True, remove_columns=["profile"]).to_list()
    options = ("--rules", "fixed", "-k", 1, "--summary", "s.json", "--output", "p.parquet")
    assert run("personalize", name, *HERE, *options)[0] == 0
    assert datasets.Dataset.from_parquet("p.parquet").to_list() == expected
    assert run("personalize", name, *HERE, *options, "--limit", 2)[0] == 0
    assert datasets.Dataset.from_parquet("p.parquet").to_list() == expected[:2]
    assert expected[0]["source"].startswith(f"user {users[0]} likes tea\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--summary needs the fixed rules"),
        (("--rules", "fixed", "--profile", "other"), "--profile other does not swap the summaries"),
        (("--rules", "fixed"), "no summary of user '2"),
        (("--rules", "fixed", "--output", "s.json"), "s.json: expected a name that ends in .parquet"),
        (("--rules", "fixed", "--summary", "none.json"), "'none.json' does not exist"),
    ],
)
def test_summaries_that_cannot_be_used_are_refused(run, options, message):
    Path("s.json").write_text('{"U": "a"}')
    status, output = run("personalize", "LaMP_3", *HERE, "--summary", "s.json", "--output", "p.parquet", *options)
    assert status == 2
    assert message in output
    assert not os.path.exists("p.parquet")


def test_the_seed_of_the_retriever_is_not_that_of_the_swap(run):
    for name, seed in (("a.parquet", 1), ("b.parquet", 2)):
        random = ("--retriever", "random", "--seed", seed)
        options = ("-k", 9, *random, "--profile", "other", "--profile-seed", 5, "--output", name)
        assert run("personalize", "LaMP_3", *HERE, *options)[0] == 0
    a, b = (datasets.Dataset.from_parquet(name).to_list() for name in ("a.parquet", "b.parquet"))
    assert [row["retrieved_ids"] for row in a] != [row["retrieved_ids"] for row in b]
    assert [sorted(row["retrieved_ids"]) for row in a] == [sorted(row["retrieved_ids"]) for row in b]


def test_rank_writes_the_official_file_and_personalize_reads_it(run, tmp_path, sample):
    status, output = run("rank", "LaMP_4", *HERE, "--output", "ranking.json")
    assert (status, output.splitlines()[-1]) == (0, "ranking.json: rankings of 3 samples")
    found = json.loads((tmp_path / "here" / "ranking.json").read_text(encoding="utf-8"))
    expected = {}
    for row in sample("LaMP_4"):
        documents = [f"{item['title']} {item['text']}".split() for item in row["profile"]]
        scores = BM25Okapi(documents).get_scores(row["input"].partition("article:")[2].split())
        order = sorted(range(len(scores)), key=lambda position: (-scores[position], -position))
        expected[row["id"]] = [row["profile"][position]["id"] for position in order]
    assert found == expected
    assert run("personalize", "LaMP_4", *HERE, "--ranking", "ranking.json", "--output", "a.parquet")[0] == 0
    assert run("personalize", "LaMP_4", *HERE, "--output", "b.parquet")[0] == 0
    ours, again = (datasets.Dataset.from_parquet(name) for name in ("a.parquet", "b.parquet"))
    assert ours.to_list() == again.remove_columns("retrieved_scores").to_list()


def test_prompts_and_rankings_of_the_gated_task_are_for_ones_own_eyes(run, tmp_path):
    status, output = run("personalize", "LaMP_6", *HERE, "--output", "p.parquet")
    assert status == 0
    assert "p.parquet holds texts under LDC2015T03" in output
    assert (tmp_path / "here" / "p.parquet").stat().st_mode & 0o077 == 0
    (tmp_path / "here" / "r.json").touch(0o644)
    assert run("rank", "LaMP_6", *HERE, "--output", "r.json")[0] == 0
    assert (tmp_path / "here" / "r.json").stat().st_mode & 0o077 == 0


COMMANDS = ["personalize", "rank", "items", "history", "leaks", "users", "neighbors", "vectors"]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        *((command, "data/train_outputs.json") for command in COMMANDS),
        ("rank", "data/dev_questions.json"),
        ("rank", "data/LongLaMP_topic/train-00000-of-00002.parquet"),  # another config's
        ("personalize", "ranking.json"),
    ],
)
def test_neither_an_input_nor_a_file_of_the_data_is_overwritten(run, tmp_path, command, name):
    read = tmp_path / "here" / name
    (tmp_path / "here/data/LongLaMP_topic").mkdir(parents=True)
    for path in ("data/dev_questions.json", "data/dev_outputs.json", "ranking.json", name):
        (tmp_path / "here" / path).write_text("not read")
    (tmp_path / "here/p.jsonl").symlink_to(read)
    ranking = ("--ranking", "ranking.json") if name == "ranking.json" else ()
    status, output = run(command, "LaMP_3", "--data-dir", "data", *ranking, "--output", "p.jsonl")
    assert (status, output.count("\n")) == (2, 1)
    assert f"p.jsonl: is {'also an input' if ranking else 'a file of the data in data'}" in output
    assert read.read_text() == "not read"


def test_an_earlier_ranking_beside_the_data_is_written_anew(run, tmp_path):
    shutil.copytree(Path(lamp_dataset.SAMPLE, "LaMP_3"), tmp_path / "here", dirs_exist_ok=True)
    for _ in range(2):
        assert run("rank", "LaMP_3", "--data-dir", ".", "--output", "r.json")[0] == 0


def test_rrf_and_random_take_their_options(run, tmp_path):
    fused = ("--retriever", "rrf", "--ranker", "bm25", "--ranker", "random")
    for name, seed in (("a.json", 1), ("b.json", 1), ("c.json", 2)):
        assert run("rank", "LaMP_3", *HERE, *fused, "--seed", seed, "--output", name)[0] == 0
    contents = [(tmp_path / "here" / name).read_text(encoding="utf-8") for name in ("a.json", "b.json", "c.json")]
    assert contents[0] == contents[1] != contents[2]


OWN = """
from lamp_dataset import Ranking

class Last:
    needs_query = needs_dates = scored = False
    def rank(self, samples):
        return [Ranking(range(sample.size)[::-1]) for sample in samples]

class Nothing(Last):
    def rank(self, samples):
        return []
"""


def test_a_retriever_of_ones_own_in_the_working_directory(run, tmp_path, monkeypatch, sample):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "here" / "my_retriever.py").write_text(OWN)
    status, _ = run("rank", "LaMP_3", *HERE, "--retriever", "my_retriever:Last", "--output", "r.json")
    assert status == 0
    expected = {row["id"]: [item["id"] for item in row["profile"]][::-1] for row in sample("LaMP_3")}
    assert json.loads((tmp_path / "here" / "r.json").read_text()) == expected
    given = ("--retriever", "my_retriever:Nothing", "--output", "p.parquet")
    for workers in (1, 2):
        status, output = run("personalize", "LaMP_3", *HERE, *given, "--workers", workers)
        assert status == 2
        assert "error: Nothing: expected a ranking for each of 3 samples, found 0" in output
    assert not (tmp_path / "here" / "p.parquet").exists()


def test_a_change_in_a_retriever_of_ones_own_is_seen_in_the_next_run(run, tmp_path):
    found = []
    for order in ("[:]", "[::-1]"):
        (tmp_path / "here" / "my_changing.py").write_text(OWN.replace("[::-1]", order))
        command = [sys.executable, "-m", "lamp_dataset", "personalize", "LaMP_3", *HERE, "-k", "1"]
        command += ["--retriever", "my_changing:Last", "--output", "p.jsonl"]
        subprocess.run(command, check=True, env={**os.environ, "HF_DATASETS_CACHE": str(tmp_path / "cache")})
        found.append([row["retrieved_ids"] for row in datasets.Dataset.from_json("p.jsonl")])
    assert found[0] != found[1]


RRF, TWO = ("--retriever", "rrf"), ("--ranker", "bm25", "--ranker", "random")
BM25 = ("--ranker", "bm25")
BOTH = ("--ranking", "other.json", "--retriever", "first")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["personalize", "LaMP_3", "--output", "p.csv"], "p.csv: expected a name that ends in .parquet or .jsonl"),
        (["personalize", "LaMP_3", "--output", "no/p.parquet"], "no/p.parquet: the folder .*/no does not exist"),
        (["personalize", "LaMP_3", "--ranking", "other.json"], "other.json: no ranking of"),
        (["personalize", "LaMP_3", "--order", "stored"], "--order 'stored' needs the fixed"),
        (["personalize", "LaMP_3", "--profile", "all"], "'all'.*'other'"),
        (["personalize", "LaMP_3", "--profile-seed", "1"], "--profile-seed .*--profile other"),
        (["personalize", "LaMP_3", "--profile", "none", "--match-sizes"], "--match-sizes .*--profile other, not none"),
        (["rank", "LaMP_3", "--output", "no/r.json"], "no/r.json: the folder .*/no does not exist"),
        (["rank", "LaMP_3", "--retriever", "dense"], "checkpoint as --model, such as"),
        (["rank", "LaMP_3", "--retriever", "no_module:X"], "'no_module:X': No module named"),
        (["rank", "LaMP_3", "--split", "dev"], "'dev' is called 'validation' here"),
        (["rank", "LaMP_3", "--seed", "1"], "bm25: unknown option --seed, which random takes; known: b, epsilon, k1"),
        (["rank", "LaMP_3", *RRF, *BM25, "--ranker", "dense"], "as --model, such as 'facebook/"),
        (["rank", "LaMP_3", *RRF, *TWO, "--model", "m"], "rrf: unknown option --model"),
        (["personalize", "LaMP_3", "-k", "-1"], "a whole number from 0 as -k, found -1"),
        (["rank", "LaMP_3", "--use-date"], "no dates for --use-date: .* LaMP_3_time"),
        (["personalize", "LaMP_3", *BOTH], "--ranking .*--retriever"),
        (["personalize", "LaMP_3", *BOTH[:2], "--seed", "1"], "ranking file .*--seed"),
    ],
)
def test_bad_input_is_one_line_status_2_and_no_file(run, arguments, message, tmp_path):
    here = tmp_path / "here"
    (here / "other.json").write_text('{"1": []}')
    (here / "odd.json").write_text("[]")
    target = () if "--output" in arguments else ("--output", "r.json" if arguments[0] == "rank" else "p.parquet")
    status, output = run(*arguments[:2], *HERE, *arguments[2:], *target)
    lines = [line for line in output.splitlines() if line.startswith("error: ")]
    assert status == 2
    assert len(lines) == 1
    assert re.search(message, lines[0])
    assert not re.search("Traceback|'model'|'rankers'|use_date|'seed'", output)
    assert sorted(path.name for path in here.iterdir()) == ["odd.json", "other.json"]


@pytest.mark.parametrize("command", ["rank", "personalize"])
def test_a_read_only_folder_shows_before_anything_is_read(run, command, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    status, output = run(command, "LaMP_3", *HERE, "--output", "o.parquet")
    assert status == 2
    assert re.fullmatch("error: o.parquet: no permission .*here\n", output)


@pytest.mark.parametrize("command", ["rank", "personalize"])
def test_a_missing_package_shows_before_anything_starts(run, command, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    status, output = run(command, "LaMP_3", *HERE, "--retriever", "dense", "--model", "any", "--output", "o.parquet")
    assert (status, output) == (
        2,
        "error: sentence-transformers is not installed; from a checkout: pip install '.[dense]'\n",
    )


def test_an_error_while_ranking_stands_on_a_line_of_its_own(run, monkeypatch):
    def fail(self, batch):
        raise ValueError("no")

    monkeypatch.setattr(Personalizer, "rank", fail)
    status, output = run("rank", "LaMP_3", *HERE, "--output", "r.json")
    assert status == 2
    assert re.search("Ranking: .*\nerror: no\n$", output)


def test_some_users_get_the_prompts_that_they_get_among_all(run):
    """In every condition, and with inferred users, whose names depend on the rows that are there."""
    Path("u.txt").write_text("2110\n")
    for options in ((), ("--profile", "other"), ("--limit", 1), ("--profile", "other", "--limit", 1)):
        whole = tuple(word for word in options if word not in ("--limit", 1))
        assert run("personalize", "LaMP_3", *HERE, *whole, "--output", "all.parquet")[0] == 0
        assert run("personalize", "LaMP_3", *HERE, *options, "--users", "u.txt", "--output", "few.parquet")[0] == 0
        rows = datasets.Dataset.from_parquet("all.parquet").to_list()
        assert datasets.Dataset.from_parquet("few.parquet").to_list() == [r for r in rows if r["id"] == "2110"]
    assert run("rank", "LaMP_3", *HERE, "--users", "u.txt", "--output", "ranking.json")[0] == 0
    assert list(json.loads(Path("ranking.json").read_text())) == ["2110"]


def test_a_bad_users_file_is_refused_before_any_work(run):
    for content, fact in (('{"recipe": {"config": "LaMP_4"}, "users": ["1"]}', "LaMP_4"), ("[]", "none"), ("7", "'7'")):
        Path("u.json").write_text(content)
        status, output = run("personalize", "LaMP_3", *HERE, "--users", "u.json", "--output", "p.parquet")
        assert status == 2
        assert "u.json" in output.splitlines()[-1]
        assert fact in output.splitlines()[-1]
        assert os.listdir() == ["u.json"]
    status, output = run("rank", "LaMP_3", *HERE, "--users", "u.json", "--output", "u.json")
    assert (status, "input" in output) == (2, True)


HERE = ("--data-dir", lamp_dataset.SAMPLE)


def test_the_file_has_what_the_function_gives(run, sample):
    assert run("rank", "LaMP_4", *HERE, "--retriever", "first", "--output", "r.json")[0] == 0
    for name, load in (("p.parquet", datasets.Dataset.from_parquet), ("p.jsonl", datasets.Dataset.from_json)):
        more = ("--ranking", "r.json", "--top", 2, "--max-length", 60, "--output", name)
        status, output = run("items", "LaMP_4", *HERE, *more)
        assert (status, f"{name}: 9 prompts of 3 samples" in output) == (0, True)
        expected = item_prompts(sample("LaMP_4"), Personalizer("LaMP_4", retriever="first", max_length=60), top=2)
        assert load(name).to_list() == expected.to_list()


def test_bm25_ranks_the_first_samples_by_default_and_sixteen_items_are_taken(run, sample):
    assert run("items", "LaMP_3_time", *HERE, "--split", "train", "--limit", 2, "--output", "p.parquet")[0] == 0
    rows = sample("LaMP_3_time", "train").select([0, 1])
    ranked = Personalizer("LaMP_3_time").rank(rows[:])
    ids = [name for row, found in ranked.items() for name in (row, *(f"{row}-{item}" for item in found[:16]))]
    assert datasets.Dataset.from_parquet("p.parquet")["id"][:] == ids


def test_gated_prompts_are_for_their_owner_alone(run):
    status, output = run("items", "LaMP_6", *HERE, "--output", "p.parquet")
    assert (status, os.stat("p.parquet").st_mode & 0o777) == (0, 0o600)
    assert "p.parquet holds texts under" in output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--top", 0), "--top"),
        (("--retriever", "none"), "no retriever named 'none'"),
        (("--ranking", "other.json"), "other.json: no ranking of sample"),
        (("--ranking", "p.parquet", "--output", "p.parquet"), "p.parquet"),
        (("--output", "p.csv"), "expected a name that ends in .parquet or .jsonl"),
        (("--output", "no/p.parquet"), "does not exist"),
    ],
)
def test_bad_options_are_one_line_and_leave_no_file(run, options, said):
    for name in ("other.json", "p.parquet"):
        with open(name, "w") as file:
            json.dump({}, file)
    more = () if "--output" in options else ("--output", "q.parquet")
    status, output = run("items", "LaMP_4", *HERE, *options, *more)
    assert (status, said in output.splitlines()[-1]) == (2, True), output
    assert sorted(os.listdir()) == ["other.json", "p.parquet"]
