"""The embedded sample: whole, in the official layout and bytes, and its profiles carry what the inputs do not.

Standard library only: these tests judge the files, not the code that reads them.
"""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from lamp_dataset import SAMPLE, SPLITS, TASKS

pytestmark = pytest.mark.oldest

CONFIGS = [name for name, task in TASKS.items() if task.base in ("LaMP_2", "LaMP_3", "LaMP_4")]
SIZES = {"train": 6, "validation": 3, "test": 3}
WITH_GOLDS = ("train", "validation")
#: first digits of every id, as the benchmark numbers its tasks; the time-based setting starts 7 higher
TASK_DIGITS = {
    "LaMP_1": 0,
    "LaMP_2": 1,
    "LaMP_2_news": 1,
    "LaMP_3": 2,
    "LaMP_4": 3,
    "LaMP_5": 4,
    "LaMP_6": 5,
    "LaMP_7": 6,
}
SPLIT_DIGITS = {"train": 0, "validation": 1, "test": 2}
ITEM_TYPES = {"LaMP_3": {"score": str}, "LaMP_3_time": {"score": int}}
YEARS_ONLY = ("LaMP_1", "LaMP_5")

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
def test_samples_a_split_and_no_golds_of_test(config):
    assert {split: len(questions(config, split)) for split in SPLITS} == SIZES
    folder = Path(SAMPLE) / TASKS[config].path / "test"
    assert [path.name for path in folder.iterdir()] == ["test_questions.json"]


@every_config
def test_bytes_are_those_of_python_s_json_dump(config):
    task = TASKS[config]
    for split in SPLITS:
        assert text_of(task.questions_path(split)) == json.dumps(questions(config, split))
    for split in WITH_GOLDS:
        document = outputs(config, split)
        start = f'{{"task":"{task.official_name}","golds":'
        assert text_of(task.outputs_path(split)) == start + json.dumps(document["golds"]) + "}"


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
def test_ids_are_task_split_and_running_number(config):
    task = TASKS[config]
    start = TASK_DIGITS[task.base] + 7 * task.time_based
    for split in SPLITS:
        ids = [row["id"] for row in questions(config, split)]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(rf"{start}{SPLIT_DIGITS[split]}\d+", sample_id) for sample_id in ids)
        for row in questions(config, split):
            assert [item["id"] for item in row["profile"]] == [f"{row['id']}{n}" for n in range(len(row["profile"]))]


@every_config
def test_an_item_id_is_unique_only_within_its_sample(config):
    dev = questions(config, "validation")
    items = {item["id"] for row in dev for item in row["profile"]}
    assert items & {row["id"] for row in dev}, "the sample should hold this trap of the real files"


@every_config
def test_golds_join_by_id_and_not_by_order(config):
    for split in WITH_GOLDS:
        ids = [row["id"] for row in questions(config, split)]
        gold_ids = [entry["id"] for entry in outputs(config, split)["golds"]]
        assert sorted(gold_ids) == sorted(ids)
        assert gold_ids != ids


@every_config
def test_inputs_begin_with_the_instruction(config):
    task = TASKS[config]
    for row in rows(config):
        assert row["input"].startswith(task.instruction)
        assert row["input"].removeprefix(task.instruction).strip()


@every_config
def test_golds_and_labels_are_legal(config):
    task = TASKS[config]
    for _, gold in samples(config):
        assert isinstance(gold, str)
        assert gold == gold.strip() != ""
        assert not task.labels or gold in task.labels
    for field in {"tag", "category", "score"} & set(task.profile_fields):
        assert {str(item[field]) for row in rows(config) for item in row["profile"]} <= set(task.labels)


@every_config
def test_text_lengths_are_those_of_little_texts(config):
    task = TASKS[config]
    lengths = [len(body(task, item).split()) for row in rows(config) for item in row["profile"]]
    assert min(lengths) >= 7
    assert max(lengths) <= 110


@every_config
def test_splits_hold_different_users_or_later_items(config):
    task = TASKS[config]
    if task.time_based:
        users = {split: {row["user_id"] for row in questions(config, split)} for split in SPLITS}
        assert users["train"] == users["validation"] == users["test"]
        assert len({type(row["user_id"]) for row in rows(config)}) == 1
        for user in users["train"]:
            latest = [
                max(
                    item["date"]
                    for row in questions(config, split)
                    if row["user_id"] == user
                    for item in row["profile"]
                )
                for split in SPLITS
            ]
            assert latest == sorted(latest)
            assert latest[0] < latest[2]
    else:
        texts = [{text for row in questions(config, split) for text in bodies(task, row)} for split in SPLITS]
        assert not texts[0] & texts[1]
        assert not texts[0] & texts[2]
        assert not texts[1] & texts[2]


@every_config
def test_dates_are_years_or_days(config):
    task = TASKS[config]
    if not task.time_based:
        assert not any("date" in item for row in rows(config) for item in row["profile"])
        return
    for row in rows(config):
        dates = [item["date"] for item in row["profile"]]
        if task.base in YEARS_ONLY:
            assert all(type(date) is int and 1990 < date < 2024 for date in dates)
        else:
            assert all(re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])-([0-2]\d|3[01])", date) for date in dates)


@every_config
def test_no_sample_gives_its_gold_away(config):
    task = TASKS[config]
    for row in rows(config):
        assert not any(text in row["input"] for text in bodies(task, row))
    if task.kind == "generation":
        for row, gold in samples(config):
            assert gold not in row["input"]
            assert not any(gold in item.get(field, "") for item in row["profile"] for field in ("title", "text"))


def words(text):
    return re.findall(r"\w{4,}", text.lower())


def nearest(task, row):
    """The profile item that shares most words with the input's text, in proportion to the item's length."""
    query = set(words(row["input"].removeprefix(task.instruction)))
    return max(
        row["profile"], key=lambda item: len(query & set(words(body(task, item)))) / len(words(body(task, item)))
    )


LABELLED = [name for name in CONFIGS if {"tag", "category", "score"} & set(TASKS[name].profile_fields)]


@pytest.mark.parametrize("config", LABELLED)
def test_the_own_profile_s_labels_predict_the_gold_and_another_user_s_do_not(config):
    task = TASKS[config]
    (field,) = {"tag", "category", "score"} & set(task.profile_fields)

    def favourite(row):
        return Counter(str(item[field]) for item in row["profile"]).most_common(1)[0][0]

    known = samples(config)
    usual = sum(favourite(row) == gold for row, gold in known)
    either = sum(gold in (favourite(row), str(nearest(task, row)[field])) for row, gold in known)
    foreign = [
        favourite(other) == gold
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


def test_characters_of_the_real_world_are_there():
    everything = [
        text for config in CONFIGS for row in rows(config) for text in (row["input"], *bodies(TASKS[config], row))
    ]
    everything += [
        item["title"] for config in CONFIGS for row in rows(config) for item in row["profile"] if "title" in item
    ]
    for name, characters in {
        "carriage return": "\r\n",
        "quotation mark": '"',
        "em dash": "—",
        "emoji": "😊",
        "accent": "ë",
        "degree": "°",
        "Polish": "Łódź",
    }.items():
        assert any(characters in text for text in everything), name


def test_the_sample_is_small():
    assert sum(path.stat().st_size for path in Path(SAMPLE).rglob("*") if path.is_file()) < 300_000
