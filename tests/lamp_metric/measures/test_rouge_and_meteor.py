import math
import shutil

import pytest
from click.testing import CliRunner
from console import python

import lamp_metric
from lamp_metric.__main__ import main

TEXTS = [
    ("A Big Taxi Waits in the Rain", "A Large Cab Is Waiting in the Rain"),
    ("Council Votes on Cats", "The council votes.\nCats win"),
    ("", "Nothing To See"),
]
PREDICTIONS, REFERENCES = zip(*TEXTS, strict=True)
pytestmark = pytest.mark.oldest


@pytest.mark.parametrize(("name", "variant"), [("rouge-2", "rouge2"), ("rouge-Lsum", "rougeLsum")])
def test_rouge_equals_rouge_score_with_its_defaults(name, variant):
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer([variant])
    expected = [scorer.score(gold, text)[variant].fmeasure for text, gold in TEXTS]
    found = lamp_metric.score("LaMP_4", PREDICTIONS, REFERENCES, also=[name], per_sample=True)
    assert [row[name] for row in found["per_sample"].values()] == expected
    assert found[name] == math.fsum(expected) / len(TEXTS) > 0


def test_meteor_equals_nltk_as_evaluate_calls_it(nltk_data):
    from nltk import word_tokenize
    from nltk.translate.meteor_score import single_meteor_score

    expected = [
        single_meteor_score(word_tokenize(gold), word_tokenize(text), alpha=0.9, beta=3, gamma=0.5)
        for text, gold in TEXTS
    ]
    found = lamp_metric.score("LaMP_4", PREDICTIONS, REFERENCES, also=["meteor"], per_sample=True)
    assert [row["meteor"] for row in found["per_sample"].values()] == expected
    assert expected[0] > 0.6, "WordNet knows that a taxi is a cab"
    assert "also:meteor(nltk 3." in lamp_metric.signature_of("LaMP_4", 3, also=["meteor"])
    assert "|wordnet:3.0|" in lamp_metric.signature_of("LaMP_4", 3, also=["meteor"])


@pytest.mark.parametrize("missing", ["punkt_tab", "wordnet"])
def test_meteor_without_data_says_in_one_line_what_is_missing_and_how_to_get_it(nltk_data, tmp_path, made, missing):
    there = {"punkt_tab": "corpora", "wordnet": "tokenizers"}[missing]
    shutil.copytree(nltk_data / there, tmp_path / "some" / there)
    code = (
        "import sys, nltk\n"
        f"nltk.data.path[:] = [{str(tmp_path / 'some')!r}]\n"
        "from lamp_metric.__main__ import main\n"
        "main(sys.argv[1:])"
    )
    golds, preds = made.pair("LaMP_4")
    command = ["eval-task", "--golds_json", golds, "--preds_json", preds, "--also", "meteor"]
    result = python(code, *command)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"error: meteor needs nltk's data wordnet and punkt_tab, and nltk finds no {missing}; get it by "
        f"python -m nltk.downloader {missing}\n"
    )


def test_the_command_adds_measures_to_the_task_s_scores_and_leaves_the_official_file_as_it_is(made):
    golds, preds = made.pair("LaMP_4")
    scores, plain = made.folder / "scores.json", made.folder / "plain.json"
    files = ["eval-task", "--golds_json", str(golds), "--preds_json", str(preds), "--output_file"]
    result = CliRunner().invoke(main, [*files, str(scores), "--also", "rouge-2", "rouge-Lsum"])
    assert [line.split()[-2] for line in result.stdout.splitlines()[1:5]] == [
        "rouge-1",
        "rouge-L",
        "rouge-2",
        "rouge-Lsum",
    ]
    assert "|also:rouge-2(rouge_score " in result.stdout
    assert CliRunner().invoke(main, [*files, str(plain)]).exit_code == 0
    assert scores.read_text() == plain.read_text()
