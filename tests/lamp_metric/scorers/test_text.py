import random
import statistics

import pytest
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

import lamp_metric
from lamp_dataset.tasks import TASKS
from lamp_metric.scorers import SCORERS, text
from lamp_metric.scoring import score

ROUGE = SCORERS["generation"]

ANCESTOR = RougeScorer(["rouge1", "rougeL"], use_stemmer=False)


def ancestor(prediction, reference):
    scores = ANCESTOR.score(reference, prediction)
    return {"rouge-1": scores["rouge1"].fmeasure, "rouge-L": scores["rougeL"].fmeasure}


def random_text(rng):
    """Texts that share words often, from a few words to whole paragraphs, Unicode of all planes among them."""
    words = rng.choice(
        ["a b c d e f", "the of model models personal News 3 2.5 don't co-op naïve İstanbul Kelvin ß 東京 مرحبا"]
    )
    pieces = [rng.choice(words.split()) for _ in range(rng.choice([0, 1, 3, 8, 12, 40, 150]))]
    if rng.random() < 0.3:
        pieces += [chr(rng.choice([rng.randrange(0xD800), rng.randrange(0xE000, 0x110000)])) for _ in range(8)]
        rng.shuffle(pieces)
    return rng.choice([" ", "", ", ", "\n", "\u00a0", "\u0130"]).join(pieces)


def test_per_sample_values_equal_rouge_score_to_the_last_bit():
    rng = random.Random(3)
    for _ in range(4000):
        prediction, reference = random_text(rng), random_text(rng)
        statistics = ROUGE.sample_statistics(None, [prediction], [reference])
        assert {key: values[0] for key, values in statistics.items()} == ancestor(prediction, reference)


def test_the_cheap_rule_for_words_agrees_with_the_tokenizer_for_every_character():
    tokenizer = DefaultTokenizer(use_stemmer=False)
    for code in range(0x110000):
        character = chr(code)
        assert ROUGE.is_usable(TASKS["LaMP_4"], character) == bool(tokenizer.tokenize(character)), hex(code)
    assert ROUGE.is_usable(TASKS["LaMP_4"], "Café")
    assert not ROUGE.is_usable(TASKS["LaMP_4"], "東京!")


#: The peak is that of this process alone: ru_maxrss would begin with the peak of the one that started it.
LONG = """
import resource
from pathlib import Path
from lamp_metric import score

resource.setrlimit(resource.RLIMIT_AS, (4_000_000 << 10,) * 2)
prediction, gold = {texts}
values = score("LaMP_4", [prediction], [gold]).values()
peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
print(*values, int(peak) // 1024)
"""


@pytest.mark.parametrize(
    ("texts", "scores"),
    [
        ("'a ' * 1_500_000, 'a b c'", [2 / 1_500_003] * 2),
        ("' '.join(map(str, range(500_000))), '7 8 9 6'", [8 / 500_004, 6 / 500_004]),
        ("'7 8 9 6', ' '.join(map(str, range(500_000)))", [8 / 500_004, 6 / 500_004]),
    ],
)
def test_a_prediction_of_three_megabytes_takes_no_gigabytes(forks, texts, scores):
    """The address space is limited; the time by pytest's own limit."""
    result = forks.run(LONG.format(texts=texts))
    assert result.returncode == 0, result.stderr
    *found, megabytes = map(float, result.stdout.split())
    assert found == pytest.approx(scores, rel=1e-12)
    assert megabytes < 1000


def test_hand_worked_values():
    # Prediction of 3 tokens, gold of 4: "the cat sat" / "the sat cat down". Shared: 3. In order: 2.
    result = score("LaMP_4", ["The cat sat."], ["the SAT, cat down!"])
    assert result["rouge-1"] == pytest.approx(2 * 1 * 0.75 / 1.75, abs=1e-15)
    assert result["rouge-L"] == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5), abs=1e-15)
    # Lin 2004, section 3: S1 "police killed the gunman", S2 "police kill the gunman" (3/4), S3 "the gunman kill police"
    # (2/4). Equal lengths, so that precision, recall and F are one.
    gold = "police killed the gunman"
    assert score("LaMP_4", ["police kill the gunman"], [gold])["rouge-L"] == 0.75
    assert score("LaMP_4", ["the gunman kill police"], [gold])["rouge-L"] == 0.5


