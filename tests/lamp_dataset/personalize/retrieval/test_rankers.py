import json
import pickle

import numpy as np
import pytest
from made_up import batch, row
from rank_bm25 import BM25Okapi

from lamp_dataset.personalize.retrieval.queries import RULES
from lamp_dataset.personalize.retrieval.rankers import RRF, First, RankingFile, make_ranker
from lamp_dataset.personalize.retrieval.ranking import official_order
from lamp_dataset.personalize.retrieval.samples import read_samples
from lamp_dataset.tasks import TASKS


def samples(*rows, name="LaMP_3_time", rules="official"):
    return read_samples(TASKS[name], batch(rows), rules)


def dated(*dates, sample_id="310"):
    profile = [{"id": f"{sample_id}{n}", "date": date, "text": "a", "score": "1"} for n, date in enumerate(dates)]
    return {"id": sample_id, "input": "review: a", "output": "1", "profile": profile}


@pytest.mark.parametrize("rules", RULES)
def test_bm25_ranks_as_the_ancestor_scores_with_ties_as_numpy_1_24_or_the_later_item_first(rules):
    rows = [row("LaMP_4_time", number, size, words=(1, 6)) for number, size in enumerate([1, 2, 5, 30, 70])]
    rankings = make_ranker("bm25").rank(samples(*rows, name="LaMP_4_time", rules=rules))
    for made, ranking in zip(rows, rankings, strict=True):
        documents = [f"{item['title']} {item['text']}".split() for item in made["profile"]]
        expected = BM25Okapi(documents).get_scores(made["input"].split("article:", 1)[1].split())
        assert ranking.scores == expected.tolist()
        stable = np.argsort(expected, kind="stable")[::-1].tolist()
        assert ranking.order == (stable if rules == "fixed" else official_order(expected)[::-1])
    assert ranking.order == stable if rules == "fixed" else ranking.order != stable


def test_the_newest_come_first_and_rows_without_dates_are_refused():
    dates = ["2014-01-02", "2013-12-31", "2014-01-02", "2014", "2014-1-2", "2015-05-05"]
    assert make_ranker("recency").rank(samples(dated(*dates)))[0].order == [5, 4, 2, 0, 3, 1]
    (ranking,) = make_ranker("recency").rank(samples(dated(None, "2013", "")))
    assert ranking.order == [1, 2, 0]
    assert ranking.notes == ("2 of 3 items have no date and count as the oldest",)
    assert make_ranker("first").rank(samples(dated("2013", "2011", "2012")))[0].order == [0, 1, 2]
    made = row("LaMP_3")
    with pytest.raises(ValueError, match="sample '310', item 0: expected the field 'date'"):
        make_ranker("recency").rank(samples(made))


@pytest.mark.parametrize("date", ["May 2013", "2013-13-45", "20130529", "2_0_1_6"])
def test_a_date_that_is_none_is_refused_by_place(date):
    with pytest.raises(ValueError, match=f"sample '310', item 1: expected a date like .* found {date!r}"):
        make_ranker("recency").rank(samples(dated("2013", date)))


def test_random_depends_on_seed_and_id_alone_and_reaches_every_position():
    rows = [dated(*["2013"] * 30, sample_id=name) for name in ("310", "311")]
    both = [ranking.order for ranking in make_ranker("random").rank(samples(*rows))]
    assert [sorted(order) for order in both] == [list(range(30))] * 2
    assert both[0] != both[1]
    assert make_ranker("random").rank(samples(rows[1]))[0].order == both[1]
    assert make_ranker("random", seed=1).rank(samples(rows[1]))[0].order != both[1]
    # these orders must never change: a paper's numbers hang on them
    assert make_ranker("random").rank(samples(dated(*["2013"] * 6)))[0].order == [4, 5, 0, 3, 1, 2]
    firsts = [make_ranker("random", seed=seed).rank(samples(dated(*["2013"] * 4)))[0].order[0] for seed in range(400)]
    assert all(70 <= firsts.count(position) <= 130 for position in range(4))


