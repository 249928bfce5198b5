import sys
from types import ModuleType

import pytest

import lamp_metric
from lamp_metric.measures import MEASURES
from lamp_metric.measures.measure import Mean, Measure


class Longer(Mean):
    """How many words more than the gold."""

    name, higher_is_better, signature = "longer", False, "words:split"

    def values(self, predictions, references):
        return [float(len(p.split()) - len(r.split())) for p, r in zip(predictions, references, strict=True)]


class Peak(Measure):
    """A score that no sample has by itself, with a statistic of a name that others have, too."""

    name = "peak"

    def statistics(self, predictions, references):
        return {"rouge-1": [float(len(text)) for text in predictions], "2": [1.0] * len(references)}

    def aggregate(self, sums, n):
        return (sums["rouge-1"] / n) ** 2 + sums["2"] / n


@pytest.fixture
def mine(monkeypatch):
    """A module with functions of somebody's own."""
    module = ModuleType("mine")
    module.words = lambda predictions, references: [len(text.split()) for text in predictions]
    module.few = lambda predictions, references: [1.0]
    module.broken = lambda predictions, references: [float("nan") for _ in references]
    module.near = lambda ours, golds: [float(abs(p - r) < 1) for p, r in zip(ours, golds, strict=True)]
    module.rounds = lambda predictions, references: [p == r for p, r in zip(predictions, references, strict=True)]
    monkeypatch.setitem(sys.modules, "mine", module)


PREDICTIONS, REFERENCES = ["a b c", "d"], ["a b", "d e f"]


def test_without_measures_scores_and_signature_are_the_benchmark_s_alone():
    plain = lamp_metric.score("LaMP_4", PREDICTIONS, REFERENCES, confidence_level=0.95, per_sample=True)
    assert (
        lamp_metric.score("LaMP_4", PREDICTIONS, REFERENCES, confidence_level=0.95, per_sample=True, also=[]) == plain
    )
    assert "also" not in lamp_metric.signature_of("LaMP_4", 2)
    more = lamp_metric.score("LaMP_4", PREDICTIONS, REFERENCES, confidence_level=0.95, also=["rouge-2"])
    assert {key: more[key] for key in plain if key != "per_sample"} == {
        key: value for key, value in plain.items() if key != "per_sample"
    }


def test_a_registered_measure_and_one_of_no_single_sample_work_beside_the_scores(registry):
    lamp_metric.register_measure(Longer())
    lamp_metric.register_measure(Peak())
    found = lamp_metric.score(
        "LaMP_4", PREDICTIONS, REFERENCES, also=["longer", "peak"], confidence_level=0.9, per_sample=True
    )
    assert list(found)[:4] == ["rouge-1", "rouge-L", "longer", "peak"]
    assert (found["longer"], found["peak"]) == (-0.5, 10.0)
    assert found["per_sample"]["0"]["longer"] == 1.0
    assert "peak" not in found["per_sample"]["0"]
    assert found["peak_ci"] == [2.0, 26.0]
    assert found["longer_ci"] == pytest.approx([-0.5 - 9.47062, -0.5 + 9.47062], abs=1e-4)  # Student's t
    assert "|also:longer(words:split),peak|" in lamp_metric.signature_of("LaMP_4", 2, also=["longer", "peak"])


def test_an_entry_point_brings_a_measure(registry, monkeypatch):
    class Entry:
        name, value = "longer", "theirs:Longer"

        def load(self):
            return Longer

    found = {"lamp_metric.measures": [Entry()]}
    monkeypatch.setattr("lamp_dataset.registry.entry_points", lambda group: found.get(group, []))
    monkeypatch.setattr(MEASURES, "unasked", list(found))
    assert lamp_metric.score("LaMP_4", PREDICTIONS, REFERENCES, also=["longer"])["longer"] == -0.5


def test_a_function_is_a_measure_and_gets_ratings_as_numbers(mine):
    found = lamp_metric.score("LaMP_4", PREDICTIONS, REFERENCES, also=["mine:words"])
    assert found["mine:words"] == 2.0
    assert "|also:mine:words|" in lamp_metric.signature_of("LaMP_4", 2, also=["mine:words"])
    found = lamp_metric.score("LaMP_3", ["4.5", "nothing"], ["5", "2"], also=["mine:near"])
    assert found["mine:near"] == 0.5


@pytest.mark.parametrize(
    ("task", "also", "error", "message"),
    [
        ("LaMP_4", ["blue"], ValueError, "expected a measure for LaMP_4: rouge-2, rouge-Lsum, bleu, chrf, meteor, or"),
        ("LaMP_3", ["bleu"], ValueError, "expected a measure for LaMP_3: accuracy, pearson, or a function by module"),
        ("LaMP_4", ["bleu", "bleu"], ValueError, "also: expected each measure once, found bleu, bleu"),
        ("LaMP_4", ["mine:few"], ValueError, "mine:few: expected a number for each of 2 samples, found 1"),
        ("LaMP_4", ["mine:broken"], ValueError, "mine:broken: expected a finite number for sample 0, found nan"),
        ("LaMP_3", ["mine:rounds"], ValueError, "mine:rounds: expected a finite number for sample 0, found"),
        ("LaMP_4", ["mine:nothing"], ImportError, "cannot load the measure 'mine:nothing'"),
        ("LaMP_4", ["nowhere:f"], ImportError, "cannot load the measure 'nowhere:f': No module named"),
    ],
)
def test_what_is_no_measure_for_the_task_is_refused_by_name(mine, task, also, error, message):
    sides = (["4", "5"], ["4", "5"]) if task == "LaMP_3" else (PREDICTIONS, REFERENCES)
    with pytest.raises(error, match=message):
        lamp_metric.score(task, *sides, also=also)


def test_what_contradicts_the_registry_or_the_scores_is_refused(registry):
    with pytest.raises(ValueError, match="expected an instance of Measure, found <class"):
        lamp_metric.register_measure(Longer)
    with pytest.raises(ValueError, match="there is a measure named 'bleu' already"):
        lamp_metric.register_measure(type("Bleu", (Longer,), {"name": "bleu"})())
    lamp_metric.register_measure(type("F1", (Longer,), {"name": "f1"})())
    with pytest.raises(ValueError, match="f1 is one of the scores of a classification task already"):
        lamp_metric.score("LaMP_2", ["comedy"], ["comedy"], also=["f1"])
