import json
import random

import datasets
import numpy as np
import pyarrow as pa
import pytest

import lamp_dataset
from lamp_dataset import select_samples, select_users, users_of
from lamp_dataset.formats.lists import subset_of
from lamp_dataset.personalize.row_forms import RowsError
from lamp_dataset.personalize.users.user_subsets import (
    by_name,
    choose,
    chosen_positions,
    users_of_rows,
)

ROWS = [
    {"id": "10", "user_id": "a", "input": "one"},
    {"id": "11", "user_id": "b", "input": "two"},
    {"id": "12", "user_id": "a", "input": "three"},
    {"id": "13", "user_id": "7", "input": "four"},
]
CHOSEN = [ROWS[0], ROWS[2], ROWS[3]]


def load(name="LaMP_3", split="validation", **options):
    return datasets.load_dataset("lamp", name, split=split, data_dir=lamp_dataset.SAMPLE, **options)


@pytest.mark.parametrize(
    "ids",
    [
        ["a", 7],
        ("7", "a", "a"),
        {"a": 1, "7": 2},
        iter(["a", "7"]),
        np.array(["a", "7"]),
        ["a", np.int64(7)],
        datasets.Dataset.from_list(CHOSEN)["user_id"],
    ],
    ids=lambda ids: type(ids),
)
def test_rows_of_the_users_in_the_order_of_the_rows(ids):
    assert select_users(ROWS, ids) == CHOSEN


@pytest.mark.parametrize(
    ("given", "lists"),
    [
        (tuple(ROWS), list),
        (iter(ROWS), list),
        (pa.Table.from_pylist(ROWS), pa.Table.to_pylist),
        (datasets.Dataset.from_list(ROWS), datasets.Dataset.to_list),
        (datasets.Dataset.from_list(ROWS).to_iterable_dataset(), list),
        (datasets.Dataset.from_list(ROWS[::-1]).select([3, 2, 1, 0]), datasets.Dataset.to_list),
    ],
    ids=["tuple", "iterator", "table", "dataset", "stream", "indices"],
)
def test_the_result_is_of_the_kind_of_the_rows(given, lists):
    found = select_users(given, ["a", "7"])
    assert lists(found) == CHOSEN
    if not isinstance(given, (tuple, type(iter([])))):
        assert type(found) is type(given)


def test_a_shuffled_stream_keeps_the_right_rows():
    stream = datasets.Dataset.from_list(ROWS).to_iterable_dataset(num_shards=2).shuffle(seed=1, buffer_size=3)
    found = select_users(stream, ["a", "7"])
    for epoch in range(3):
        found.set_epoch(epoch)
        assert sorted(row["id"] for row in found) == ["10", "12", "13"]


def test_a_stream_gives_the_rows_of_a_user_and_needs_no_ids_of_named_ones():
    rows = [{"id": "1", "user_id": "a"}, {"id": "1", "user_id": "b"}, {"id": "2", "user_id": "b"}]
    stream = datasets.Dataset.from_list(rows).to_iterable_dataset()
    assert list(select_users(stream, ["b"])) == select_users(rows, ["b"]) == rows[1:]
    rows = [{"user_id": 7, "input": "one"}, {"user_id": 8, "input": "two"}]
    assert list(select_users(datasets.Dataset.from_list(rows).to_iterable_dataset(), ["8"])) == rows[1:]


def test_a_file_of_users(tmp_path):
    path = tmp_path / "u.json"
    path.write_text(json.dumps({"users": ["a", "7"]}))
    assert select_users(ROWS, path) == select_users(ROWS, str(path)) == CHOSEN


@pytest.mark.parametrize("streaming", [False, True])
def test_users_are_inferred_where_rows_name_none(streaming):
    rows = load(streaming=streaming)
    assert [row["id"] for row in select_users(rows, ["210"])] == ["210", "211"]
    assert users_of(load()) == ["210", "210", "2110"]
    assert select_users(rows, ["210"]).features == rows.features