@pytest.mark.parametrize(("prediction", "gold"), [("", "a title"), ("a", ""), ("", ""), ("?!", "?!"), ("東京", "東京")])
def test_a_side_without_a_token_scores_zero(prediction, gold):
    assert score("LaMP_5", [prediction], [gold]) == {"rouge-1": 0.0, "rouge-L": 0.0} == ancestor(prediction, gold)


@pytest.mark.parametrize(
    ("prediction", "gold", "value"),
    [
        ("a a a a", "a", 2 * 0.25 / 1.25),  # repeats count as often as both sides have them
        ("models", "model", 0.0),  # no stemming
        ("東京 tower", "tower 大阪", 1.0),  # of mixed scripts the Latin part
        ("smile \ud83d", "smile", 1.0),  # half a surrogate pair does no harm
    ],
)
def test_rouge_1_of_odd_texts(prediction, gold, value):
    assert score("LaMP_7", [prediction], [gold])["rouge-1"] == pytest.approx(value, abs=1e-15)


PREDICTIONS = ["a big taxi waits in the rain ", "council votes on cats", ""]
REFERENCES = ["a large cab is waiting in the rain", "\nthe council votes. cats win", "nothing to see"]


@pytest.mark.oldest
def test_long_texts_are_scored_by_rouge_and_meteor_each_sample_too(nltk_data):
    found = lamp_metric.score("LongLaMP_topic", PREDICTIONS, REFERENCES, per_sample=True, confidence_level=0.9)
    short = lamp_metric.score("LaMP_4", PREDICTIONS, REFERENCES, per_sample=True)
    expected = text.meteor(PREDICTIONS, REFERENCES)
    assert {key: found[key] for key in ("rouge-1", "rouge-L")} == {key: short[key] for key in ("rouge-1", "rouge-L")}
    assert [row["meteor"] for row in found["per_sample"].values()] == pytest.approx(expected)
    assert found["meteor"] == pytest.approx(statistics.fmean(expected))
    assert found["meteor_ci"][0] <= found["meteor"] <= found["meteor_ci"][1]


def test_meteor_can_be_left_out_knowingly_and_nothing_else(monkeypatch):
    monkeypatch.setattr(text, "_nltk", None)
    found = lamp_metric.score("LongLaMP_email_time", PREDICTIONS, REFERENCES, without=["meteor"], also=["rouge-2"])
    assert list(found) == ["rouge-1", "rouge-L", "rouge-2"]
    signature = lamp_metric.signature_of("LongLaMP_email_time", 3, without="meteor")
    assert signature.startswith("task:LongLaMP_email_time|n:3|rule:1|without:meteor|version:")
    systems = {"none": PREDICTIONS, "own": REFERENCES}
    compared = lamp_metric.compare(systems, task="LongLaMP_topic", references=REFERENCES, without=["meteor"])
    assert list(compared.contrasts["own"]) == ["rouge-1", "rouge-L"]
    assert "|without:meteor|test:" in compared.signature
    for names in (["rouge-1"], ["meteor", "rouge-1"]):
        with pytest.raises(ValueError, match="without: expected meteor for LongLaMP_topic, found 'rouge-1'"):
            lamp_metric.score("LongLaMP_topic", PREDICTIONS, REFERENCES, without=names)
    with pytest.raises(ValueError, match="without: no score of LaMP_4 can be left out, found 'meteor'"):
        lamp_metric.score("LaMP_4", PREDICTIONS, REFERENCES, without=["meteor"])


def test_without_wordnet_the_error_says_how_to_do_without(monkeypatch):
    def none():
        raise FileNotFoundError("get it by python -m nltk.downloader wordnet")

    monkeypatch.setattr(text, "_nltk", none)
    with pytest.raises(FileNotFoundError, match="nltk.downloader wordnet; or leave METEOR out: --without meteor, in"):
        lamp_metric.score("LongLaMP_topic", PREDICTIONS, REFERENCES)
