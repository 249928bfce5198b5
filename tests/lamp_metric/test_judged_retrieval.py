import math

import datasets
import numpy as np
import pyarrow as pa
import pytest
from rouge_score.rouge_scorer import RougeScorer
from sklearn.metrics import ndcg_score

from lamp_dataset import SAMPLE, Personalizer
from lamp_dataset.personalize.retrieval.rankers import First, make_ranker
from lamp_dataset.personalize.retrieval.ranking import Ranking
from lamp_dataset.tasks import TASKS
from lamp_metric.judged_retrieval import check_output_field, judge_retrieval, ndcg
from lamp_metric.signature import Resampling
from lamp_metric.statistics.resampling import mean_intervals


class Last(First):
    """The stored order, from its end."""

    def rank(self, samples):
        return [Ranking(ranking.order[::-1]) for ranking in super().rank(samples)]


def rated(sample_id, gold, scores):
    profile = [{"id": f"{sample_id}{n}", "text": f"text {n}", "score": score} for n, score in enumerate(scores)]
    return {"id": sample_id, "input": "review: fine", "output": gold, "profile": profile}


def values(judged):
    return {key: found.tolist() for key, found in judged.values.items()}


def test_labels_as_counted_by_hand():
    rows = [rated("1", "5", ["5", "1", "5.0", "4"]), rated("2", "3", ["1", "2"]), rated("3", "4", ["2", "4", "4"])]
    judged = judge_retrieval(TASKS["LaMP_3"], pa.Table.from_pylist(rows), {"first": First()}, [4, 1, 3, 1])
    assert judged.ks == (1, 3, 4)
    assert values(judged) == {
        ("hit", "first"): [[1, 1, 1], [0, 0, 0], [0, 1, 1]],
        ("share", "first"): [[1, 2 / 3, 0.5], [0, 0, 0], [0, 2 / 3, 2 / 3]],
    }


def test_overlap_as_counted_by_hand():
    rows = [rated("1", "5", "12345"), rated("2", "5", "1")]
    judged = judge_retrieval(
        TASKS["LaMP_3"], pa.Table.from_pylist(rows), {"first": First(), "last": Last(), "again": Last()}, [1, 3, 9]
    )
    found = {key[1:]: value for key, value in values(judged).items() if key[0] == "overlap"}
    assert found == {
        ("first", "last"): [[0, 1 / 3, 1], [1, 1, 1]],
        ("first", "again"): [[0, 1 / 3, 1], [1, 1, 1]],
        ("last", "again"): [[1, 1, 1], [1, 1, 1]],
    }
    assert [key[0] for key in judged.values] == ["hit"] * 3 + ["share"] * 3 + ["overlap"] * 3


@pytest.mark.parametrize("name", ["LaMP_4", "LaMP_5_time", "LaMP_6"])
def test_texts_equal_rouge_score_on_the_items_that_personalize_takes(name):
    rows = datasets.load_dataset("lamp", name, data_dir=SAMPLE, split="train")
    rankers = {"bm25": make_ranker("bm25"), "random": make_ranker("random", seed=2)}
    judged = judge_retrieval(TASKS[name], rows, rankers, [1, 2, 3])
    scorer = RougeScorer(["rouge1", "rougeL"])
    for (figure, *names), found in judged.values.items():
        if figure == "overlap":
            continue
        options = {"retriever": names[0], **({"seed": 2} if names[0] == "random" else {})}
        for column, k in enumerate(judged.ks):
            kept = rows.map(Personalizer(name, k=k, **options), batched=True)
            for place, row in enumerate(kept):
                titles = {item["id"]: item["title"] for item in row["profile"]}
                scores = (scorer.score(row["output"], titles[item_id]) for item_id in row["retrieved_ids"])
                key = figure.removeprefix("best ").replace("-", "")
                assert found[place, column] == max(score[key].fmeasure for score in scores)


