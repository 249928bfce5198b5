import json
import os

import datasets
import pytest

import lamp_dataset
from lamp_dataset import Personalizer, item_prompts

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
