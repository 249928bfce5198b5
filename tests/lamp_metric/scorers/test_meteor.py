import statistics

import pytest

import lamp_metric
from lamp_metric.scorers import meteor

PREDICTIONS = ["a big taxi waits in the rain ", "council votes on cats", ""]
REFERENCES = ["a large cab is waiting in the rain", "\nthe council votes. cats win", "nothing to see"]
pytestmark = pytest.mark.oldest


def test_long_texts_are_scored_by_rouge_and_meteor_each_sample_too(nltk_data):
    found = lamp_metric.score("LongLaMP_topic", PREDICTIONS, REFERENCES, per_sample=True, confidence_level=0.9)
    short = lamp_metric.score("LaMP_4", PREDICTIONS, REFERENCES, per_sample=True)
    expected = meteor.meteor(PREDICTIONS, REFERENCES)
    assert {key: found[key] for key in ("rouge-1", "rouge-L")} == {key: short[key] for key in ("rouge-1", "rouge-L")}
    assert [row["meteor"] for row in found["per_sample"].values()] == pytest.approx(expected)
    assert found["meteor"] == pytest.approx(statistics.fmean(expected))
    assert found["meteor_ci"][0] <= found["meteor"] <= found["meteor_ci"][1]


def test_meteor_can_be_left_out_knowingly_and_nothing_else(monkeypatch):
    monkeypatch.setattr(meteor, "_nltk", None)
    found = lamp_metric.score("LongLaMP_email_time", PREDICTIONS, REFERENCES, without=["meteor"], also=["rouge-2"])
    assert list(found) == ["rouge-1", "rouge-L", "rouge-2"]
    signature = lamp_metric.signature_of("LongLaMP_email_time", 3, without="meteor")
    assert signature.startswith("task:LongLaMP_email_time|n:3|rule:1|without:meteor|version:")
    systems = {"none": PREDICTIONS, "own": REFERENCES}
    compared = lamp_metric.compare(systems, task="LongLaMP_topic", references=REFERENCES, without=["meteor"])
    assert list(compared.contrasts["own"]) == ["rouge-1", "rouge-L"]
    assert "|without:meteor|test:" in compared.signature
    for names in (["rouge-1"], ["meteor", "rouge-1"]):
        with pytest.raises(ValueError, match="without: expected for LongLaMP_topic meteor, found 'rouge-1'"):
            lamp_metric.score("LongLaMP_topic", PREDICTIONS, REFERENCES, without=names)
    with pytest.raises(ValueError, match="without: expected for LaMP_4 nothing, .*, found 'meteor'"):
        lamp_metric.score("LaMP_4", PREDICTIONS, REFERENCES, without=["meteor"])


def test_without_wordnet_the_error_says_how_to_do_without(monkeypatch):
    def none():
        raise FileNotFoundError("get it by python -m nltk.downloader wordnet")

    monkeypatch.setattr(meteor, "_nltk", none)
    with pytest.raises(FileNotFoundError, match="nltk.downloader wordnet; or leave METEOR out: --without meteor, in"):
        lamp_metric.score("LongLaMP_topic", PREDICTIONS, REFERENCES)
