"""The known defects of the official retrieval and prompt code, one test each, under both rules.

Where the official code gives a result, ``official`` gives the same; where it crashes, hangs or answers by chance, both
rules give a defined result or a clear error. The table in docs/explanation/prompts.md says the same in words.
"""

import json

import pytest
from personal import WordTokenizer, batch, row

from lamp_dataset import Personalizer
from lamp_dataset.personalize.retrieval.dense import Dense
from lamp_dataset.tasks import TASKS

both = pytest.mark.parametrize("rules", ["official", "fixed"])


def one(name, rules, made, **options):
    """The result of a single row."""
    found = Personalizer(name, rules=rules, **options)(batch([made]))
    return {field: values[0] for field, values in found.items()}


def tweet(*texts, question="Paraphrase it: a b"):
    profile = [{"id": f"70{n}", "text": text} for n, text in enumerate(texts)]
    return {"id": "7", "input": question, "output": "c", "profile": profile}


@both
@pytest.mark.parametrize("name", TASKS)
def test_ranking_every_config_works(name, rules):
    """The ranking script dies of unpacking on LaMP_2, and does not know LaMP_2_news."""
    rows = batch([row(name, number) for number in range(2)])
    retrievers = ["bm25", "random", "first"] + ["recency"] * TASKS[name].time_based
    for retriever in retrievers:
        ranked = Personalizer(name, retriever=retriever, rules=rules).rank(rows)
        assert {sample: sorted(ids) for sample, ids in ranked.items()} == {
            sample: [item["id"] for item in profile]
            for sample, profile in zip(rows["id"], rows["profile"], strict=True)
        }


@both
@pytest.mark.parametrize("retriever", ["contriever", "BM25", ""])
def test_a_wrong_retriever_is_an_error_and_not_the_bare_input(rules, retriever):
    with pytest.raises(ValueError, match=f"no retriever named '{retriever}'; known: bm25, recency, random"):
        Personalizer("LaMP_3", retriever=retriever, rules=rules)


@both
def test_a_wrong_task_is_an_error_and_not_an_endless_loop(rules):
    for name in ("LaMP-3", "LaMP_8"):
        with pytest.raises(ValueError, match=f"no config named '{name}'"):
            Personalizer(name, retriever="random", rules=rules)


@both
def test_a_dense_model_is_loaded_once_not_for_every_sample(rules, monkeypatch):
    loads = []

    class Model:
        def encode(self, texts, **options):
            return [[float(len(text))] for text in texts]

    monkeypatch.setattr(Dense, "_load", lambda self: loads.append(self.model) or Model())
    personalize = Personalizer("LaMP_3", retriever="dense", model="m", rules=rules)
    for _ in range(2):
        personalize(batch([row("LaMP_3", number) for number in range(5)]))
    assert loads == ["m"]


@both
def test_a_dense_model_leaves_the_tokenizer_of_the_budget_alone(rules):
    """The official code counts and decodes with Contriever's: lower case, word pieces."""

    class Model:
        def encode(self, texts, **options):
            return [[float(len(text))] for text in texts]

    made = tweet("Upper CASE stays")
    found = one("LaMP_7", rules, made, retriever="dense", model=Model(), tokenizer=WordTokenizer(), max_length=60)
    assert found["source"].startswith('"Upper CASE stays"')
    assert found["source_length"] == len(found["source"].split()) + 1


@both
def test_rankings_are_read_by_id_and_a_missing_gold_is_not_the_one_before(rules, tmp_path):
    rows = [row("LaMP_3", number) for number in range(2)]
    rows[1]["output"] = None
    path = tmp_path / "ranking.json"
    path.write_text(json.dumps({made["id"]: [item["id"] for item in made["profile"]][::-1] for made in rows}))
    found = Personalizer("LaMP_3", ranking=path, rules=rules, k=1)(batch(rows[::-1]))
    assert found["retrieved_ids"] == [["3114"], ["3104"]]
    assert found["target"] == [None, rows[0]["output"]]


@both
def test_an_item_without_a_needed_field_is_an_error_and_not_the_bare_input(rules):
    made = row("LaMP_4")
    del made["profile"][2]["title"]
    with pytest.raises(ValueError, match="sample '310', item 2: expected the field 'title'"):
        one("LaMP_4", rules, made)


@both
@pytest.mark.parametrize("retriever", ["bm25", "random", "first"])
def test_an_empty_profile_gives_the_bare_input_and_says_so(rules, retriever):
    found = one("LaMP_7", rules, tweet(), retriever=retriever)
    assert (found["source"], found["personalized"]) == ("Paraphrase it: a b", False)
    assert found["notes"] == "the profile is empty"


@both
def test_a_profile_of_blanks_is_ranked_the_later_first(rules):
    found = one("LaMP_7", rules, tweet("", " ", "\n"), k=2)
    assert (found["retrieved_ids"], found["retrieved_scores"]) == (["702", "701"], [0.0, 0.0])


