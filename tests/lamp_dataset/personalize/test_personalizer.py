import dataclasses
import json
import pickle
import re

import datasets
import numpy as np
import pyarrow as pa
import pytest
from console import printed_by
from datasets.fingerprint import Hasher
from made_up import batch, row
from rank_bm25 import BM25Okapi
from stand_ins import WordTokenizer

import lamp_dataset
from lamp_dataset import Personalizer
from lamp_dataset.personalize.prompts.tokens import TokenizerSource
from lamp_dataset.personalize.retrieval.rankers import First
from lamp_dataset.personalize.retrieval.samples import COLUMNS
from lamp_dataset.tasks import TASKS


def made(name, count=7, **options):
    return [row(name, number, **options) for number in range(count)]


def dataset(name, count=7, **options):
    return datasets.Dataset.from_list(made(name, count, **options))


@pytest.mark.oldest
@pytest.mark.parametrize("name", TASKS)
def test_every_way_to_map_gives_equal_rows(name):
    rows, personalize = dataset(name, size=6), Personalizer(name, k=3, max_length=60)
    expected = rows.map(personalize, batched=True, remove_columns=["profile"]).to_list()
    plain = personalize(batch(rows.to_list()))
    assert [{field: made[field] for field in plain} for made in expected] == [
        dict(zip(plain, values, strict=True)) for values in zip(*plain.values(), strict=True)
    ]
    ways = {
        "one at a time": rows.map(personalize, remove_columns=["profile"]),
        "batches of two": rows.map(personalize, batched=True, batch_size=2, remove_columns=["profile"]),
        "arrow": rows.with_format("arrow").map(personalize, batched=True).with_format(None),
        "streaming": rows.to_iterable_dataset().map(personalize, batched=True, remove_columns=["profile"]),
        "numpy": rows.with_format("numpy").map(personalize, batched=True, remove_columns=["profile"]).with_format(None),
    }
    for way, result in ways.items():
        assert list(result) == expected, way


def test_a_whole_row_as_worked_by_hand():
    profile = [{"id": "70", "text": "what a day"}, {"id": "71", "text": "tired of rain"}, {"id": "72", "text": "hm"}]
    rows = {"id": ["7"], "input": ["Paraphrase it: so tired"], "output": ["I am tired"], "profile": [profile]}
    source = '"tired of rain" , and "hm"  are written by a person. Following the given patterns Paraphrase it: so tired'
    found = Personalizer("LaMP_7", k=2, system="Be brief.", tokenizer=WordTokenizer(), max_length=64)(rows)
    # bm25: N = 3, of 7 words in the profile 'tired' alone is in the query, once in an item of 3 words; avgdl = 7 / 3
    score = found.pop("retrieved_scores")[0][0]
    assert score == pytest.approx(0.5108256237659907 * 2.5 / (1 + 1.5 * (0.25 + 0.75 * 3 / (7 / 3))), rel=1e-15)
    assert found == {
        "source": [source],
        "target": ["I am tired"],
        "retrieved_ids": [["71", "72"]],
        "retrieved_use": [["whole", "whole"]],
        "personalized": [True],
        "notes": [""],
        "source_length": [len(source.split()) + 1],
        "length_unit": ["tokens"],
        "messages": [[{"role": "system", "content": "Be brief."}, {"role": "user", "content": source}]],
    }


def test_without_a_system_message_there_is_the_prompt_alone():
    found = Personalizer("LaMP_3", system=None)(batch(made("LaMP_3", 1)))
    assert found["messages"] == [[{"role": "user", "content": found["source"][0]}]]
    of_numpy = Personalizer("LaMP_3", k=np.int64(4), max_length=np.int32(512))
    assert Hasher.hash(of_numpy) == Hasher.hash(Personalizer("LaMP_3"))


