"""The embedded sample: whole, in the official layout and bytes, and its profiles carry what the inputs do not.

Standard library only: these tests judge the files, not the code that reads them.
"""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from lamp_dataset import SAMPLE, SPLITS, TASKS

CONFIGS = list(TASKS)
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
        assert (gold_ids == ids) == TASKS[config].gated


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
CITATION = re.compile(
    r'For an author who has written the paper with the title "(.+)", which reference is related\? Just answer with '
    r'\[1\] or \[2\] without explanation\. \[1\]: "(.+)" \[2\]: "(.+)"'
)


@pytest.mark.parametrize("config", CITED)
def test_the_own_papers_are_nearer_to_the_cited_one_and_the_title_does_not_help(config):
    def likeness(title, texts):
        return len(set(words(title)) & set(words(" ".join(texts))))

    for row, gold in samples(config):
        title, first, second = CITATION.fullmatch(row["input"]).groups()
        cited, other = (first, second) if gold == "[1]" else (second, first)
        own = [f"{item['title']} {item['abstract']}" for item in row["profile"]]
        assert likeness(cited, own) > likeness(other, own), row["id"]
        assert likeness(cited, [title]) <= likeness(other, [title]), row["id"]


@pytest.mark.parametrize("config", CITED)
def test_both_answers_occur(config):
    assert {gold for _, gold in samples(config)} == {"[1]", "[2]"}
    assert all(CITATION.fullmatch(row["input"]) for row in rows(config))


def test_a_quotation_mark_inside_a_cited_title():
    """Naive splitting at quotation marks finds more than the three titles here."""
    assert any(row["input"].count('"') > 6 for config in CITED for row in rows(config))


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
        "Greek letter": "λ",
        "accent": "ë",
        "degree": "°",
        "Polish": "Łódź",
    }.items():
        assert any(characters in text for text in everything), name


AVOCADO = Path(SAMPLE) / "avocado"
GATED = [name for name in CONFIGS if TASKS[name].gated]


def mails():
    """File name -> (subject, body) of every mail in the tiny collection, read in the simplest way."""
    found = {}
    for path in (AVOCADO / "data" / "text").iterdir():
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                folder, name = member.split("/")
                assert folder == path.stem == name[:3]
                text = archive.read(member).decode("utf-8").replace("\r\n", "\n")
                if re.fullmatch(r"\d{3}-\d{6}-EM\.txt", name):
                    head, _, text = text.partition("\n\n")
                    header = dict(line.split(": ", 1) for line in head.split("\n"))
                    assert set(header) == {"From", "To", "Subject", "Date", "Message-ID"}
                    found[name] = (header["Subject"], text.strip())
    return found


def ids_of(config, split):
    return json.loads((AVOCADO / "ids" / TASKS[config].questions_path(split)).read_bytes())


@pytest.mark.parametrize("config", GATED)
def test_expanding_the_mail_ids_gives_the_sample_byte_for_byte(config):
    task, collection = TASKS[config], mails()
    for split in SPLITS:
        expanded = ids_of(config, split)
        for row in expanded:
            row["input"] = f"{task.instruction} {collection[row['input']][1]}"
            for item in row["profile"]:
                subject, item["text"] = collection[item["text"]]
                item["title"] = subject
        assert json.dumps(expanded) == text_of(task.questions_path(split))
    for split in WITH_GOLDS:
        document = json.loads((AVOCADO / "ids" / task.outputs_path(split)).read_bytes())
        assert {entry["id"]: collection[entry["output"]][0] for entry in document["golds"]} == golds(config, split)


@pytest.mark.parametrize("config", GATED)
def test_mail_ids_have_the_official_fields(config):
    task = TASKS[config]
    for split in SPLITS:
        for row in ids_of(config, split):
            assert list(row) == ["id", "input", "profile", *(["user_id"] if task.time_based else [])]
            for item in row["profile"]:
                assert list(item) == ["text", "id", *(["date"] if task.time_based else [])]
    for split in WITH_GOLDS:
        golds_of = json.loads((AVOCADO / "ids" / task.outputs_path(split)).read_bytes())["golds"]
        assert {row["id"]: row["input"] for row in ids_of(config, split)} == {
            entry["id"]: entry["output"] for entry in golds_of
        }


def test_the_tiny_collection_holds_more_than_anybody_asks_for():
    named = set()
    for config in GATED:
        for split in SPLITS:
            for row in ids_of(config, split):
                named |= {row["input"], *(item["text"] for item in row["profile"])}
    collection = mails()
    members = []
    for path in (AVOCADO / "data" / "text").iterdir():
        with zipfile.ZipFile(path) as archive:
            members += archive.namelist()
    assert named < set(collection), "some mails are named by no sample"
    assert any("-AT-" in name for name in members), "attachments lie beside the mails"
    assert {name[:3] for name in collection} > {name[:3] for name in named}, "one account is named by no sample"


def test_the_zips_are_deterministic():
    for path in (AVOCADO / "data" / "text").iterdir():
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
        assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_no_other_files_lie_in_the_sample():
    questions_and_golds = [
        path
        for task in TASKS.values()
        for split in SPLITS
        for path in (task.questions_path(split), task.outputs_path(split))
        if path
    ]
    assert len(questions_and_golds) == 80
    ids = [f"avocado/ids/{path}" for path in questions_and_golds if "LaMP_6" in path]
    zips = [path.relative_to(SAMPLE).as_posix() for path in (AVOCADO / "data" / "text").glob("[0-9][0-9][0-9].zip")]
    found = {path.relative_to(SAMPLE).as_posix() for path in Path(SAMPLE).rglob("*") if path.is_file()}
    assert found == {*questions_and_golds, *ids, *zips}


def test_a_wheel_ships_the_whole_sample(tmp_path):
    """Built offline with the environment's own setuptools, from a copy of the sources."""
    root = Path(__file__).parents[2]
    source = tmp_path / "source"
    for package in ("lamp_dataset", "lamp_metric", "avocado_builder"):
        shutil.copytree(root / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    code = f"from setuptools import build_meta; print(build_meta.build_wheel({str(tmp_path)!r}))"
    built = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        shipped = {
            name.removeprefix("lamp_dataset/sample/"): wheel.read(name)
            for name in wheel.namelist()
            if name.startswith("lamp_dataset/sample/")
        }
    files = [path for path in Path(SAMPLE).rglob("*") if path.is_file()]
    assert shipped == {path.relative_to(SAMPLE).as_posix(): path.read_bytes() for path in files}


def test_the_sample_is_small():
    assert sum(path.stat().st_size for path in Path(SAMPLE).rglob("*") if path.is_file()) < 300_000
