import json
import re
from collections import Counter

import made_up
import pytest
from click.testing import CliRunner
from datasets import load_dataset

import lamp_dataset
from lamp_dataset.__main__ import main
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.oldest


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="lamp-dataset")


def test_list_shows_every_config_with_its_published_counts():
    result = run("list")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines if line and not line.startswith("CONFIG")] == list(TASKS)
    tables = result.output.rstrip("\n").split("\n\n")
    assert run("list", "--family", "LongLaMP").output.rstrip("\n") in tables[1:]
    assert run("list", "--family", "LaMB").exit_code == 2
    assert lines[3].split()[:7] == ["LaMP_2", "classification", "accuracy,", "f1", "3,820", "692", "870"]
    assert "(gated)" in lines[1 + list(TASKS).index("LaMP_6_time")]


@pytest.mark.parametrize("name", TASKS)
def test_show_prints_every_field_of_a_sample(name):
    result = run("show", name, "--data-dir", "sample", "--split", "train", "-n", 2)
    assert result.exit_code == 0, result.output
    shown = "".join(result.output.split())
    rows = load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE, split="train[:2]").to_list()
    for row in rows:
        for text in (row["input"], row["output"], *(text for item in row["profile"] for text in item.values())):
            printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
            assert "".join(printable.split()) in shown


def test_show_finds_a_sample_by_its_id():
    row = load_dataset("lamp", "LaMP_4", data_dir=lamp_dataset.SAMPLE, split="test")[2]
    result = run("show", "LaMP_4", "--data-dir", "sample", "--split", "test", "--id", row["id"])
    assert f"test · sample {row['id']}" in result.output
    assert "output: (withheld)" in result.output


def test_show_finds_items_by_words_whatever_their_case():
    rows = load_dataset("lamp", "LaMP_5", data_dir=lamp_dataset.SAMPLE, split="train").to_list()
    item = rows[2]["profile"][1]
    word, other = item["title"].split()[0].upper(), item["abstract"].split()[-1]
    result = run("show", "LaMP_5", "--data-dir", "sample", "--split", "train", "-n", 9, "--find", f"{word} {other}")
    assert result.exit_code == 0

    def holds(item):
        return all(part.lower() in f"{item['title']} {item['abstract']}".lower() for part in (word, other))

    expected = [(row["id"], item["id"]) for row in rows for item in row["profile"] if holds(item)]
    shown = re.findall("(sample|    item) (\\w+)", result.output)
    assert [name for kind, name in shown if kind != "sample"] == [item_id for _, item_id in expected]
    assert [name for kind, name in shown if kind == "sample"] == list(dict.fromkeys(row_id for row_id, _ in expected))
    assert "items, " in result.output


def test_show_limits_the_items():
    row = load_dataset("lamp", "LaMP_5", data_dir=lamp_dataset.SAMPLE, split="validation")[0]
    for limit, shown in ((0, 0), (1, 1), (999, len(row["profile"]))):
        result = run("show", "LaMP_5", "--data-dir", "sample", "--items", limit)
        assert result.output.count("    item ") == shown
        hidden = len(row["profile"]) - shown
        assert (f"profile: {len(row['profile'])} items, {hidden} of them not shown" in result.output) == (hidden > 0)
    result = run("show", "LaMP_5", "--data-dir", "sample", "-n", 10**30, "--items", 10**30)
    assert (result.exit_code, result.output.count("· sample ")) == (0, 3)


def test_control_characters_of_a_text_do_not_reach_the_terminal(tmp_path):
    rows = made_up.rows(TASKS["LaMP_7"], 1, items=(1, 1), odd=False)
    rows[0]["profile"][0]["text"] = "red \x1b[31m bell \x07 line\nnext"
    rows[0]["id"] = rows[0]["profile"][0]["id"] = "7\x1b[2J"
    (tmp_path / "test_questions.json").write_text(json.dumps(rows))
    result = run("show", "LaMP_7", "--data-dir", tmp_path, "--split", "test")
    assert "red \\x1b[31m bell \\x07 line\\nnext" in result.output
    assert "sample 7\\x1b[2J" in result.output
    assert "item 7\\x1b[2J" in result.output