def test_rows_without_golds_have_no_target():
    rows = [{**row, "output": None} for row in made("LaMP_3")]
    assert Personalizer("LaMP_3")(batch(rows))["target"] == [None] * len(rows)
    for row_ in rows:
        del row_["output"]
    assert Personalizer("LaMP_3")(batch(rows))["target"] == [None] * len(rows)
    table = Personalizer("LaMP_3")(pa.table(batch(rows)))
    assert table.schema.field("target").type == pa.string()


def test_an_arrow_batch_comes_back_typed_and_a_changed_one_changed():
    rows = made("LaMP_3", 2, size=0)
    table = Personalizer("LaMP_3")(pa.table(batch(rows)))
    assert table.column_names == ["id", "input", "output", *COLUMNS]
    assert [table.schema.field(name).type for name in COLUMNS] == list(COLUMNS.values())
    assert table.column("notes").to_pylist() == ["the profile is empty"] * 2

    def personalize(rows):
        rows["input"] = [f"review: {text}" for text in ("other", "words")]
        return Personalizer("LaMP_3", k=0)(rows)

    assert dataset("LaMP_3", 2).map(personalize, batched=True)["source"][:] == ["review: other", "review: words"]


@pytest.mark.oldest
def test_said_types_let_empty_profiles_come_first():
    rows = datasets.Dataset.from_list([row("LaMP_3", 0, size=0), row("LaMP_3", 1)], features=dataset("LaMP_3").features)
    personalize = Personalizer("LaMP_3")
    features = personalize.features(rows.features)
    found = rows.map(personalize, batched=True, batch_size=1, features=features, remove_columns=["profile"])
    assert [len(ids) for ids in found["retrieved_ids"]] == [0, 4]
    assert found.features == features
    assert "profile" not in found.features
    assert Personalizer("LaMP_3", retriever="first").features(rows.features).keys() == features.keys() - {
        "retrieved_scores"
    }


@pytest.mark.oldest
def test_said_types_keep_a_target_of_text_where_all_golds_are_withheld(tmp_path):
    rows = datasets.load_dataset("lamp", "LaMP_3", split="test", data_dir=lamp_dataset.SAMPLE, cache_dir=str(tmp_path))
    personalize = Personalizer("LaMP_3")
    found = rows.map(
        personalize, batched=True, remove_columns=["profile"], features=personalize.features(rows.features)
    )
    assert found.features["target"] == datasets.Value("string")
    assert set(found["target"]) == {None}


# ---- fingerprints and pickles


@pytest.mark.oldest
def test_a_second_run_comes_from_the_cache(tmp_path):
    dataset("LaMP_3").to_parquet(tmp_path / "rows.parquet")
    rows = datasets.Dataset.from_parquet(str(tmp_path / "rows.parquet"), cache_dir=str(tmp_path))
    first = rows.map(Personalizer("LaMP_3", k=2), batched=True)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.arrow")}
    used = Personalizer("LaMP_3", k=2)
    used(rows[:2])
    second = rows.map(used, batched=True)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.arrow")} == before
    assert second.cache_files == first.cache_files
    assert rows.map(Personalizer("LaMP_3", k=3), batched=True).cache_files != first.cache_files


def test_the_fingerprint_is_that_of_the_options_and_the_version(tmp_path, monkeypatch):
    path = tmp_path / "ranking.json"
    path.write_text(json.dumps({"310": []}))

    def hashes():
        options = [
            {},
            {"k": 3},
            {"max_length": 100},
            {"rules": "fixed"},
            {"rules": "fixed", "order": "best-last"},
            {"rules": "fixed", "order": "stored"},
            {"rules": "fixed", "summary": "about"},
            {"rules": "fixed", "summary": {"U0": "a"}},
            {"rules": "fixed", "summary": {"U0": "b"}},
            {"system": None},
            {"use_date": True},
            {"tokenizer": WordTokenizer("slow")},
            {"k1": 1.2},
            {"retriever": "random"},
            {"retriever": "random", "seed": 1},
            {"retriever": "dense", "model": "a"},
            {"retriever": "dense", "model": "b"},
            {"retriever": "rrf", "rankers": ["first", "random"]},
            {"retriever": "rrf", "rankers": ["first", "bm25"]},
            {"ranking": path},
        ]
        return [Hasher.hash(Personalizer("LaMP_3_time", **chosen)) for chosen in options]

    before = hashes()
    assert len(set(before)) == len(before)
    assert hashes() == before
    path.write_text(json.dumps({"310": ["3100"]}))
    assert [old == new for old, new in zip(before, hashes(), strict=True)] == [True] * (len(before) - 1) + [False]
    monkeypatch.setattr("lamp_dataset.version.__version__", "another")
    assert not set(hashes()) & set(before)


