import json
import sys

import numpy as np
import pyarrow as pa
import pytest
from made_up import batch, row
from tie_orders import DIGESTS, SIZES, arrays, digest, killer

from lamp_dataset import Personalizer, Ranking
from lamp_dataset.personalize.prompt_options import PromptOptions
from lamp_dataset.personalize.retrieval import ranking
from lamp_dataset.personalize.retrieval.rankers import BM25, First, RankingFile, choose_ranker
from lamp_dataset.personalize.retrieval.ranking import by_score, official_order


def test_ties_go_to_the_later_item_and_notes_are_kept():
    assert by_score(np.zeros(40)).order == list(range(39, -1, -1))
    assert by_score(np.array([1.0, 3.0, 1.0, 3.0])).order == [3, 1, 2, 0]
    found = by_score(np.array([1.0, 2.0]), ("odd",))
    assert (found.order, found.scores, found.notes) == ([1, 0], [1.0, 2.0], ("odd",))


OWN = """
from lamp_dataset import Ranking


class Longest:
    needs_query = needs_dates = False
    scored = True

    def __init__(self, sign=1):
        self.sign = sign

    def rank(self, samples):
        found = []
        for sample in samples:
            scores = [self.sign * len(text.strip()) for text in sample.documents]
            order = sorted(range(sample.size), key=scores.__getitem__, reverse=True)
            found.append(Ranking(order, scores))
        return found
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The module with a retriever of one's own."""
    (tmp_path / "own_retriever.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    yield "own_retriever"
    sys.modules.pop("own_retriever", None)


def chosen(retriever=None, ranking=None, **options):
    return choose_ranker(PromptOptions(retriever=retriever, ranking=ranking, retriever_options=options))


def test_names_objects_and_files(tmp_path):
    (tmp_path / "r.json").write_text("{}")
    assert chosen(k1=2.0) == BM25(k1=2.0)
    assert chosen("first") == First()
    given = First()
    assert chosen(given) is given
    assert isinstance(chosen(ranking=tmp_path / "r.json"), RankingFile)


@pytest.mark.parametrize("form", [dict, pa.table])
def test_a_class_of_ones_own_is_loaded_by_its_name_with_its_options(own, form):
    rows = [row("LaMP_4", number, size=40) for number in range(3)]
    result = Personalizer("LaMP_4", retriever=f"{own}:Longest", sign=-1, k=40)(form(batch(rows)))
    result = result.to_pydict() if form is pa.table else result
    for made, ids, scores in zip(rows, result["retrieved_ids"], result["retrieved_scores"], strict=True):
        lengths = {item["id"]: len(f"{item['title']} {item['text']}".strip()) for item in made["profile"]}
        assert ids == sorted(lengths, key=lengths.__getitem__)
        assert scores == [-lengths[item_id] for item_id in ids]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("no_such_module_of_mine:X", {}, "'no_such_module_of_mine:X': No module"),
        ("own_retriever:Shortest", {}, "Shortest"),
        (":Longest", {}, "':Longest'"),
        ("own_retriever:Longest", {"k1": 3}, "own_retriever:Longest: .*k1"),
        ("json:dumps", {"obj": 1}, "found '1' without needs_query"),
    ],
)
def test_names_that_lead_nowhere_are_errors(own, name, options, message):
    with pytest.raises((ImportError, ValueError), match=message):
        chosen(name, **options)


def test_a_class_in_place_of_a_ranker_and_a_misspelled_argument_are_named():
    with pytest.raises(ValueError, match="found the class First itself"):
        chosen(First)
    for wrong, right in (("max_len", "max_length"), ("tokeniser", "tokenizer"), ("use_dates", "use_date")):
        with pytest.raises(ValueError, match=f"'{wrong}'; did you mean '{right}'"):
            Personalizer("LaMP_3", **{wrong: 3})


class Fixed:
    """A retriever that gives what it was told to give."""

    needs_query = needs_dates = False

    def __init__(self, given, scored=False):
        self.given, self.scored = given, scored

    def rank(self, samples):
        return self.given


GOOD = Ranking([1, 0])


@pytest.mark.parametrize(
    ("given", "scored", "message"),
    [
        ([GOOD], False, "Fixed: expected a ranking for each of 2 samples, found 1"),
        ([GOOD, [1, 0]], False, r"Fixed: sample '3\d+': expected a Ranking, found \[1, 0\]"),
        (None, False, "Fixed: expected a list with a ranking for each sample, found None"),
        ([GOOD, Ranking([1])], False, r"sample '3\d+': expected the positions of all 2 items, each once, found \[1\]"),
        ([GOOD, Ranking([1, 2])], False, r"each once, found \[1, 2\]"),
        ([GOOD, Ranking([1.0, 0.0])], False, r"each once, found \[1.0, 0.0\]"),
        ([GOOD, GOOD], True, "expected scores, .* found None"),
        ([GOOD, Ranking([1, 0], [1.0, 2.0])], False, "expected no scores"),
        ([Ranking([1, 0], [1.0])] * 2, True, r"a finite score for each of 2 items, found \[1.0\]"),
        ([Ranking([1, 0], [1.0, float("nan")])] * 2, True, r"finite score .*nan"),
    ],
)
@pytest.mark.parametrize("method", ["__call__", "rank"])
def test_what_a_retriever_of_ones_own_gives_is_checked(given, scored, message, method):
    rows = batch([row("LaMP_4", number, size=2) for number in range(2)])
    with pytest.raises(ValueError, match=message):
        getattr(Personalizer("LaMP_4", retriever=Fixed(given, scored)), method)(rows)


def test_positions_may_be_numbers_of_numpy():
    rows = batch([row("LaMP_4", size=2)])
    given = [Ranking(np.array([1, 0]), np.array([0.5, 1.0], np.float32))]
    result = Personalizer("LaMP_4", retriever=Fixed(given, True), k=1)(rows)
    assert (result["retrieved_ids"], result["retrieved_scores"]) == ([[rows["profile"][0][1]["id"]]], [[1.0]])


def test_official_rankings_order_ties_as_recorded_with_numpy_1_24():
    recorded = json.loads(DIGESTS.read_text(encoding="utf-8"))
    assert {str(size): digest(list(map(official_order, arrays(size)))) for size in SIZES} == recorded
    for size in (0, 1, 16, 17, 40, 500):
        for scores in arrays(size) if size else [[]]:
            assert by_score(np.array(scores), rules="official").order == official_order(scores)[::-1]


@pytest.mark.parametrize("levels", [1, 3, 500])
def test_the_arrays_against_the_median_of_three_reach_heapsort(levels, monkeypatch):
    runs, heapsort = [], ranking._heapsort
    monkeypatch.setattr(ranking, "_heapsort", lambda values, run: runs.append(len(run)) or heapsort(values, run))
    official_order(killer([float(n % levels) for n in range(500)]))
    assert runs == [500 - 2 * 17]