def test_stats_equal_a_count_in_plain_python(tmp_path):
    task, splits = TASKS["LaMP_3_time"], ("train", "validation", "test")
    written = {split: made_up.write_split(tmp_path, task, split, count=30) for split in splits}
    result = run("stats", "LaMP_3_time", "--data-dir", tmp_path, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)

    for split, (rows, golds) in written.items():
        figures = found["splits"][split]
        assert figures["samples"] == 30
        assert (figures["output_words"] is None) == ("labels" not in figures) == (golds is None)
        users = Counter(row["user_id"] for row in rows)
        assert figures["users"]["number"] == len(users)
        assert figures["users"]["samples_per_user"] == made_up.summary(list(users.values()))
        assert set(figures["users"]["inference"]) == {"found", "split", "merged"}
    sizes = {path: file["num_bytes"] for path, file in found["files"].items()}
    assert sizes == {path.relative_to(tmp_path).as_posix(): path.stat().st_size for path in tmp_path.rglob("*.json")}


def test_stats_says_that_users_look_like_samples(tmp_path):
    path = tmp_path / TASKS["LaMP_3_time"].questions_path("validation")
    said = "12; samples per user: median 1, max 1; "
    for size, judgement in (
        (4, "these look like samples, not users: 12 of them share their profiles with others"),
        (1, "inferred from profiles alone: 12 found, 0 split, 0 merged"),
    ):
        rows, _ = made_up.write_split(tmp_path, TASKS["LaMP_3_time"], "validation", count=12)
        for number, row in enumerate(rows):
            items = [
                {"score": 4, "date": "2013-05-29", "id": f"{k}", "text": f"{number // size} {k}"} for k in range(5)
            ]
            row |= {"user_id": row["id"], "profile": items}
        path.write_text(json.dumps(rows))
        result = run("stats", "LaMP_3_time", "--data-dir", tmp_path)
        assert f"{said}{judgement}\n" in result.output, result.output


def test_stats_of_several_configs_and_of_one_split(tmp_path):
    for name in ("LaMP_3", "LaMP_4_time"):
        for split in ("train", "validation"):
            made_up.write_split(tmp_path, TASKS[name], split, count=4)
    result = run("stats", "LaMP_3", "LaMP_4_time", "--data-dir", tmp_path, "--split", "validation", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [figures["config"] for figures in found] == ["LaMP_3", "LaMP_4_time"]
    for figures in found:
        assert list(figures["splits"]) == ["validation"]
        assert figures["splits"]["validation"]["published"] == TASKS[figures["config"]].num_samples["validation"]
        assert all("/dev/" in path for path in figures["files"])
        assert len(figures["files"]) == 2
    text = run("stats", "LaMP_3", "LaMP_4_time", "--data-dir", tmp_path).stdout
    assert "train: 4 samples; the published split has 20,000" in text
    assert "validation: 4 samples; the published split has 1,500" in text


def test_stats_list_the_files_that_there_are(tmp_path):
    """In a folder for each config, the time-based files lie elsewhere than on the site."""
    task = TASKS["LaMP_4_time"]
    made_up.write_split(tmp_path / "made", task, "validation", count=4)
    (tmp_path / "data" / task.name).mkdir(parents=True)
    for path in (tmp_path / "made").rglob("*.json"):
        path.rename(tmp_path / "data" / task.name / path.name)
    result = run("stats", task.name, "--data-dir", tmp_path / "data", "--split", "validation", "--json")
    names = {path.relative_to(tmp_path / "data").as_posix() for path in (tmp_path / "data").rglob("*.json")}
    assert set(json.loads(result.stdout)["files"]) == names
    assert min(names).startswith("LaMP_4_time/dev_")


def test_stats_for_people():
    result = run("stats", "LaMP_2", "--data-dir", "sample")
    assert "train: 6 samples" in result.output
    assert "sha256" in result.output
    assert "twist ending" in result.output
    assert "users         3 (inferred); samples per user: median 2, max 2" in result.output
    result = run("stats", "LaMP_5_time", "--data-dir", "sample")
    assert "users         3; samples per user: median 2, max 2; inferred from profiles alone: 3 found" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("stats", "LaMP_6"), "error: LaMP_6 is gated"),
        (("show", "LaMP_2", "--data-dir", "sample", "--id", "x"), "no sample with the id 'x'; the first id is '"),
        (("show", "LaMP_2", "--data-dir", "sample", "--find", "xyzzy"), "no sample has .* the words 'xyzzy'"),
        (
            ("show", "LaMP_2", "--split", "dev"),
            "'dev' is not one of 'train', 'validation', 'test'; the files' 'dev' is called 'validation' here. See",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert re.search(message, result.stderr)
    assert len(result.stderr.splitlines()) == 1
