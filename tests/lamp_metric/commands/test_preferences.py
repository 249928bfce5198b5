import json
import stat

import datasets
import pytest

from lamp_dataset import SAMPLE, Personalizer, load_split, personalize_split
from lamp_dataset.personalize.prompt_files import write_prompts
from lamp_metric import preferences, write_predictions


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
def test_the_file_is_what_the_library_makes(run, asked, tmp_path, config, ending, column, files):
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
        (["--preds", "0.json"], "no pairs: no two answers"),
        (["--preds", "0.json", "1.json", "--margin", "2"], "no pairs"),
        (["--preds", "0.json", "--split", "test"], "prompts.parquet lacks 3 of the 3 ids"),
        (["--preds", "0.json", "--limit", "2"], "prompts.parquet has 4 ids that are not in the split"),
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
def test_bad_input_is_one_line_and_writes_nothing(fails, asked, tmp_path, monkeypatch, options, facts):
    asked("LaMP_4")
    monkeypatch.chdir(tmp_path)
    for name, ids in (("twice", "aa"), ("other", "ab")):
        lines = [json.dumps({"id": one, "source": "Rate it.", "target": "5"}) for one in ids]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    before = sorted(path.name for path in tmp_path.iterdir())
    common = ["preferences", "LaMP_4", "--data-dir", "sample", "--split", "train"]
    assert facts in fails(*common, "--prompts", "prompts.parquet", "--output", "pairs.parquet", *options)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