def test_the_fingerprint_is_the_same_in_another_process():
    code = (
        "from datasets.fingerprint import Hasher; from lamp_dataset import Personalizer;"
        "print(Hasher.hash(Personalizer('LaMP_3', retriever='rrf', rankers=['bm25', 'random'], k1=1.2)))"
    )
    ours = Hasher.hash(Personalizer("LaMP_3", retriever="rrf", rankers=["bm25", "random"], k1=1.2))
    assert printed_by(code) == [ours]


def test_a_task_is_as_good_as_its_name_and_need_not_be_registered():
    rows, known = dataset("LaMP_3"), TASKS["LaMP_3"]
    expected = rows.map(Personalizer("LaMP_3"), batched=True).to_list()
    assert Hasher.hash(Personalizer(known)) == Hasher.hash(Personalizer("LaMP_3"))
    own = dataclasses.replace(known, name="Ratings", base="Ratings")
    assert rows.map(Personalizer(own), batched=True).to_list() == expected
    copy = pickle.loads(pickle.dumps(Personalizer(own)))
    assert (copy.task, copy(rows[:])) == (own, Personalizer("LaMP_3")(rows[:]))
    other = dataclasses.replace(own, wording=dataclasses.replace(own.wording, item="{score}: {text}"))
    assert Hasher.hash(Personalizer(other)) != Hasher.hash(Personalizer(own))
    with pytest.raises(ValueError, match="Ratings has no dates for 'use_date'$"):
        Personalizer(own, use_date=True)


# ---- rankings, once made, serve many prompts


@pytest.mark.parametrize("retriever", ["bm25", "recency", "random"])
def test_a_ranking_read_back_gives_the_same_prompts(retriever, tmp_path):
    rows = batch(made("LaMP_4_time", size=9))
    ranked = Personalizer("LaMP_4_time", retriever=retriever)
    path = tmp_path / "ranking.json"
    path.write_text(json.dumps(ranked.rank(rows)))
    for k in (1, 4, 20):
        expected = Personalizer("LaMP_4_time", retriever=retriever, k=k)(rows)
        expected.pop("retrieved_scores", None)
        assert Personalizer("LaMP_4_time", ranking=path, k=k)(rows) == expected


@pytest.mark.parametrize("form", [dict, pa.table])
def test_doubled_item_ids_are_refused_by_rank_and_go_by_position_in_a_prompt(form):
    made = row("LaMP_3", size=4)
    made["profile"][3]["id"] = made["profile"][0]["id"]
    rows = form(batch([made]))
    with pytest.raises(ValueError, match="sample '310'.*'3100'"):
        Personalizer("LaMP_3").rank(rows)
    found = Personalizer("LaMP_3", retriever="first")(rows)
    found = found.to_pydict() if isinstance(found, pa.Table) else found
    assert found["retrieved_ids"] == [["3100", "3101", "3102", "3100"]]
    places = [found["source"][0].index(f'"{item["text"]}"') for item in made["profile"]]
    assert places == sorted(places)


def test_a_short_ranking_is_noted_where_it_is_too_short(tmp_path):
    path = tmp_path / "ranking.json"
    path.write_text(json.dumps({"310": ["3102", "3101"]}))
    rows = batch([row("LaMP_3")])
    assert Personalizer("LaMP_3", ranking=path, k=2)(rows)["notes"] == [""]
    found = Personalizer("LaMP_3", ranking=path, k=3)(rows)
    assert found["retrieved_ids"] == [["3102", "3101"]]
    assert found["notes"] == ["the ranking names 2 of the profile's 5 items"]


