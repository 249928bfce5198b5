import json
import math
import re
from functools import partial

import datasets
import pytest
from rouge_score.rouge_scorer import RougeScorer

from lamp_dataset import SAMPLE, Personalizer, get_task, item_prompts, load_split
from lamp_metric import item_feedback, read_feedback
from lamp_metric.learning.item_feedback import read_answers, read_official_scores


def rows_of(golds, items):
    """Rows of LaMP_3 whose ids and items' ids are given."""
    profiles = {key: [{"id": i, "text": "t", "score": "1"} for i in ids] for key, ids in items.items()}
    made = [{"id": key, "input": "review: x", "output": golds.get(key), "profile": profiles[key]} for key in items]
    return datasets.Dataset.from_list(made)


ROWS = rows_of({"1": "5", "2": "3"}, {"1": ["a", "b-c"], "2": ["a"]})
SAID = [("1", "5"), ("1-a", "4"), ("1-b-c", "no"), ("2", 3), ("2-a", "no")]


def test_ratings_as_counted_by_hand():
    """The largest errors are 4 and 2 stars."""
    expected = {"1": {"": 1, "a": 0.75, "b-c": 0}, "2": {"": 1, "a": 0}}
    assert dict(item_feedback("LaMP_3", ROWS, SAID)) == expected
    errors = dict(item_feedback("LaMP_3", ROWS, SAID, turned=False))
    assert errors == {"1": {"": 0, "a": 1, "b-c": 4}, "2": {"": 0, "a": 2}}
    given = [("1", {"mae": 0}), ("1-a", {"mae": 1.0}), ("1-b-c", {"mae": 4, "rmse": 4}), ("2", {"MAE": 0})]
    assert dict(item_feedback("LaMP_3", ROWS, [*given, ("2-a", {"mae": 2})])) == expected


def test_texts_equal_rouge_score_on_the_prompts_of_items():
    rows = load_split("LaMP_4", "train", SAMPLE)
    asked = item_prompts(rows, Personalizer("LaMP_4"), top=2)
    said = [" ".join(gold.split()[number % 3 :]) for number, gold in enumerate(asked["target"])]
    found = dict(item_feedback("LaMP_4", rows, zip(asked["id"], said, strict=True), score="rouge-L"))
    flat = {f"{key}-{item}".rstrip("-"): value for key, values in found.items() for item, value in values.items()}
    scorer = RougeScorer(["rougeL"])
    golds = zip(asked["id"], asked["target"], said, strict=True)
    assert flat == {key: scorer.score(gold, text)["rougeL"].fmeasure for key, gold, text in golds}


def test_ids_with_hyphens_are_split_where_sample_and_item_are_known():
    rows = rows_of({"1": "5", "1-1": "5"}, {"1": ["1-2", "2-1"], "1-1": ["1"]})
    said = [("1", "5"), ("1-1-2", "5"), ("1-2-1", "5"), ("1-1", "5"), ("1-1-1", "1")]
    assert dict(item_feedback("LaMP_3", rows, said)) == {"1": {"": 1, "1-2": 1, "2-1": 1}, "1-1": {"": 1, "1": 0}}
    rows = rows_of({"a": "5", "a-b": "5"}, {"a": ["b-c"], "a-b": ["c"]})
    with pytest.raises(ValueError, match=r"answer 'a-b-c'.*found \('a', 'b-c'\) and \('a-b', 'c'\)"):
        list(item_feedback("LaMP_3", rows, [("a-b-c", "5")]))