def test_an_empty_profile_counts_as_nothing_found():
    text = pa.string()
    item = pa.struct({"id": text, "text": text, "score": text})
    schema = pa.schema({"id": text, "input": text, "output": text, "profile": pa.list_(item)})
    table = pa.Table.from_pylist([rated("1", "5", []), rated("2", "5", ["5", None])], schema)
    judged = judge_retrieval(TASKS["LaMP_3"], table, {"first": First(), "last": Last()}, [1, 2])
    assert values(judged)["hit", "first"] == [[0, 0], [1, 1]]
    assert values(judged)["share", "last"] == [[0, 0], [0, 0.5]]
    assert values(judged)["overlap", "first", "last"] == [[0, 0], [0, 1]]


def test_means_and_intervals_draw_users():
    rows = [{**rated(str(n), "5", ["5" if n % 3 else "1"]), "user_id": f"u{n // 4}"} for n in range(40)]
    judged = judge_retrieval(TASKS["LaMP_3_time"], pa.Table.from_pylist(rows), {"first": First()}, [1])
    [hit, _] = judged.means(Resampling(0.9, 500, 3))
    assert hit == {
        "figure": "hit",
        "retrievers": ["first"],
        "k": 1,
        "value": pytest.approx(26 / 40),
        "interval": mean_intervals([[float(n % 3 > 0) for n in range(40)]], judged.users, Resampling(0.9, 500, 3))[0],
    }


def test_one_user_has_no_interval():
    rows = [{**rated(str(n), "5", ["5"]), "user_id": "u"} for n in range(4)]
    judged = judge_retrieval(TASKS["LaMP_3_time"], pa.Table.from_pylist(rows), {"first": First()}, [1])
    assert [one["interval"] for one in judged.means(Resampling())] == [None, None]


@pytest.mark.parametrize(("name", "facts"), [("LaMP_1", "labels.*title, abstract"), ("LaMP_7_time", "outputs.*text")])
def test_tasks_whose_items_hold_no_outputs(name, facts):
    with pytest.raises(ValueError, match=f"{name}.*{facts}"):
        check_output_field(TASKS[name])


def test_withheld_golds_and_no_rows_are_errors():
    with pytest.raises(ValueError, match="sample '7'.*gold"):
        judge_retrieval(TASKS["LaMP_3"], pa.Table.from_pylist([rated("7", None, "5")]), {"first": First()}, [1])
    with pytest.raises(ValueError, match="LaMP_3.*no rows"):
        judge_retrieval(TASKS["LaMP_3"], [], {"first": First()}, [1])


def test_a_config_by_name_and_rows_of_every_kind_are_judged_alike():
    rows = datasets.load_dataset("lamp", "LaMP_3", data_dir=SAMPLE, split="validation")
    table, rankers = rows.with_format("arrow")[:], {"first": First(), "last": Last()}
    expected = judge_retrieval(TASKS["LaMP_3"], table, rankers, [1, 2])
    for given in (rows, rows.to_iterable_dataset(), table):
        found = judge_retrieval("LaMP_3", given, rankers, [1, 2])
        assert values(found) == values(expected)
        assert found.users == expected.users


@pytest.mark.parametrize(
    ("config", "rows", "facts"),
    [
        ("LaMP-2N", [], "LaMP_2_news"),
        ("LaMP_3", [rated("7", "5", "5")], "a data set or an Arrow table with the column 'output'"),
        ("LaMP_3", 7, "found int"),
        ("LaMP_3", "validation", "found str"),
        ("LaMP_3", datasets.Dataset.from_list([{"id": "1", "input": "x", "profile": []}]), "'output'"),
    ],
)
def test_what_cannot_be_judged_is_named(config, rows, facts):
    with pytest.raises(ValueError, match=facts):
        judge_retrieval(config, rows, {"first": First()}, [1])


def worth(number, scores, bare=0.5):
    """Feedback on a sample: its score without items, and with each of its first items."""
    return {str(number): {"": bare, **{f"{number}{place}": score for place, score in enumerate(scores)}}}