@pytest.mark.parametrize("size", [4, 40])
@pytest.mark.parametrize("form", [dict, pa.table])
def test_dates_are_searched_when_asked_as_the_official_flag_does(form, size):
    made = row("LaMP_4_time", size=size)
    made["profile"][1]["date"] = None
    documents = [f"{item['title']} {item['text']}" for item in made["profile"]]
    dated = [
        text if item["date"] is None else f"{text} date: {item['date']}"
        for text, item in zip(documents, made["profile"], strict=True)
    ]
    made["input"] += f" {made['profile'][0]['date']} date:"
    query = made["input"].partition("article:")[2].split()
    for use_date, texts in ((False, documents), (True, dated)):
        found = Personalizer("LaMP_4_time", k=size, use_date=use_date)(form(batch([made])))
        found = found.to_pydict() if isinstance(found, pa.Table) else found
        expected = BM25Okapi([text.split() for text in texts]).get_scores(query)
        assert found["retrieved_scores"] == [sorted(expected, reverse=True)]


# ---- bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "LaMP-2N"}, "that task is 'LaMP_2_news' here"),
        ({"retriever": "recency"}, "LaMP_3 has no dates for the retriever 'recency': .* time-based LaMP_3_time"),
        ({"rules": "new"}, "no rules named 'new'"),
        ({"rules": "fixed", "order": "worst-first"}, "'worst-first'.*best-first, best-last, stored"),
        ({"order": ["stored"]}, r"no order named \['stored'\]"),
        ({"system": 3}, "expected a string or None as 'system', found 3"),
        ({"tokenize": 3}, "bm25: .*function as tokenize, found 3"),
        ({"order": "stored"}, "'order' 'stored' needs the fixed rules"),
        ({"k": -1}, "expected a whole number from 0 as 'k', found -1"),
        ({"k": 2.0}, "expected a whole number from 0 as 'k', found 2.0"),
        ({"k": True}, "expected a whole number from 0 as 'k', found True"),
        ({"max_length": 0}, "expected a whole number from 1 as 'max_length', found 0"),
        ({"ranking": "r.json", "seed": 1}, "ranking file .* found 'seed'"),
        ({"ranking": "r.json", "retriever": "recency"}, "pass 'ranking' or 'retriever', not both"),
        ({"retriever": First(), "seed": 1}, "retriever object .* found 'seed'"),
        ({"use_date": True}, "LaMP_3 has no dates for 'use_date': they are in the time-based LaMP_3_time"),
        ({"tokenizer": 3}, "expected a Hugging Face tokenizer, .* or None as tokenizer, found 3"),
        ({"retriever": 3}, "Ranker, found 3 without needs_query, needs_dates, scored, rank"),
    ],
)
def test_bad_options_are_refused_when_made(options, message):
    with pytest.raises(ValueError, match=message):
        Personalizer(**{"task": "LaMP_3", **options})


@pytest.mark.parametrize("rules", ["official", "fixed"])
@pytest.mark.parametrize("form", [dict, pa.table])
def test_a_field_of_none_counts_as_empty_and_is_noted(rules, form):
    rows = made("LaMP_4", 1, size=2)
    rows[0]["profile"][1].update(text=None, title=None)
    found = Personalizer("LaMP_4", rules=rules, retriever="first")(form(batch(rows)))
    found = found.to_pydict() if isinstance(found, pa.Table) else found
    assert '"" is the title for "" ' in found["source"][0]
    assert found["notes"] == ["item '3101': title, text None, taken as empty"]


class Chat(WordTokenizer):
    """Adds four marks and the system message to a prompt, and nothing at its end."""

    chat_template = "there is one"

    def apply_chat_template(self, messages, tokenize, add_generation_prompt):
        return " ".join(f"<{message['role']}> {message['content']} <end>" for message in messages)