@pytest.mark.parametrize(
    ("said", "facts"),
    [
        ([("9-a", "5")], "answer '9-a': expected the id SAMPLE-ITEM or SAMPLE, found no such sample"),
        ([("1-", "5")], "answer '1-'"),
        ([("1-a", "5"), ("2-a", "3"), ("1", "5")], "sample '1': its answers are in two places"),
        ([("1-a", "5"), ("1-a", "5")], "the answers of sample '1': duplicate id 'a'"),
        ([("1", None)], "answer of sample '1': expected a string or a number for LaMP_3, found None"),
        ([("1-a", {"rouge-1": 1})], "answer '1-a': expected its score 'MAE'"),
        ([("1-a", {"mae": math.nan})], "answer '1-a': expected its score 'MAE', found {'mae': nan}"),
        ([("1-a", {"mae": 10**400})], "answer '1-a': expected its score 'MAE'"),
        ([("1-a", {"mae": 1}), ("1", "5")], "answer of sample '1-a': expected a string or a number"),
        (SAID[:4], "answers of 1 sample are missing: '2' \\(1 of 2\\)"),
        (SAID[:3], "answers of 1 sample are missing: '2' \\(0 of 2\\)"),
        ([*SAID[:3], SAID[4]], "answers of 1 sample are missing: '2' \\(1 of 2\\)"),
        ([("1-a", "5"), ("1-b-c", "5"), ("2", "3"), ("2-a", "3")], "1 sample are missing: '1' \\(2 of 3\\)"),
        ([], "answers of 2 samples are missing: '1' \\(0 of 1\\), '2' \\(0 of 1\\)"),
    ],
)
def test_what_cannot_be_feedback_is_named(said, facts):
    with pytest.raises(ValueError, match=facts):
        list(item_feedback("LaMP_3", ROWS, said))


def test_withheld_golds_and_parts_of_the_answers():
    for said in ("5", {"mae": 1}):
        with pytest.raises(ValueError, match="gold of sample '1': None, as golds that are withheld are"):
            list(item_feedback("LaMP_3", rows_of({}, {"1": ["a"]}), [("1", said)]))
    assert dict(item_feedback("LaMP_3", ROWS, SAID[:2], partial=True)) == {"1": {"": 1, "a": 0.75}}
    assert dict(item_feedback("LaMP_3", ROWS, [], partial=True)) == {}


def test_the_benchmarks_own_scores_have_no_prompt_without_items():
    """A smaller profile has fewer of them, and nothing is missing."""
    scores = [("1-a", {"mae": 1}), ("1-b-c", {"mae": 4}), ("2-a", {"mae": 0})]
    assert dict(item_feedback("LaMP_3", ROWS, scores)) == {"1": {"a": 0.75, "b-c": 0}, "2": {"a": 1}}


def test_feedback_read_is_of_the_split(tmp_path):
    path = tmp_path / "f.json"
    path.write_text(json.dumps({"1": {"": 0.5, "a": 1}}))
    assert read_feedback(path, ROWS) == {"1": {"": 0.5, "a": 1}}
    for bad, facts in (
        ({"7": {"a": 1}}, "sample '7' is not in the split"),
        ({"1": {"a": math.nan}}, "expected feedback"),
        ({"1": {"a": 10**400}}, "expected feedback"),
        ({"1": [1]}, "expected feedback.* for '1'"),
        ([], "expected feedback"),
    ):
        path.write_text(json.dumps(bad))
        with pytest.raises(ValueError, match=re.escape(str(path)) + f": .*{facts}"):
            read_feedback(path, ROWS)


def test_files_of_another_kind_are_named(tmp_path):
    path, of_ratings = tmp_path / "x.json", partial(read_answers, task=get_task("LaMP_3"))
    for reader, bad, facts in (
        (of_ratings, {"task": "LaMP_3", "golds": [{"id": 1, "output": "5"}]}, "entry 0: expected 'id' and 'output'"),
        (of_ratings, {"task": "LaMP_4", "golds": []}, "expected answers for task 'LaMP_3', found 'LaMP_4'"),
        (of_ratings, {"1-a": {"mae": 1}}, "expected a JSON list"),
        (read_official_scores, {"1-a": 0.5}, "expected scores"),
        (read_official_scores, [1], "expected scores"),
    ):
        path.write_text(json.dumps(bad))
        with pytest.raises(ValueError, match=re.escape(str(path)) + f": .*{facts}"):
            list(reader(path))