@pytest.mark.parametrize("rows", [ROWS, pa.Table.from_pylist(ROWS), datasets.Dataset.from_list(ROWS)], ids=type)
def test_samples_are_chosen_by_their_ids(rows, tmp_path):
    (tmp_path / "s.json").write_text(json.dumps({"samples": ["13", "10"]}))
    for ids in (["13", 10], tmp_path / "s.json"):
        found = select_samples(rows, ids)
        found = found.to_pylist() if isinstance(found, pa.Table) else list(found)
        assert found == [ROWS[0], ROWS[3]]
    with pytest.raises(ValueError, match=r"samples: no rows here for 1 of its 2 samples \(first: '99'\)"):
        select_samples(rows, ["10", "99"])


def test_unknown_users_are_refused_before_any_row_is_given():
    for rows in (ROWS, datasets.Dataset.from_list(ROWS).to_iterable_dataset()):
        with pytest.raises(ValueError, match=r"2 of its 3 users.*'x'.*3 users.*'a'"):
            select_users(rows, ["a", "x", "y"])


def test_a_file_of_another_config_or_split_is_refused(tmp_path):
    path = tmp_path / "u.json"
    for config, split in (("LaMP_3_time", "validation"), ("LaMP_3", "test")):
        path.write_text(json.dumps({"recipe": {"config": config, "split": split}, "users": ["210"]}))
        with pytest.raises(ValueError, match=r"u\.json.*LaMP_3"):
            select_users(load(), path)


def test_a_file_of_a_time_based_config_serves_all_splits(tmp_path):
    rows = {split: load("LaMP_3_time", split) for split in ("train", "test")}
    shared = set(rows["train"]["user_id"]) & set(rows["test"]["user_id"])
    path = tmp_path / "u.json"
    recipe = {"config": "LaMP_3_time", "split": "test"}
    path.write_text(json.dumps({"recipe": recipe, "users": [*sorted(shared), "nobody in train"]}))
    assert shared
    assert set(select_users(rows["train"], path)["user_id"]) == shared
    with pytest.raises(ValueError, match="'nobody in train'"):
        select_users(rows["test"], path)


@pytest.mark.parametrize("rows", [{"id": ["1"]}, "rows.json", 7, datasets.DatasetDict(), [{"text": "x"}], ["x"]])
def test_something_else_than_rows_is_refused(rows):
    with pytest.raises(RowsError):
        select_users(rows, ["a"])


def row(sample_id, user, size):
    return {"id": sample_id, "user_id": user, "profile": [{"id": str(k), "text": f"{k}"} for k in range(size)]}


#: Users 2, 10 and 9 have as many items; user 9 has them in the larger of two profiles.
ACTIVE = [row("a", "10", 3), row("b", "9", 1), row("c", "9", 3), row("d", "2", 3), row("e", "1", 0), row("f", "33", 7)]
USERS = users_of_rows(ACTIVE)


def chosen(users=USERS, config="LaMP_3_time", split="test", **criteria):
    return list(choose(users, config, split, **criteria).users)


def test_what_there_is_of_each_user():
    assert {user: (number, USERS.profile[user]) for user, number in USERS.samples.items()} == {
        "10": (1, 3),
        "9": (2, 3),
        "2": (1, 3),
        "1": (1, 0),
        "33": (1, 7),
    }
    assert sum(USERS.samples.values()) == len(ACTIVE)


OTHERS = subset_of(["9", "33"])


