import random
import tracemalloc
import warnings

import pytest
from sklearn.metrics import accuracy_score, f1_score

from lamp_dataset.tasks import TASKS
from lamp_metric.scoring import score

CLASSES = [name for name, task in TASKS.items() if task.kind == "classification" and not task.time_based]


@pytest.mark.parametrize("name", CLASSES)
def test_scores_equal_sklearn_on_random_cases(name):
    labels = TASKS[name].labels
    rng = random.Random(1)
    for _ in range(200):
        n = rng.choice([1, 2, 5, 30, 300])
        some = rng.sample(labels, rng.randint(1, len(labels)))
        golds = [rng.choice(some) for _ in range(n)]
        preds = [rng.choice([gold, rng.choice(labels), "no label", gold.upper(), ""]) for gold in golds]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = {
                "accuracy": accuracy_score(golds, preds),
                "f1": f1_score(golds, preds, labels=list(labels), average="macro", zero_division=0),
            }
        assert score(name, preds, golds) == expected


def test_hand_worked_macro_f1_counts_absent_labels_as_zero():
    # comedy: 1 true positive, predicted twice, gold once: 2*1/3. action: 1, predicted once, gold twice: 2*1/3.
    result = score("LaMP_2", ["comedy", "action", "comedy"], ["comedy", "action", "action"])
    assert result == {"accuracy": pytest.approx(2 / 3, abs=1e-15), "f1": pytest.approx((2 / 3 + 2 / 3) / 15, abs=1e-15)}
    assert score("LaMP_2_news", ["travel"] * 4, ["travel"] * 4) == {"accuracy": 1.0, "f1": 1 / 15}


def test_a_long_prediction_is_not_padded_into_an_array_of_strings():
    # As an array of numpy's strings, 500 predictions of this length would take 2 GB and more.
    preds = ["x" * 1_000_000, *["[1]"] * 499]
    tracemalloc.start()
    assert score("LaMP_1", preds, ["[1]"] * 500)["accuracy"] == 499 / 500
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_no_warning_where_a_label_is_absent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert score("LaMP_1", ["[1]"], ["[1]"]) == {"accuracy": 1.0, "f1": 0.5}
    # numpy's strings lose it, and would be equal.
    assert score("LaMP_1", ["[1]\0"], ["[1]"])["accuracy"] == 0.0


@pytest.mark.parametrize(
    ("prediction", "right"),
    [
        ("sci-fi", 1.0),
        ("  sci-fi\n", 1.0),  # both sides are stripped
        ("Sci-Fi", 0.0),  # case counts
        ("sci fi", 0.0),
        ("sci-fi.", 0.0),
        ("", 0.0),
        ("based on a book", 0.0),
    ],
)
def test_a_match_is_exact(prediction, right):
    assert score("LaMP_2", [prediction], [" sci-fi "])["accuracy"] == right


def test_a_gold_that_is_no_label_is_an_error():
    # The official script maps both to "unknown" and counts the pair as equal.
    with pytest.raises(ValueError, match=r"sample '111'.*'drama'.*LaMP_2.*sci-fi, "):
        score("LaMP_2", ["comedy", "drama"], ["comedy", "drama"], ids=["110", "111"])
