import math
import random
import shutil

import pytest
from click.testing import CliRunner
from console import python
from scipy.stats import pearsonr

import lamp_metric
from lamp_dataset.tasks import TASKS
from lamp_metric.__main__ import main
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.signature import Resampling
from lamp_metric.statistics.resampling import p_values, resampled_scores, unit_weights

pytestmark = pytest.mark.oldest
WORDS = ["quiet", "harbour", "recipe", "garden", "winter", "model", "of", "the", "a", "and", ",", ".", "new", "old"]
KEYS = ["bleu", "chrf"]


def texts(seed, n=40, longest=9):
    """Golds, and predictions with some of their words."""
    rng = random.Random(seed)
    golds = [rng.choices(WORDS, k=rng.randint(1, longest)) for _ in range(n)]
    kept = [gold[rng.randint(0, 1) :] for gold in golds]
    predictions = [[word if rng.random() < 0.6 else rng.choice(WORDS) for word in words] for words in kept]
    return [[" ".join(words) for words in side] for side in (predictions, golds)]


def sacrebleu_scores(predictions, references):
    metrics = pytest.importorskip("sacrebleu.metrics", reason="an extra that is not installed")
    pairs = {"bleu": metrics.BLEU(), "chrf": metrics.CHRF()}
    return {key: metric.corpus_score(predictions, [references]).score for key, metric in pairs.items()}


@pytest.mark.parametrize("seed", range(5))
def test_the_scores_are_sacrebleu_s_corpus_scores_to_the_last_bit(seed):
    predictions, golds = texts(seed)
    expected = sacrebleu_scores(predictions, golds)
    found = lamp_metric.score("LaMP_4", predictions, golds, also=KEYS)
    assert {key: found[key] for key in KEYS} == expected


@pytest.mark.parametrize("longest", [1, 2, 4, 12])
def test_resamples_equal_sacrebleu_on_the_resampled_texts(longest):
    """Texts of few words give counts of 0 in every order, also no count at all."""
    predictions, golds = texts(longest, n=6, longest=longest)
    sacrebleu_scores(predictions, golds)
    resampling = Resampling(n_resamples=40)
    (found,) = resampled_scores([measure(TASKS["LaMP_4"], predictions, golds, also=KEYS)], resampling)
    (weights,) = unit_weights(6, resampling)
    for place, row in enumerate(weights.astype(int)):
        drawn = [sample for sample, times in enumerate(row) for _ in range(times)]
        expected = sacrebleu_scores([predictions[i] for i in drawn], [golds[i] for i in drawn])
        assert {key: found[key][place] for key in KEYS} == pytest.approx(expected, abs=1e-10)


def test_the_randomization_test_is_of_the_corpus_score():
    """All 2**5 ways to swap, with sacrebleu called on the swapped texts."""
    (a, golds), (b, _) = texts(1, n=5), texts(2, n=5)
    b = [f"{golds[0]} {text}" for text in b]
    sacrebleu_scores(a, golds)
    gaps = {key: [] for key in KEYS}
    for pattern in range(2**5):
        sides = [(b[i], a[i]) if pattern >> i & 1 else (a[i], b[i]) for i in range(5)]
        ours, theirs = (sacrebleu_scores(side, golds) for side in zip(*sides, strict=True))
        for key in KEYS:
            gaps[key].append(ours[key] - theirs[key])
    runs = [[measure(TASKS["LaMP_4"], side, golds, also=KEYS)] for side in (a, b)]
    found = p_values(*runs, Resampling())
    for key, values in gaps.items():
        tails = [sum(sign * value >= sign * values[0] - 1e-9 for value in values) / 32 for sign in (1, -1)]
        assert found[key] == pytest.approx(min(1, 2 * min(tails)))


def test_the_signature_names_version_and_settings():
    version = pytest.importorskip("sacrebleu", reason="an extra that is not installed").__version__
    assert f"|also:bleu(sacrebleu {version}|tok:13a|smooth:exp),chrf(sacrebleu {version}|nc:6|nw:0|space:no)|" in (
        lamp_metric.signature_of("LaMP_4", 3, also=KEYS)
    )


TEXTS = [
    ("A Big Taxi Waits in the Rain", "A Large Cab Is Waiting in the Rain"),
    ("Council Votes on Cats", "The council votes.\nCats win"),
    ("", "Nothing To See"),
]
PREDICTIONS, REFERENCES = zip(*TEXTS, strict=True)


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


@pytest.mark.parametrize("missing", [["punkt_tab"], ["wordnet"], ["punkt_tab", "wordnet"]])
def test_meteor_without_data_says_in_one_line_what_is_missing_and_how_to_get_it(nltk_data, tmp_path, made, missing):
    for name, folder in (("punkt_tab", "tokenizers"), ("wordnet", "corpora")):
        if name not in missing:
            shutil.copytree(nltk_data / folder, tmp_path / "some" / folder)
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
        f"error: meteor needs nltk's data wordnet and punkt_tab, and nltk finds no {' and no '.join(missing)}; get it "
        f"by python -m nltk.downloader {' '.join(missing)}\n"
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


ALSO = ["accuracy", "pearson"]


def made_ratings(n):
    rng = random.Random(n)
    golds = [rng.randint(1, 5) for _ in range(n)]
    return [rng.choice([gold, round(rng.uniform(1, 5), 2)]) for gold in golds], list(map(str, golds))


def test_figures_equal_scipy_and_sklearn():
    from sklearn.metrics import accuracy_score

    predictions, golds = made_ratings(50)
    found = lamp_metric.score("LaMP_3", predictions, golds, also=ALSO)
    numbers = list(map(float, golds))
    assert found["pearson"] == pearsonr(list(map(float, predictions)), numbers).statistic
    assert found["accuracy"] == accuracy_score(numbers, [int(value + 0.5) for value in predictions])
    found = lamp_metric.score("LaMP_3", ["4", "no idea", "2"], ["4", "1", "2"], also=["pearson"])
    assert found["pearson"] == pearsonr([4.0, 5.0, 2.0], [4.0, 1.0, 2.0]).statistic
    predictions, golds = ["4.3333"] * 9, [str(1 + place % 5) for place in range(9)]
    found = lamp_metric.score("LaMP_3", predictions, golds, also=["pearson"], confidence_level=0.95)
    assert (found["pearson"], found["pearson_ci"]) == (0.0, [0.0, 0.0])


def test_resamples_equal_scipy_on_the_resampled_ratings():
    predictions, golds = made_ratings(12)
    resampling = Resampling(n_resamples=30)
    (found,) = resampled_scores([measure(TASKS["LaMP_3"], predictions, golds, also=ALSO)], resampling)
    (weights,) = unit_weights(12, resampling)
    for place, row in enumerate(weights.astype(int)):
        drawn = [sample for sample, times in enumerate(row) for _ in range(times)]
        expected = pearsonr([float(predictions[i]) for i in drawn], [float(golds[i]) for i in drawn]).statistic
        assert found["pearson"][place] == pytest.approx(expected)
