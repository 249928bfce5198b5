import pytest
from personal import batch

from lamp_dataset.personalize.retrieval.fusion import RRF
from lamp_dataset.personalize.retrieval.rankers import First, make_ranker
from lamp_dataset.personalize.retrieval.samples import read_samples
from lamp_dataset.tasks import TASKS


def samples(*dates):
    profile = [{"id": f"310{n}", "date": date, "text": "a", "score": "1"} for n, date in enumerate(dates)]
    rows = [{"id": "310", "input": "review: a", "output": "1", "profile": profile}]
    return read_samples(TASKS["LaMP_3_time"], batch(rows), "official")


def test_rrf_sums_reciprocal_ranks_as_worked_by_hand():
    (ranking,) = make_ranker("rrf", rankers=["first", "recency"]).rank(samples("2011", "2013", "2012"))
    # first: 0 1 2; recency: 1 2 0
    assert ranking.scores == pytest.approx([1 / 61 + 1 / 63, 1 / 62 + 1 / 61, 1 / 63 + 1 / 62], abs=1e-15)
    assert ranking.order == [1, 0, 2]


def test_rrf_needs_what_its_parts_need():
    fused = make_ranker("rrf", rankers=["first", "random"], seed=4, c=1.0)
    assert (fused.needs_query, fused.needs_dates, fused.c, fused.rankers[1].seed) == (False, False, 1.0, 4)
    fused = make_ranker("rrf", rankers=["bm25", "recency"])
    assert (fused.needs_query, fused.needs_dates) == (True, True)
    (ranking,) = fused.rank(samples("2013", None))
    assert ranking.notes == ("1 of 2 items have no date and count as the oldest",)


@pytest.mark.parametrize(("rankers", "c"), [((First(),), 60.0), ((First(), First()), -1.0)])
def test_fewer_than_two_rankers_or_a_negative_constant_are_refused(rankers, c):
    with pytest.raises(ValueError, match=f"found {len(rankers)} and c={c}"):
        RRF(rankers=rankers, c=c)
