"""The embedded sample: whole, in the official layout and bytes, and its profiles carry what the inputs do not.

Standard library only: these tests judge the files, not the code that reads them.
"""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from lamp_dataset import SAMPLE, SPLITS, TASKS
from lamp_dataset.tasks import LAMP

CONFIGS = [name for name, task in TASKS.items() if task.family is LAMP]
WITH_GOLDS = ("train", "validation")
ITEM_TYPES = {"LaMP_3": {"score": str}, "LaMP_3_time": {"score": int}}

every_config = pytest.mark.parametrize("config", CONFIGS)


def text_of(path):
    return (Path(SAMPLE) / path).read_bytes().decode("ascii")


def questions(config, split):
    return json.loads(text_of(TASKS[config].questions_path(split)))


def outputs(config, split):
    return json.loads(text_of(TASKS[config].outputs_path(split)))


def golds(config, split):
    return {entry["id"]: entry["output"] for entry in outputs(config, split)["golds"]}


def rows(config, splits=tuple(SPLITS)):
    return [row for split in splits for row in questions(config, split)]


def samples(config):
    """(row, gold) of every sample whose gold is known."""
    return [(row, golds(config, split)[row["id"]]) for split in WITH_GOLDS for row in questions(config, split)]


def body(task, item):
    """The part of a profile item that stands in an input of the same user."""
    return item["abstract" if "abstract" in item else "description" if "description" in item else "text"]


def bodies(task, row):
    return {body(task, item) for item in row["profile"]}


@every_config
def test_bytes_are_those_of_python_s_json_dump(config):
    task = TASKS[config]
    for split in SPLITS:
        assert text_of(task.questions_path(split)) == json.dumps(questions(config, split))
    for split in WITH_GOLDS:
        document = outputs(config, split)
        start = f'{{"task":"{task.official_name}","golds":'
        on_the_site = start + json.dumps(document["golds"]) + "}"
        # what the site does not give out is written by the builder, as the benchmark's script writes it
        assert text_of(task.outputs_path(split)) == (json.dumps(document) if task.gated else on_the_site)


@every_config
def test_fields_of_rows_and_items(config):
    task = TASKS[config]
    for row in rows(config):
        assert set(row) == {*task.row_fields, "profile"}
        assert 4 <= len(row["profile"]) <= 8
        for item in row["profile"]:
            assert set(item) == set(task.item_fields)
            for field in task.profile_fields:
                assert type(item[field]) is ITEM_TYPES.get(config, {}).get(field, str)


@every_config
def test_golds_join_by_id_and_not_by_order(config):
    for split in WITH_GOLDS:
        ids = [row["id"] for row in questions(config, split)]
        gold_ids = [entry["id"] for entry in outputs(config, split)["golds"]]
        assert sorted(gold_ids) == sorted(ids)
        assert (gold_ids == ids) == TASKS[config].gated


@every_config
def test_golds_and_labels_are_legal(config):
    task = TASKS[config]
    for _, gold in samples(config):
        assert isinstance(gold, str)
        assert gold == gold.strip() != ""
        assert not task.labels or gold in task.labels
    for field in {"tag", "category", "score"} & set(task.profile_fields):
        assert {str(item[field]) for row in rows(config) for item in row["profile"]} <= set(task.labels)


def words(text):
    return re.findall(r"\w{4,}", text.lower())


def nearest(task, row):
    """The profile item that shares most words with the input's text, in proportion to the item's length."""
    query = set(words(row["input"].removeprefix(task.instruction)))
    return max(
        row["profile"], key=lambda item: len(query & set(words(body(task, item)))) / len(words(body(task, item)))
    )


LABELED = [name for name in CONFIGS if {"tag", "category", "score"} & set(TASKS[name].profile_fields)]


@pytest.mark.parametrize("config", LABELED)
def test_the_own_profile_s_labels_predict_the_gold_and_another_user_s_do_not(config):
    task = TASKS[config]
    (field,) = {"tag", "category", "score"} & set(task.profile_fields)

    def favorite(row):
        return Counter(str(item[field]) for item in row["profile"]).most_common(1)[0][0]

    known = samples(config)
    usual = sum(favorite(row) == gold for row, gold in known)
    either = sum(gold in (favorite(row), str(nearest(task, row)[field])) for row, gold in known)
    foreign = [
        favorite(other) == gold
        for row, gold in known
        for other, _ in known
        if not bodies(task, row) & bodies(task, other)
    ]
    assert usual > len(known) / 2, "the user's habit should predict most golds"
    assert either >= 0.8 * len(known)
    assert sum(foreign) <= 0.25 * len(foreign), "another user's habit should not"
    assert Counter(gold for _, gold in known).most_common(1)[0][1] <= 0.4 * len(known), "nor should one label for all"


def overlap(one, other):
    """F1 of the words of two texts, and of their marks: what a headline or a subject looks like from outside."""
    a, b = (Counter(re.findall(r"\w+|[^\w\s]", text)) for text in (one, other))
    return 2 * (a & b).total() / (a.total() + b.total())


WRITTEN = [name for name in CONFIGS if TASKS[name].kind == "generation"]


@pytest.mark.parametrize("config", WRITTEN)
def test_the_own_profile_s_style_is_nearer_to_the_gold_than_any_other_user_s(config):
    task = TASKS[config]
    field = "title" if "title" in task.profile_fields else "text"

    def likeness(gold, row):
        return sum(overlap(gold, item[field]) for item in row["profile"]) / len(row["profile"])

    known = samples(config)
    for row, gold in known:
        others = [likeness(gold, other) for other, _ in known if not bodies(task, row) & bodies(task, other)]
        assert likeness(gold, row) > max(others), (row["id"], gold)


CITED = [name for name in CONFIGS if TASKS[name].base == "LaMP_1"]


def test_a_quotation_mark_inside_a_cited_title():
    """Naive splitting at quotation marks finds more than the three titles here."""
    assert any(row["input"].count('"') > 6 for config in CITED for row in rows(config))


AVOCADO = Path(SAMPLE) / "avocado"


def test_no_other_files_lie_in_the_sample():
    questions_and_golds = [
        path
        for task in TASKS.values()
        if task.hub is None
        for split in SPLITS
        for path in (task.questions_path(split), task.outputs_path(split))
        if path
    ]
    assert len(set(questions_and_golds)) == len(questions_and_golds) >= 80
    ids = [f"avocado/ids/{path}" for path in questions_and_golds if "LaMP_6" in path]
    ids += [
        f"avocado/ids/{TASKS[name].questions_path(split)}"
        for name in ("LongLaMP_email", "LongLaMP_email_time")
        for split in SPLITS
    ]
    hub = [
        f"{task.hub.folder}/{split}.jsonl" for task in TASKS.values() if task.hub for split in ("train", "val", "test")
    ]
    zips = [path.relative_to(SAMPLE).as_posix() for path in (AVOCADO / "data" / "text").glob("[0-9][0-9][0-9].zip")]
    found = {path.relative_to(SAMPLE).as_posix() for path in Path(SAMPLE).rglob("*") if path.is_file()}
    assert found == {*questions_and_golds, *hub, *ids, *zips}
