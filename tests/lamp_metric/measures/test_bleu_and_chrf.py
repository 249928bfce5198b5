import random

import pytest

import lamp_metric
from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.signature import Resampling
from lamp_metric.statistics.bootstrap import resampled_scores, unit_weights
from lamp_metric.statistics.significance import p_values

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
