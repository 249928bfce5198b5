import random
import re

import pyarrow.compute as pc
import pytest

from lamp_dataset.personalize.retrieval.queries import Query
from lamp_dataset.personalize.retrieval.samples import Sample
from lamp_dataset.tasks import TASKS
from lamp_metric.report.profile_similarity import Profile, Profiles, profiles_of, similarities


def of(name, query, *items):
    [found] = profiles_of([Sample(TASKS[name], "1", query, Query(query), items)])
    assert found == Profile(len(items), found.similarity, found.copy, query)
    return found.similarity, found.copy


def by_hand(document, query):
    """Word overlap F1, word by word."""
    a, b = ([word.strip(".,!?\"'()") for word in text.lower().split()] for text in (document, query))
    a, b = ([word for word in words if word] for words in (a, b))
    shared = sum(min(a.count(word), b.count(word)) for word in set(a))
    return 2 * shared / (len(a) + len(b)) if a and b else 0


def test_similarities_equal_a_plain_count():
    rng = random.Random(4)
    words = ["Rain,", "rain", "tea", "(tea)", "-", "!", "can't", "Ångström", "漢字", ""]
    texts = ["  ".join(rng.choices(words, k=rng.randint(0, 9))) for _ in range(200)]
    pairs = [(texts[n:], query) for n, query in enumerate(texts[:20])]
    for (documents, query), found in zip(pairs, similarities(pairs), strict=True):
        expected = [by_hand(text.replace("-", "!"), query.replace("-", "!")) for text in documents]
        assert found.tolist() == pytest.approx(expected)
        assert similarities([(documents, query)])[0].tolist() == found.tolist()


def test_arrow_splits_no_text_that_ends_in_white_space(monkeypatch):
    split = pc.utf8_split_whitespace
    given = []
    monkeypatch.setattr(pc, "utf8_split_whitespace", lambda texts: given.extend(texts.to_pylist()) or split(texts))
    assert [found.tolist() for found in similarities([(["Ångström  ", " "], "漢字 \u3000Ångström  ")])] == [[2 / 3, 0]]
    assert given == ["ångström", "", "漢字 \u3000ångström"]


def test_the_nearest_item_counts():
    assert of("LaMP_7", "a b c d", {"text": "x y"}, {"text": "d c x y"}, {"text": "a z"}) == (0.5, "")


@pytest.mark.parametrize("items", [(), ({"text": ""},), ({"text": " - "},)])
def test_without_words_nothing_is_near(items):
    assert of("LaMP_7", "a b", *items) == (0.0, "")
    assert of("LaMP_7", "", *items) == (0.0, "")


def test_copies_are_told_apart_from_near_copies():
    words = [f"w{n}" for n in range(20)]
    text = " ".join(words)
    assert of("LaMP_7", text, {"text": "other"}, {"text": "  W0 " + " \n".join(words[1:])})[1] == "exact"
    assert of("LaMP_7", text, {"text": f"{text}!"}) == (1.0, "near")
    assert of("LaMP_7", text, {"text": re.sub("w1 ", "v ", text)}) == (0.95, "near")
    assert of("LaMP_7", text, {"text": " ".join(words[:16])})[1] == ""
    found = of("LaMP_4", "a b c d e f", {"title": "x y z", "text": "A b c d e f"})
    assert found == (0.8, "exact")
    assert of("LaMP_4", "x y a b", {"title": "x y", "text": "a b"})[1] == "exact"


def row(task, text):
    item = dict.fromkeys(task.item_fields, "late rain")
    return {"id": "7", "input": f"{task.instruction} {text}", "profile": [item, item]}


def test_size_nearness_and_query_are_kept_but_no_gated_text():
    look = Profiles(TASKS["LaMP_7"])
    for number in range(5000):  # more than are looked at together
        look({**row(look.task, "rain and tea"), "id": f"7{number}"})
    expected = Profile(2, 0.4, "", "rain and tea")
    assert look.by_id() == {f"7{number}": expected for number in range(5000)}
    look = Profiles(TASKS["LaMP_6"])
    look(row(look.task, "late  rain"))
    assert look.by_id() == {"7": Profile(2, 1.0, "exact")}
