import math
import random

import numpy as np
import pyarrow as pa
import pytest
from rank_bm25 import BM25Okapi

from lamp_dataset.personalize.retrieval import ranking as bm25
from lamp_dataset.personalize.retrieval.ranking import bm25_scores

#: What str.split splits at, and what it does not.
BLANKS = [" ", "  ", "\t", "\n", "\r\n", "\x0b", "\x1c", "\x1f", "\x85", "\xa0", "\u1680", "\u2028", "\u3000"]
PIECES = ["a", "b", "A", "a.", "é", "e\u0301", "ß", "\u200b", "\ufeff", "日本", "\U0001f600", "\x00", "the", "of", "x1"]
SIZES = (1, 1, 2, 2, 3, 4, 7, 16, 17, 31, 60)


def corpus(rng):
    blanks = rng.choice([[" "], BLANKS])
    pieces = rng.choice([["a", "b", "c"], PIECES])

    def text(most):
        if rng.random() < 0.1:
            return rng.choice(["", " ", "\t \u3000"])
        return "".join(rng.choice(pieces) + rng.choice(blanks) for _ in range(rng.randrange(most)))

    documents = [text(12) for _ in range(rng.choice(SIZES))]
    documents[rng.randrange(len(documents))] = documents[0]
    return documents, text(15) + rng.choice(["", " unknown", " a a a"])


def ancestor(documents, query, **options):
    try:
        return BM25Okapi([text.split() for text in documents], **options).get_scores(query.split())
    except ZeroDivisionError:  # no word at all
        return np.zeros(len(documents))


@pytest.fixture
def arrow_always(monkeypatch):
    monkeypatch.setattr(bm25, "FEW", 0)


@pytest.mark.parametrize("seed", range(4))
def test_scores_equal_rank_bm25_to_the_last_bit(seed, arrow_always):
    rng = random.Random(seed)
    for _ in range(1000):
        documents, query = corpus(rng)
        expected = ancestor(documents, query)
        for form in (documents, pa.array(documents), pa.array(documents, pa.large_string())):
            np.testing.assert_array_equal(bm25_scores(form, query), expected, strict=True)


def test_long_profiles_equal_rank_bm25_to_the_last_bit():
    rng = random.Random(9)
    words = [f"w{number}" for number in range(3000)]
    weights = [1 / (rank + 3) for rank in range(3000)]
    for size in (30, 185, 400):
        documents = [" ".join(rng.choices(words, weights, k=rng.randint(1, 150))) for _ in range(size)]
        query = " ".join(rng.choices(words, weights, k=145))
        for form in (documents, pa.array(documents)):
            np.testing.assert_array_equal(bm25_scores(form, query), ancestor(documents, query))


@pytest.mark.parametrize("options", [{"k1": 0.9, "b": 0.4}, {"epsilon": 0.0}, {"epsilon": 1.0}, {"b": 0.0}])
def test_options_equal_rank_bm25(options, arrow_always):
    rng = random.Random(5)
    for _ in range(200):
        documents, query = corpus(rng)
        for form in (documents, pa.array(documents)):
            np.testing.assert_array_equal(bm25_scores(form, query, **options), ancestor(documents, query, **options))


def test_a_slice_of_a_longer_array_is_its_own_profile(arrow_always):
    array = pa.array(["x x", "a b", "b c é", "", "a", "zz"])
    expected = ancestor(["a b", "b c é", "", "a"], "b a")
    np.testing.assert_array_equal(bm25_scores(array.slice(1, 4), "b a"), expected)


def test_floors_as_worked_by_hand():
    # idf = ln(1 - 1 + 0.5) - ln(1 + 0.5) = -ln 3 for both words, floored to a quarter of the mean, -ln 3 / 4;
    # tf of a is 2: 2 * 2.5 / (2 + 1.5), of b 1: 1 * 2.5 / (1 + 1.5)
    expected = -math.log(3) / 4 * (5 / 3.5) + -math.log(3) / 4 * 1.0
    assert bm25_scores(["a b a"], "a b")[0] == pytest.approx(expected, abs=1e-15)
    assert round(bm25_scores(["a b a"], "a b")[0], 3) == -0.667
    np.testing.assert_array_equal(bm25_scores(["a", "b"], "a"), [0.0, 0.0])
    documents = ["all few", "all few", "all w1", "all w2", "all w3"]
    assert bm25_scores(documents, "all")[2] > 0
    # 'few': ln(3.5) - ln(2.5); 'all': a quarter of the mean of all five idf
    idf = {n: math.log(5 - n + 0.5) - math.log(n + 0.5) for n in (1, 2, 5)}
    floor = 0.25 * (idf[5] + idf[2] + 3 * idf[1]) / 5
    np.testing.assert_allclose(bm25_scores(documents, "all"), [floor] * 5, rtol=1e-15)
    np.testing.assert_allclose(bm25_scores(documents, "few"), [idf[2], idf[2], 0, 0, 0], rtol=1e-15)


@pytest.mark.parametrize("documents", [[], [""], [" ", "\t"]], ids=["none", "blank", "blanks"])
def test_no_words_no_scores(documents, arrow_always):
    for form in (documents, pa.array(documents, pa.string())):
        np.testing.assert_array_equal(bm25_scores(form, "a b"), np.zeros(len(documents)))


@pytest.mark.filterwarnings("error")
def test_a_blank_item_scores_nothing_where_length_is_all_that_damps():
    np.testing.assert_array_equal(bm25_scores(["a b", "", "c"], "c", b=1.0)[:2], [0.0, 0.0])


def test_a_tokenizer_of_ones_own():
    documents = ["Tea, tea!", "coffee", "milk"]
    scores = bm25_scores(pa.array(documents), "TEA", tokenize=lambda text: text.lower().replace(",", "").split())
    np.testing.assert_array_equal(scores, ancestor(["tea tea!", "coffee", "milk"], "tea"))


def test_ascii_and_unicode_splitting_agree_with_python_on_every_character(arrow_always):
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    for start in range(0, len(characters), 0x2000):
        documents = [f"a{character}b " for character in characters[start : start + 0x2000]]
        _, lengths = bm25._arrow_codes(pa.array(documents), "")
        assert lengths[:-1].tolist() == [len(text.split()) for text in documents]