@pytest.mark.parametrize(
    ("criteria", "users"),
    [
        ({"top": 5}, ["33", "2", "9", "10", "1"]),  # the largest profiles first, and equal ones by name
        ({"top": 3}, ["33", "2", "9"]),
        ({"top": 5, "by": "samples"}, ["9", "1", "2", "10", "33"]),
        ({"cold_start": 0}, ["1"]),
        ({"cold_start": 3}, ["1", "2", "9", "10"]),
        ({"others": OTHERS}, ["1", "2", "10"]),
        ({"others": OTHERS, "cold_start": 2}, ["1"]),
        ({"others": OTHERS, "top": 2}, ["2", "10"]),
        ({"ids": subset_of(["10", "9", "1"]), "others": subset_of(["1"])}, ["9", "10"]),
    ],
)
def test_conditions_choose_and_combine_and_numbers_come_in_their_order(criteria, users):
    assert chosen(**criteria) == users
    assert sorted(["10", "9", "b", "aa", "a", "1"], key=by_name) == ["1", "9", "a", "b", "10", "aa"]


def test_a_file_and_its_others_are_all_users_once_and_others_may_have_no_rows():
    first = choose(USERS, "LaMP_3_time", "test", top=2)
    assert sorted([*first.users, *chosen(others=first)]) == sorted(USERS.samples)
    others = subset_of(["9", "nobody"], "o.json", {"config": "LaMP_3_time", "split": "validation"})
    assert chosen(others=others) == ["1", "2", "10", "33"]
    assert len(chosen(others=subset_of(["nobody"], "o.json", others.recipe))) == 5


@pytest.mark.parametrize("seed", range(5))
def test_a_sample_depends_on_names_and_seed_alone(seed):
    names = [f"u{number}" for number in range(200)]
    rows = [row(name, name, 1) for name in names]
    found = chosen(users_of_rows(rows), sample=50, seed=seed)
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert chosen(users_of_rows(shuffled), sample=50, seed=seed) == found
    assert set(chosen(users_of_rows(rows), sample=20, seed=seed)) < set(found)
    assert chosen(users_of_rows(rows), sample=50, seed=seed + 1) != found
    assert chosen(users_of_rows(rows), sample=200, seed=seed) == sorted(names, key=by_name)


@pytest.mark.parametrize("seed", range(3))
def test_as_many_users_come_from_each_third_of_the_profile_sizes(seed):
    sizes = {f"u{number}": number // 2 % 50 for number in range(200)}
    users = users_of_rows([row(name, name, size) for name, size in sizes.items()])
    found = choose(users, "LaMP_3_time", "test", sample=30, strata=3, seed=seed)
    order = sorted(sorted(sizes, key=by_name), key=sizes.get)
    thirds = [order[:66], order[66:133], order[133:]]
    assert [len(set(third) & set(found.users)) for third in thirds] == [10, 10, 10]
    assert set(chosen(users, sample=12, strata=3, seed=seed)) < set(found.users)
    assert (found.recipe["strata"], list(found.users)) == (3, sorted(found.users, key=by_name))
    assert len(chosen(users, sample=198, strata=3)) == 198


def test_some_samples_of_some_users():
    rows = datasets.Dataset.from_list(ROWS)
    assert chosen_positions(rows, ["a", "b"], ["11", "12", "13"]) == [1, 2]
    assert chosen_positions(rows) == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="none of these samples is one of these users'"):
        chosen_positions(rows, ["a"], ["11"])


def test_the_order_and_the_form_of_the_rows_do_not_matter_but_ids_users_and_sizes_do():
    for rows in (ACTIVE[::-1], pa.Table.from_pylist(ACTIVE), iter(ACTIVE)):
        users = users_of_rows(rows)
        assert users == USERS
        assert chosen(users, top=3) == ["33", "2", "9"]
    changed = [row("a", "10", 4), row("a", "11", 3), row("aa", "10", 3)]
    found = {users_of_rows([new, *ACTIVE[1:]]).data["fingerprint"] for new in changed}
    assert len({USERS.data["fingerprint"], *found}) == 4


