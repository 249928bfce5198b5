import json
import stat

import datasets
import pytest

from lamp_dataset import SAMPLE, Personalizer, item_prompts, load_split, personalize_split
from lamp_dataset.personalize.prompt_files import write_prompts
from lamp_metric import item_feedback, preferences, write_predictions


@pytest.fixture
def asked_of_items(tmp_path):
    """A function: answers to the prompts of a config's items, in a file; their pairs."""

    def ask(config, bare=True):
        found = item_prompts(load_split(config, "train", SAMPLE), Personalizer(config), top=2)
        said = {key: gold.split()[0] for key, gold in zip(found["id"], found["target"], strict=True)}
        write_predictions(tmp_path / "answers.json", config, said.keys(), said.values())
        return said.items()

    return ask


@pytest.mark.parametrize(("config", "mode"), [("LaMP_3", 0o644), ("LaMP_4", 0o644), ("LaMP_6", 0o600)])
def test_feedback_is_what_the_library_finds_also_by_way_of_official_scores(run, asked_of_items, tmp_path, config, mode):
    said, output = asked_of_items(config), tmp_path / "f.json"
    common = ("feedback", config, "--data-dir", "sample", "--split", "train")
    result = run(*common, "--preds", tmp_path / "answers.json", "--output", output)
    assert result.exit_code == 0, result.output
    expected = dict(item_feedback(config, load_split(config, "train", SAMPLE), said))
    assert json.loads(output.read_text()) == expected
    assert stat.S_IMODE(output.stat().st_mode) == mode
    scores = tmp_path / "scores.json"
    run(*common, "--preds", tmp_path / "answers.json", "--official", "--output", scores)
    assert {name for one in json.loads(scores.read_text()).values() for name in one} == {
        "mae" if config == "LaMP_3" else "rouge-1"
    }
    run(*common, "--official-scores", scores, "--output", tmp_path / "again.json")
    assert json.loads((tmp_path / "again.json").read_text()) == expected


def test_another_score_and_some_samples(run, asked_of_items, tmp_path):
    asked_of_items("LaMP_4")
    common = ("feedback", "LaMP_4", "--data-dir", "sample", "--split", "train", "--preds", tmp_path / "answers.json")
    result = run(*common, "--score", "rouge-2", "--output", tmp_path / "f.json")
    assert result.stderr.endswith("f.json: rouge-2 of 6 samples\n")
    assert {value for one in json.loads((tmp_path / "f.json").read_text()).values() for value in one.values()} == {0.0}


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ([], "either --preds or --official-scores"),
        (["--preds", "{answers}", "--official-scores", "{answers}"], "either --preds or"),
        (["--preds", "{answers}", "--limit", "2"], "answer '302'"),
        (["--preds", "{answers}", "--split", "validation"], "found no such sample"),
        (["--preds", "{answers}", "--score", "f1"], "expected a measure"),
        (["--official-scores", "{answers}"], "answers.json: expected scores"),
        (["--preds", "{answers}", "--output", "{answers}"], "answers.json: is also an input"),
        (["--preds", "no.json"], "no.json"),
    ],
)
def test_bad_input_of_feedback_is_one_line_and_writes_nothing(fails, asked_of_items, tmp_path, options, facts):
    asked_of_items("LaMP_4")
    common = ("feedback", "LaMP_4", "--data-dir", "sample", "--split", "train", "--output", tmp_path / "f.json")
    given = [option.format(answers=tmp_path / "answers.json") for option in options]
    assert facts in fails(*common, *given)
    assert [path.name for path in tmp_path.iterdir()] == ["answers.json"]


@pytest.fixture
def asked(tmp_path):
    """A function: files with the prompts of a config, and with two answers to each; prompts, answers, golds."""

    def ask(config, ending=".parquet"):
        prompts = personalize_split(load_split(config, "train", SAMPLE), Personalizer(config, rules="fixed"))
        write_prompts(prompts, str(tmp_path / f"prompts{ending}"))
        answers = [[gold, gold.split()[0]] for gold in prompts["target"]]
        write_predictions(tmp_path / "two.json", config, prompts["id"][:], answers)
        for place in range(2):
            write_predictions(tmp_path / f"{place}.json", config, prompts["id"][:], [said[place] for said in answers])
        return prompts, answers

    return ask


