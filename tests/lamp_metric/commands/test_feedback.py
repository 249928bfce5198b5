import json
import stat

import pytest

from lamp_dataset import SAMPLE, Personalizer, item_prompts, load_split
from lamp_metric import item_feedback, write_predictions


@pytest.fixture
def asked(tmp_path):
    """A function: answers to the prompts of a config's items, in a file; their pairs."""

    def ask(config, bare=True):
        found = item_prompts(load_split(config, "train", SAMPLE), Personalizer(config), top=2)
        said = {key: gold.split()[0] for key, gold in zip(found["id"], found["target"], strict=True)}
        write_predictions(tmp_path / "answers.json", config, said.keys(), said.values())
        return said.items()

    return ask


@pytest.mark.parametrize(("config", "mode"), [("LaMP_3", 0o644), ("LaMP_4", 0o644), ("LaMP_6", 0o600)])
def test_the_file_is_what_the_library_finds_also_by_way_of_official_scores(run, asked, tmp_path, config, mode):
    said, output = asked(config), tmp_path / "f.json"
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


def test_another_score_and_some_samples(run, asked, tmp_path):
    asked("LaMP_4")
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
def test_bad_input_is_one_line_and_writes_nothing(fails, asked, tmp_path, options, facts):
    asked("LaMP_4")
    common = ("feedback", "LaMP_4", "--data-dir", "sample", "--split", "train", "--output", tmp_path / "f.json")
    given = [option.format(answers=tmp_path / "answers.json") for option in options]
    assert facts in fails(*common, *given)
    assert [path.name for path in tmp_path.iterdir()] == ["answers.json"]
