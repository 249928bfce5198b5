"""Known defects of the official retrieval and prompt code, under both rules, that the tests of its parts do not show.

Where the official code gives a result, ``official`` gives the same; where it crashes, hangs or answers by chance, both
rules give a defined result or a clear error. The table in docs/explanation/prompts.md says the same in words.
"""

import pytest
from made_up import batch, row
from stand_ins import WordTokenizer

from lamp_dataset import Personalizer
from lamp_dataset.personalize.retrieval.dense import Dense

both = pytest.mark.parametrize("rules", ["official", "fixed"])


def one(name, rules, made, **options):
    """The result of a single row."""
    found = Personalizer(name, rules=rules, **options)(batch([made]))
    return {field: values[0] for field, values in found.items()}


def tweet(*texts, question="Paraphrase it: a b"):
    profile = [{"id": f"70{n}", "text": text} for n, text in enumerate(texts)]
    return {"id": "7", "input": question, "output": "c", "profile": profile}


@both
def test_a_dense_model_is_loaded_once_not_for_every_sample(rules, monkeypatch):
    loads = []

    class Model:
        def encode(self, texts, **options):
            return [[float(len(text))] for text in texts]

    monkeypatch.setattr(Dense, "_load", lambda self: loads.append(self.model) or Model())
    personalize = Personalizer("LaMP_3", retriever="dense", model="m", rules=rules)
    for _ in range(2):
        personalize(batch([row("LaMP_3", number) for number in range(5)]))
    assert loads == ["m"]


@both
def test_blanks_are_ranked_the_later_first_and_subjects_not_searched(rules):
    found = one("LaMP_7", rules, tweet("", " ", "\n"), k=2)
    assert (found["retrieved_ids"], found["retrieved_scores"]) == (["702", "701"], [0.0, 0.0])
    made = row("LaMP_6")
    made["input"] = "Generate a subject for the following email: harvest"
    made["profile"] = [{"id": str(n), "title": "none", "text": f"word{n}"} for n in range(4)]
    made["profile"][0]["title"], made["profile"][2]["text"] = "harvest", "the harvest"
    assert one("LaMP_6", rules, made, k=1)["retrieved_ids"] == ["2"]


@both
@pytest.mark.parametrize("retriever", ["recency", "first", "bm25"])
def test_no_items_asked_for_are_no_items_and_not_the_whole_profile(rules, retriever):
    made = row("LaMP_4_time")
    assert one("LaMP_4_time", rules, made, retriever=retriever, k=0)["source"] == made["input"]
    found = one("LaMP_4_time", rules, made, retriever=retriever, k=99)
    assert len(found["retrieved_ids"]) == 5  # more than there are: all


def test_costs_that_miss_the_wording_are_kept_by_official_and_not_by_fixed():
    """For LaMP_7 nine tokens of "are written by user. …" are counted, and ten are there."""
    made = tweet(" ".join(f"w{n}" for n in range(60)), question="it: x")
    official, fixed = (
        one("LaMP_7", rules, made, tokenizer=WordTokenizer(), max_length=40) for rules in ("official", "fixed")
    )
    # P = 40 - 3 - 1 - 9 = 27, 27 - 2 = 25 tokens, 24 words; the rest is 9 words, the input 2 and a special token
    assert official["source_length"] == 24 + 9 + 2 + 1
    assert fixed["source_length"] == 40


@both
@pytest.mark.parametrize("retriever", ["recency", "random", "first"])
def test_a_query_that_nobody_needs_is_not_missed(rules, retriever):
    made = row("LaMP_1_time")
    made["input"] = 'no quotes but a title: "'
    assert one("LaMP_1_time", rules, made, retriever=retriever)["notes"] == ""
    found = one("LaMP_1_time", rules, made, retriever="bm25")
    assert found["notes"].endswith("the whole input is the query")
    assert found["personalized"]