def test_the_recipe_says_what_was_asked_for():
    data = {"samples": 6, "users": 5, "fingerprint": USERS.data["fingerprint"]}
    start = {"config": "LaMP_3_time", "split": "test", "data": data}
    assert choose(USERS, "LaMP_3_time", "test", top=2).recipe == {**start, "top": 2, "by": "profile"}
    others = subset_of(["9"], "some/top.json")
    found = choose(USERS, "LaMP_3_time", "test", cold_start=3, others=others, sample=1, seed=4)
    told = found.recipe["others"]
    assert (told["file"], told["users"]) == ("top.json", 1)
    assert found.recipe == {**start, "others": told, "cold_start": 3, "sample": 1, "seed": 4}


def test_inferred_users_select_the_rows_that_they_were_made_of():
    rows = [{"id": str(n), "profile": [{"id": "x", "text": f"{n // 2} {k}"} for k in range(3 + n)]} for n in range(6)]
    users = users_of_rows(rows)
    for count in range(1, len(users.samples) + 1):
        names = chosen(users, "LaMP_3", "train", top=count)
        assert sum(users.samples[name] for name in names) == len(select_users(rows, names))


@pytest.mark.parametrize(
    ("criteria", "facts"),
    [
        ({}, "none"),
        ({"top": 1, "sample": 1}, "both"),
        ({"sample": 4, "strata": 3}, "as many users of each of 3 strata, found 4"),
        ({"top": 3, "strata": 3}, "as many users of each of 3 strata, found None"),
        ({"top": 6}, "LaMP_3_time.*'test'.*6.*5"),
        ({"sample": 6}, "6.*5"),
        ({"others": subset_of(USERS.samples)}, "1.*0"),
        ({"cold_start": 2, "others": subset_of(["1"])}, "1.*0"),
        ({"others": subset_of(["1", "x"], "o.json")}, r"o\.json.*1 of its 2.*'x'"),
        ({"ids": subset_of(["1", "x"], "i.txt")}, r"i\.txt.*1 of its 2.*'x'"),
    ],
)
def test_a_choice_of_nobody_is_refused(criteria, facts):
    with pytest.raises(ValueError, match=facts):
        chosen(**criteria)


@pytest.mark.parametrize(
    ("kind", "select", "key"), [("users", select_users, "user_id"), ("samples", select_samples, "id")]
)
def test_a_file_of_another_version_of_the_rows_is_refused_and_ids_alone_are_not(tmp_path, kind, select, key):
    path, ids = tmp_path / f"{kind}.json", [ACTIVE[0][key]]

    def write(recipe):
        path.write_text(json.dumps({"recipe": recipe, kind: ids}))

    write(USERS.recipe("LaMP_3", "test"))
    assert select(ACTIVE, path) == select(ACTIVE, ids)
    longer = [*ACTIVE[:-1], {**ACTIVE[-1], "profile": [*ACTIVE[-1]["profile"], ACTIVE[0]["profile"][0]]}]
    with pytest.raises(ValueError, match=rf"{kind}\.json: expected {kind} of this version of the data \(fingerprint "):
        select(longer, path)
    with pytest.raises(ValueError, match=r"\(samples 7, fingerprint .*\(samples 6, "):
        select([*ACTIVE, {**ACTIVE[0], "id": "new"}], path)
    write({})
    assert select(longer, path) == select(longer, ids)


def test_of_a_part_of_a_loaded_split_nothing_is_compared_and_of_the_whole_all_is(tmp_path):
    rows, path = load(), tmp_path / "users.json"
    users = users_of_rows(rows)
    name = next(iter(users.samples))
    path.write_text(json.dumps({"recipe": users.recipe("LaMP_3", "validation"), "users": [name]}))
    expected = select_users(rows, [name])["id"]
    assert select_users(rows, path)["id"] == select_users(rows.select(range(len(rows) - 1)), path)["id"] == expected
    with pytest.raises(ValueError, match="of this version of the data"):
        select_users(rows.map(lambda row: {"profile": row["profile"][:1]}), path)
    stream = load(streaming=True)
    assert [row["id"] for row in select_users(stream, path)] == expected