@pytest.mark.parametrize("rules", ["official", "fixed"])
def test_a_chat_template_takes_its_part_of_the_budget(rules):
    rows = batch(made("LaMP_7", size=9, words=(20, 40)))
    plain = Personalizer("LaMP_7", tokenizer=WordTokenizer(), rules=rules, max_length=120)(rows)
    # the marks of two messages and two words of the system; the plain prompt's special token is not in the chat
    chat = Personalizer("LaMP_7", tokenizer=Chat(), rules=rules, max_length=120 + 6 - 1, system="Be brief.")(rows)
    assert chat["source"] == plain["source"]
    assert chat["source_length"] == [length + 6 - 1 for length in plain["source_length"]]
    assert "cut" in {use for uses in plain["retrieved_use"] for use in uses}


def test_a_chat_template_larger_than_the_budget_is_refused():
    with pytest.raises(ValueError, match="a budget of 10 tokens is too small: the chat template alone takes 32"):
        Personalizer("LaMP_3", tokenizer=Chat(), max_length=10)
    assert set(map(len, Personalizer("LaMP_3")({"id": [], "input": [], "profile": []}).values())) == {0}


def test_the_order_of_the_items_in_the_prompt():
    items = [{"id": str(n), "text": text} for n, text in enumerate(["red", "blue fox", "green fox sea", "fox"])]
    rows = {"id": ["7"], "input": ["Paraphrase the following tweet: green fox sea"], "profile": [items]}
    for order, texts in [
        ("best-first", ["green fox sea", "fox", "blue fox"]),
        ("best-last", ["blue fox", "fox", "green fox sea"]),
        ("stored", ["blue fox", "green fox sea", "fox"]),
    ]:
        found = Personalizer("LaMP_7", k=3, rules="fixed", order=order)(rows)
        assert found["source"][0].startswith(", and ".join(f'"{text}" ' for text in texts))
        assert found["retrieved_ids"] == [["2", "3", "1"]]


@pytest.mark.parametrize("order", ["best-last", "stored"])
@pytest.mark.parametrize("name", ["LaMP_1", "LaMP_3"])
def test_the_order_does_not_decide_what_goes_in(name, order):
    rows = batch([row(name, number, size=6, words=(20, 30)) for number in range(20)])
    for length in (60, 100, 200):
        best_first = Personalizer(name, rules="fixed", max_length=length)(rows)
        other = Personalizer(name, rules="fixed", max_length=length, order=order)(rows)
        same = [column for column in best_first if column not in ("source", "messages")]
        assert [best_first[column] for column in same] == [other[column] for column in same]
        for one, two in zip(best_first["source"], other["source"], strict=True):
            assert sorted(re.findall(r"\w+", one)) == sorted(re.findall(r"\w+", two))


def test_it_shows_its_task_and_options(tmp_path):
    (tmp_path / "r.json").write_text("{}")
    shown = repr(Personalizer("LaMP_3_time", k=2, max_length=60, rules="fixed", order="stored", use_date=True))
    assert shown.startswith("Personalizer('LaMP_3_time', retriever=BM25(k1=1.5")
    assert shown.endswith("k=2, tokenizer=None, max_length=60, rules='fixed', order='stored', use_date=True)")
    assert "r.json" in repr(Personalizer("LaMP_3", ranking=tmp_path / "r.json"))
    assert len(repr(Personalizer("LaMP_3", tokenizer=WordTokenizer(), rules="fixed"))) < 500


def test_a_tokenizer_object_is_pickled_as_it_is():
    source = pickle.loads(pickle.dumps(TokenizerSource(WordTokenizer("slow"), "official")))
    assert (source.tokenizer.kind, source.note, source.content) == ("slow", "", "")


@pytest.mark.parametrize("given", [3, len, WordTokenizer, ""])
def test_anything_but_a_tokenizer_is_refused(given):
    with pytest.raises(ValueError, match="found "):
        TokenizerSource(given, "official")