@pytest.mark.parametrize("name", ["bm25", "recency", "random", "first"])
def test_an_empty_profile_has_an_empty_ranking(name):
    assert list(make_ranker(name).rank(samples(dated()))[0].order) == []


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("bm26", {}, "no retriever named 'bm26'; known: bm25, recency, random, first, dense, rrf"),
        ("bm25", {"seed": 1}, "bm25: .*'seed'.*b, epsilon, k1, tokenize"),
        ("bm25", {"k1": 0}, "bm25: expected k1 above 0"),
        *[("bm25", {name: float("inf")}, f"finite.*{name}=inf") for name in ("k1", "epsilon")],
        *[("random", {"seed": seed}, f"random: .*seed.*{seed!r}") for seed in ("a", 1.5, None, True)],
        *[("rrf", {"rankers": ["bm25", "first"], "c": float(c)}, f"finite.*c={c}") for c in ("inf", "nan")],
        ("bm25", {"x" * 10**6: 1}, "bm25: unknown option 'x{78}…';"),
        ("dense", {}, "dense: expected the name of a checkpoint as 'model'"),
        ("rrf", {"rankers": ["bm25"]}, "rrf: expected .*'rankers'"),
        ("rrf", {"rankers": ["bm25", "rrf"]}, "rrf: expected .*'rankers'"),
        ("rrf", {"rankers": ["bm25", "first"], "model": "x"}, "rrf: .*'model'"),
    ],
)
def test_bad_names_and_options_list_the_known(name, options, message):
    with pytest.raises(ValueError, match=message):
        make_ranker(name, **options)


def test_rrf_sums_reciprocal_ranks_and_needs_what_its_parts_need():
    (ranking,) = make_ranker("rrf", rankers=["first", "recency"]).rank(samples(dated("2011", "2013", "2012")))
    # first: 0 1 2; recency: 1 2 0
    assert ranking.scores == pytest.approx([1 / 61 + 1 / 63, 1 / 62 + 1 / 61, 1 / 63 + 1 / 62], abs=1e-15)
    assert ranking.order == [1, 0, 2]
    fused = make_ranker("rrf", rankers=["first", "random"], seed=4, c=1.0)
    assert (fused.needs_query, fused.needs_dates, fused.c, fused.rankers[1].seed) == (False, False, 1.0, 4)
    fused = make_ranker("rrf", rankers=["bm25", "recency"])
    assert (fused.needs_query, fused.needs_dates) == (True, True)
    (ranking,) = fused.rank(samples(dated("2013", None)))
    assert ranking.notes == ("1 of 2 items have no date and count as the oldest",)


@pytest.mark.parametrize(("rankers", "c"), [((First(),), 60.0), ((First(), First()), -1.0)])
def test_fewer_than_two_rankers_or_a_negative_constant_are_refused(rankers, c):
    with pytest.raises(ValueError, match=f"found {len(rankers)} and c={c}"):
        RRF(rankers=rankers, c=c)


@pytest.fixture
def ranking_file(tmp_path):
    def write(content):
        path = tmp_path / "ranking.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


def test_a_ranking_file_decides_the_order(ranking_file):
    path = ranking_file({"310": ["3102", "3100", "3101"], "311": ["3110", "3111", "3112"]})
    rankings = RankingFile(path).rank(samples(row("LaMP_3", 1, 3), row("LaMP_3", 0, 3), name="LaMP_3"))
    assert [ranking.order for ranking in rankings] == [[0, 1, 2], [2, 0, 1]]
    assert all(ranking.notes == () for ranking in rankings)
    (ranking,) = RankingFile(ranking_file({"310": ["3102"]})).rank(samples(row("LaMP_3", 0, 3), name="LaMP_3"))
    assert ranking.order == [2]
    path = ranking_file({"310": ["3101", "3100", "3101"]})
    assert RankingFile(path).rank(samples(row("LaMP_3", 0, 3), name="LaMP_3"))[0].order == [1, 0]


def test_a_profile_with_doubled_item_ids_is_refused_by_sample_and_id(ranking_file):
    made = row("LaMP_3", 0, 3)
    made["profile"][2]["id"] = "3100"
    with pytest.raises(ValueError, match="sample '310'.*'3100'"):
        RankingFile(ranking_file({"310": ["3101"]})).rank(samples(made, name="LaMP_3"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"311": []}, "no ranking of sample '310'; made from another split or config?"),
        ({"310": ["3100", "9", "8"]}, r"sample '310' names item '9', which its profile of 3 items lacks \(2 such\)"),
    ],
)
def test_a_ranking_of_other_rows_is_refused_by_name(ranking_file, content, message):
    path = ranking_file(content)
    with pytest.raises(ValueError, match=f"{path}.*{message}"):
        RankingFile(path).rank(samples(row("LaMP_3", 0, 3), name="LaMP_3"))


def test_a_pickled_one_reads_the_file_again_and_notices_a_change(ranking_file):
    path = ranking_file({"310": ["3102"]})
    data = pickle.dumps(RankingFile(path))
    assert len(data) < 500
    assert pickle.loads(data).rank(samples(row("LaMP_3", 0, 3), name="LaMP_3"))[0].order == [2]
    ranking_file({"310": ["3101"]})
    with pytest.raises(ValueError, match="the ranking file has changed while it was in use"):
        pickle.loads(data)