def test_feedback_as_counted_by_hand():
    """The third item of the first sample has no feedback, and neither has the third sample."""
    rows = [{**rated("1", None, "111"), "user_id": "u"}, {**rated("2", None, "11"), "user_id": "v"}]
    table = pa.Table.from_pylist([*rows, {**rated("3", None, "1"), "user_id": "w"}])
    feedback = {**worth(1, [0.75, 1.0]), **worth(2, [0.25, -0.5]), "9": {"90": 1.0}}
    rankers = {"first": First(), "last": Last()}
    judged = judge_retrieval("LaMP_3_time", table, rankers, [1, 2], feedback={key: feedback[key] for key in "12"})
    second = 1 / math.log2(3)
    assert judged.users == ["u", "v"]
    assert values(judged) == {
        ("nDCG", "first"): [[0.75, pytest.approx((0.75 + second) / (1 + 0.75 * second))], [1, 1]],
        ("nDCG", "last"): [[1, 1], [0, pytest.approx(second)]],
        ("precision", "first"): [[1, 1], [0, 0]],
        ("precision", "last"): [[1, 1], [0, 0]],
        ("score", "first"): [[0.75, 0.875], [0.25, -0.125]],
        ("score", "last"): [[1, 0.875], [-0.5, -0.125]],
        ("score", "best item"): [[1, 1], [0.25, 0.25]],
        ("score", "no item"): [[0.5, 0.5], [0.5, 0.5]],
        ("attained", "first"): [[0.25, 0.375], [-0.25, -0.625]],
        ("attained", "last"): [[0.5, 0.375], [-1, -0.625]],
    }
    means = {(one["figure"], *one["retrievers"], one["k"]): one["value"] for one in judged.means(Resampling())}
    assert means["attained", "first", 1] == 0
    assert means["attained", "last", 1] == -2  # (0.5 - 1) / (0.5 - 0.25)
    without = judge_retrieval("LaMP_3_time", table, rankers, [1], feedback=feedback)
    assert {key[0] for key in without.values} == {"nDCG", "score"}


def test_ndcg_equals_sklearn():
    generator = np.random.default_rng(1)
    for n in (2, 3, 17):
        scores = generator.random(n).round(1)
        found = ndcg(scores.tolist())
        expected = [ndcg_score([scores], [-np.arange(n)], k=k) for k in range(1, n + 1)]
        assert found == pytest.approx(expected, abs=1e-12)
    assert ndcg([0.0, -1.0]) == [0.0, 0.0]


def test_the_attained_share_is_a_ratio_of_sums_with_an_interval_by_user():
    rows = [{**rated(str(n), None, "11"), "user_id": f"u{n // 4}"} for n in range(40)]
    feedback = {key: value for n in range(40) for key, value in worth(n, [n % 7 / 6, 1.0], 0.25).items()}
    judged = judge_retrieval("LaMP_3_time", pa.Table.from_pylist(rows), {"first": First()}, [1], feedback=feedback)
    [found] = [one for one in judged.means(Resampling(0.9, 300)) if one["figure"] == "attained"]
    gains, most = np.array([n % 7 / 6 - 0.25 for n in range(40)]), np.full(40, 0.75)
    assert found["value"] == pytest.approx(gains.sum() / most.sum())
    assert found["interval"] == mean_intervals([gains.tolist()], judged.users, Resampling(0.9, 300), most)[0]
    assert found["interval"][0] < found["value"] < found["interval"][1]


def test_nothing_to_attain_has_no_share_and_unknown_items_are_named():
    rows = pa.Table.from_pylist([rated("1", None, "11"), rated("2", None, "11")])
    judged = judge_retrieval("LaMP_3", rows, {"first": First()}, [1], feedback={**worth(1, [0.5]), **worth(2, [0.25])})
    assert judged.means(Resampling())[-1]["value"] is None
    with pytest.raises(ValueError, match="sample '1': feedback on item '12', which"):
        judge_retrieval("LaMP_3", rows, {"first": First()}, [1], feedback=worth(1, [1, 1, 1]))
    with pytest.raises(ValueError, match="no sample of these rows has feedback"):
        judge_retrieval("LaMP_3", rows, {"first": First()}, [1], feedback={})
