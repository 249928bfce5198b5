import json
import pickle
import re

import datasets
import pyarrow as pa
import pytest
from made_up import batch, row
from stand_ins import WordTokenizer

from lamp_dataset import Personalizer, users_of
from lamp_dataset.personalize.summaries import read_summaries, summaries_of
from lamp_dataset.tasks import TASKS

TEXTS = {"U0": "likes tea and the sea", "U1": "always sad"}


def made(name="LaMP_3_time", count=2, **options):
    return [row(name, number, **options) for number in range(count)]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "summaries.json"
    path.write_text(json.dumps(TEXTS))
    return path


@pytest.mark.parametrize("name", TASKS)
def test_a_summary_stands_before_the_prompt_and_nothing_else_changes(name):
    rows = [{**made_row, "about": text} for made_row, text in zip(made(name), TEXTS.values(), strict=True)]
    plain = Personalizer(name, k=2, rules="fixed")(batch(rows))
    found = Personalizer(name, k=2, rules="fixed", summary="about")(batch(rows))
    assert found["source"] == [
        f"{text}\n{source}" for text, source in zip(TEXTS.values(), plain["source"], strict=True)
    ]
    assert [chat[-1]["content"] for chat in found["messages"]] == found["source"]
    changed = ("source", "messages", "source_length")
    assert {k: v for k, v in found.items() if k not in changed} == {k: v for k, v in plain.items() if k not in changed}
    assert [a - b for a, b in zip(found["source_length"], plain["source_length"], strict=True)] == [5, 2]


@pytest.mark.parametrize("form", [str, lambda file: file, lambda file: TEXTS], ids=["name", "path", "mapping"])
@pytest.mark.parametrize("table", [dict, pa.table])
def test_texts_by_user_come_from_a_file_or_a_mapping(form, table, file):
    rows = made()
    found = Personalizer("LaMP_3_time", k=0, rules="fixed", summary=form(file))(table(batch(rows)))
    sources = found["source"] if isinstance(found, dict) else found["source"].to_pylist()
    assert sources == [f"{TEXTS[row['user_id']]}\n{row['input']}" for row in rows]


@pytest.mark.oldest
def test_users_of_user_based_rows_are_added_once():
    rows = datasets.Dataset.from_list(made("LaMP_3"))
    summary = {"310": "one", "311": "two"}
    personalize = Personalizer("LaMP_3", k=0, rules="fixed", summary=summary)
    with pytest.raises(ValueError, match=r"no 'user_id'.*rows.add_column\('user_id', lamp_dataset.users_of\(rows\)\)"):
        personalize(rows[:])
    named = rows.add_column("user_id", users_of(rows))
    found = named.map(personalize, batched=True, remove_columns=["profile"])
    assert [source.split("\n")[0] for source in found["source"]] == ["one", "two"]


@pytest.mark.parametrize("text", ["", " \n", None])
def test_an_empty_summary_leaves_the_prompt_as_it_is_and_is_noted(text):
    rows = [{**made_row, "about": text} for made_row in made()]
    found = Personalizer("LaMP_3_time", rules="fixed", summary="about")(batch(rows))
    assert found["source"] == Personalizer("LaMP_3_time", rules="fixed")(batch(rows))["source"]
    assert found["notes"] == ["the summary is empty"] * 2


def test_the_cache_sees_the_content_of_the_file(file):
    options = {"k": 0, "rules": "fixed", "summary": file}
    one = datasets.fingerprint.Hasher.hash(Personalizer("LaMP_3_time", **options))
    assert datasets.fingerprint.Hasher.hash(Personalizer("LaMP_3_time", **options)) == one
    kept = pickle.dumps(Personalizer("LaMP_3_time", **options))
    file.write_text(json.dumps({**TEXTS, "U1": "merry"}))
    assert datasets.fingerprint.Hasher.hash(Personalizer("LaMP_3_time", **options)) != one
    # a worker has the texts of the process that started it
    assert pickle.loads(kept)(batch(made()))["source"][1].startswith("always sad\n")


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task.time_based])
def test_the_budget_is_kept_and_the_input_whole(name):
    seen = set()
    options = {"rules": "fixed", "tokenizer": WordTokenizer()}
    for number in range(60):
        size, words = number % 4, (1, (3, 20, 60)[number % 3])
        rows = batch([row(name, number, size=size, words=words) | {"about": f"a{number} b " * (number % 7)}])
        (least,) = Personalizer(name, k=0, **options)(rows)["source_length"]
        budget = least - 1 + number
        found = Personalizer(name, summary="about", max_length=budget, **options)(rows)
        assert found["source_length"][0] <= max(budget, least)
        assert found["source"][0].endswith(rows["input"][0].split()[-1])
        seen |= {re.sub(r"\d+", "N", part) for part in found["notes"][0].split("; ")}
    assert seen >= {"the summary is cut to N tokens", "no room for the summary", "the summary is empty"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "a column's name, a JSON file or a mapping .* found ''"),
        (3, "summary: expected a column's name, .* found 3"),
        (["a"], r"found \['a'\]"),
        ({"U0": 3}, "summary: user 'U0': expected a string as summary, found 3"),
        ({"U0": "half \ud800"}, "user 'U0': 'summary' holds a lone surrogate"),
    ],
)
def test_what_holds_no_summaries_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        read_summaries(given)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "s.json: expected summaries .*, found \\[\\]"),
        ('{"U0": null}', "s.json: user 'U0': expected a string as summary, found None"),
        ('{"U0": "a", "U0": "b"}', "s.json: .*'U0' twice"),
        ('{"U0": "\\ud800"}', "s.json: user 'U0': .*lone surrogate"),
    ],
)
def test_a_file_of_another_shape_is_refused_by_name(text, message, tmp_path):
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_summaries(tmp_path / "s.json")


@pytest.mark.parametrize(
    ("summaries", "columns", "message"),
    [
        ({"U0": "a"}, {"user_id": ["U0", "U1"]}, "no summary of user 'U1'"),
        ({"U0": "a"}, {"user_id": [None]}, "no summary of user None"),
        ("about", {"user_id": ["U0"]}, r"no column 'about' of summaries; the name of a file ends in .json"),
        ("about", {"about": ["a", 3]}, "column 'about': expected a string as summary, found 3"),
    ],
)
def test_rows_that_do_not_fit_are_refused(summaries, columns, message):
    with pytest.raises(ValueError, match=message):
        summaries_of(summaries, columns)


def test_a_numeric_user_is_found():
    assert summaries_of(read_summaries({7: "a"}), {"user_id": ["7", 7]}) == ["a", "a"]
    with pytest.raises(ValueError, match="'summary' needs the fixed rules"):
        Personalizer("LaMP_3", summary="about")