@both
def test_random_items_are_seeded_and_not_repeated(rules):
    made = row("LaMP_3", size=9)
    found = [one("LaMP_3", rules, made, retriever="random", k=9, seed=3)["retrieved_ids"] for _ in range(2)]
    assert found[0] == found[1]
    assert len(set(found[0])) == 9
    assert one("LaMP_3", rules, made, retriever="random", k=9)["retrieved_ids"] != found[0]


@both
@pytest.mark.parametrize("retriever", ["recency", "first", "bm25"])
def test_no_items_asked_for_are_no_items_and_not_the_whole_profile(rules, retriever):
    made = row("LaMP_4_time")
    assert one("LaMP_4_time", rules, made, retriever=retriever, k=0)["source"] == made["input"]
    found = one("LaMP_4_time", rules, made, retriever=retriever, k=99)
    assert len(found["retrieved_ids"]) == 5  # more than there are: all


def test_costs_that_miss_the_wording_are_kept_by_official_and_not_by_fixed():
    """For LaMP_7 nine tokens of "are written by user. …" are counted, and ten are there."""
    made = tweet(" ".join(f"w{n}" for n in range(60)), question="it: x")
    official, fixed = (
        one("LaMP_7", rules, made, tokenizer=WordTokenizer(), max_length=40) for rules in ("official", "fixed")
    )
    # P = 40 - 3 - 1 - 9 = 27, 27 - 2 = 25 tokens, 24 words; the rest is 9 words, the input 2 and a special token
    assert official["source_length"] == 24 + 9 + 2 + 1
    assert fixed["source_length"] == 40


def test_the_first_title_is_any_substring_by_official_and_a_word_by_fixed():
    made = row("LaMP_1")
    made["input"] = "The entitled " + made["input"]
    official, fixed = (one("LaMP_1", rules, made, k=1)["source"] for rules in ("official", "fixed"))
    assert official.startswith('The entitle, and "')
    assert 'The entitled For an author who has written the paper with the title, and "' in fixed


def test_quotation_marks_in_a_title_shift_the_query_by_official_and_not_by_fixed():
    made = row("LaMP_1")
    before, _, after = TASKS["LaMP_1"].query_frame
    made["input"] = (
        f'{TASKS["LaMP_1"].instruction}On "red" tea", which reference is related? {before}map" [2]: "sea{after}'
    )
    made["profile"] = [{"id": "a", "title": "tea", "abstract": ""}, {"id": "b", "title": "sea", "abstract": ""}]
    made["profile"] += [{"id": f"c{n}", "title": f"none {n}", "abstract": ""} for n in range(4)]
    official, fixed = (one("LaMP_1", rules, made, k=1)["retrieved_ids"] for rules in ("official", "fixed"))
    assert (official, fixed) == (["a"], ["b"])


@both
@pytest.mark.parametrize("retriever", ["recency", "random", "first"])
def test_a_query_that_nobody_needs_is_not_missed(rules, retriever):
    made = row("LaMP_1_time")
    made["input"] = 'no quotes but a title: "'
    assert one("LaMP_1_time", rules, made, retriever=retriever)["notes"] == ""
    found = one("LaMP_1_time", rules, made, retriever="bm25")
    assert found["notes"].endswith("the whole input is the query")
    assert found["personalized"]


@both
def test_a_sample_without_its_instruction_is_its_own_query(rules):
    """LaMP_2's validation sample "110"."""
    made = row("LaMP_2")
    made["input"] = "x A ship of robots sails"
    made["profile"] = [
        {"id": str(n), "tag": "classic", "description": f"{word} calm"} for n, word in enumerate("uvwyz")
    ]
    made["profile"][1]["description"] = "robots calm"
    found = one("LaMP_2", rules, made, k=1)
    assert found["retrieved_ids"] == ["1"]
    assert found["notes"] == "no 'description:' in the input: the whole input is the query"
    assert found["source"].endswith(made["input"])


@both
def test_subjects_of_mails_are_not_searched(rules):
    made = row("LaMP_6")
    made["input"] = "Generate a subject for the following email: harvest"
    made["profile"] = [{"id": str(n), "title": "none", "text": f"word{n}"} for n in range(4)]
    made["profile"][0]["title"], made["profile"][2]["text"] = "harvest", "the harvest"
    assert one("LaMP_6", rules, made, k=1)["retrieved_ids"] == ["2"]


def test_the_news_task_has_labels():
    assert len(TASKS["LaMP_2_news"].labels) == 15


def test_a_long_input_loses_its_end_later_by_official_which_says_so_and_stays_whole_by_fixed():
    made = tweet("some words of the person", question="it: " + " ".join(f"q{n}" for n in range(60)))
    options = {"tokenizer": WordTokenizer(), "max_length": 70}
    official, fixed = (one("LaMP_7", rules, made, **options) for rules in ("official", "fixed"))
    assert official["source_length"] == 5 + 9 + 61 + 1
    assert official["notes"] == "the prompt has 76 tokens: the end of the input, beyond 70, will be lost"
    assert (fixed["source_length"] <= 70, fixed["notes"]) == (
        True,
        "the input takes 62 of 70 tokens; no item fits",
    )