@pytest.mark.parametrize(
    ("config", "ending", "column", "files"),
    [
        ("LaMP_4", ".parquet", "source", ["0.json", "1.json"]),
        ("LaMP_5", ".jsonl", "messages", ["two.json"]),
        ("LaMP_6", ".parquet", "messages", ["two.json"]),
    ],
)
def test_preferences_are_what_the_library_makes(run, asked, tmp_path, config, ending, column, files):
    prompts, answers = asked(config, ending)
    output = tmp_path / f"pairs{ending}"
    common = ("preferences", config, "--data-dir", "sample", "--split", "train", "--margin", 0.1)
    given = ("--preds", *(tmp_path / name for name in files), "--prompts", tmp_path / f"prompts{ending}")
    result = run(*common, *given, *(["--messages"] * (column == "messages")), "--output", output)
    assert result.exit_code == 0, result.output
    reader = datasets.Dataset.from_parquet if ending == ".parquet" else datasets.Dataset.from_json
    found = reader(str(output), cache_dir=str(tmp_path / "cache")).to_list()
    assert found == list(preferences(config, prompts[column], answers, prompts["target"], margin=0.1))
    assert stat.S_IMODE(output.stat().st_mode) == (0o600 if config == "LaMP_6" else 0o644)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        (["--preds", "0.json"], "no pairs: each sample has one answer"),
        (["--preds", "0.json", "1.json", "--margin", "2"], "no pairs: no two answers"),
        (["--preds", "0.json", "--split", "test"], "prompts.parquet lacks 3 of the 3 ids"),
        (["--preds", "0.json", "--limit", "2"], "prompts.parquet has 4 ids not in the split"),
        (["--preds", "prompts.parquet"], "prompts.parquet"),
        (["--preds", "0.json", "--prompts", "0.json"], "0.json: expected a name that ends in"),
        (["--preds", "0.json", "--prompts", "no.jsonl"], "no.jsonl"),
        (["--preds", "0.json", "--prompts", "twice.jsonl"], "twice.jsonl: duplicate id 'a'"),
        (["--preds", "0.json", "--prompts", "other.jsonl"], "other.jsonl: expected prompts of LaMP_4"),
        (["--preds", "0.json", "--prompts", "other.jsonl", "--messages"], "other.jsonl: expected prompts of LaMP_4"),
        (["--preds", "0.json", "--output", "pairs.csv"], "pairs.csv: expected a name that ends in"),
        (["--preds", "0.json", "--output", "prompts.parquet"], "prompts.parquet: is also an input"),
    ],
)
def test_bad_input_of_preferences_is_one_line_and_writes_nothing(fails, asked, tmp_path, monkeypatch, options, facts):
    asked("LaMP_4")
    monkeypatch.chdir(tmp_path)
    for name, ids in (("twice", "aa"), ("other", "ab")):
        lines = [json.dumps({"id": one, "source": "Rate it.", "target": "5"}) for one in ids]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    before = sorted(path.name for path in tmp_path.iterdir())
    common = ["preferences", "LaMP_4", "--data-dir", "sample", "--split", "train"]
    assert facts in fails(*common, "--prompts", "prompts.parquet", "--output", "pairs.parquet", *options)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_wrapped_answers_are_counted_in_one_line(run, asked_of_items, asked, tmp_path):
    said = dict(asked_of_items("LaMP_4"))
    write_predictions(tmp_path / "chat.json", "LaMP_4", said.keys(), [f'"{text}"' for text in said.values()])
    common = ("LaMP_4", "--data-dir", "sample", "--split", "train", "--preds", tmp_path / "chat.json")
    result = run("feedback", *common, "--output", tmp_path / "f.json")
    n = len(said)
    line = f"warning: {n} of {n} answers look wrapped (quotes {n}), such as sample "
    assert result.stderr.startswith(line)
    assert "; extract_answers=True, or --extract_answers, takes that off\n" in result.stderr
    result = run("feedback", *common, "--extract_answers", "--output", tmp_path / "f.json")
    assert "look wrapped" not in result.stderr
    prompts, answers = asked("LaMP_4")
    write_predictions(tmp_path / "chat.json", "LaMP_4", prompts["id"][:], [[f'"{a}"', b] for a, b in answers])
    given = ("--prompts", tmp_path / "prompts.parquet", "--output", tmp_path / "pairs.parquet")
    result = run("preferences", *common, *given)
    n = len(answers)
    assert (
        f"warning: {n} of {2 * n} answers look wrapped (quotes {n}), such as sample {prompts['id'][0]!r}"
        in result.stderr
    )


def test_prompts_and_answers_of_a_subset_ask_for_its_file(fails, asked, tmp_path):
    prompts, answers = asked("LaMP_4")
    write_predictions(tmp_path / "few.json", "LaMP_4", prompts["id"][:2], answers[:2])
    write_prompts(prompts.select(range(2)), str(tmp_path / "few.parquet"))
    common = ("preferences", "LaMP_4", "--data-dir", "sample", "--split", "train", "--output", tmp_path / "p.parquet")
    for preds, given in (("few.json", "prompts.parquet"), ("two.json", "few.parquet")):
        message = fails(*common, "--preds", tmp_path / preds, "--prompts", tmp_path / given)
        assert "lacks " in message
        assert "pass the file that chose them: --users or --samples" in message
