import itertools
import random
import warnings

import datasets
import pyarrow as pa
import pytest
from made_users import history, samples, scholars

import lamp_dataset
from lamp_dataset.personalize.users.inference import (
    UserFinder,
    positions_by_user,
    user_figures,
    users_of,
)
from lamp_dataset.tasks import TASKS


@pytest.mark.parametrize("seed", range(5))
def test_users_are_found_among_co_authors_and_students(seed):
    rows, truth = scholars(seed)
    users = users_of(rows)
    assert len(set(users)) == len(set(truth)) == len(set(zip(users, truth, strict=True)))


def related(one, other):
    """The rule as it is written down, item by item."""
    a, b = ({(item["title"], item["abstract"]) for item in row["profile"]} for row in (one, other))
    return min(len(a), len(b)) >= 3 and len(a - b) <= 1 and len(b - a) <= 1


@pytest.mark.parametrize("seed", range(40))
def test_groups_equal_the_connected_pairs_of_the_written_rule(seed):
    r = random.Random(seed)
    pool = history(r, 9)
    rows = [
        {
            "id": str(n + 7),
            "profile": [{"id": str(k), **item} for k, item in enumerate(r.sample(pool, r.randint(0, 9)))],
        }
        for n in range(25)
    ]
    expected = [row["id"] for row in rows]
    for _ in rows:
        for (i, one), (j, other) in itertools.product(enumerate(rows), repeat=2):
            if related(one, other):
                expected[i] = expected[j] = min(expected[i], expected[j], key=lambda name: (len(name), name))
    assert users_of(rows) == expected


def test_the_order_and_the_form_of_rows_do_not_matter():
    rows, _ = scholars(9)
    users = users_of(rows)
    order = random.Random(2).sample(range(len(rows)), len(rows))
    assert users_of([rows[i] for i in order]) == [users[i] for i in order]
    table = pa.Table.from_pylist(rows)
    assert users_of(table) == users_of(datasets.Dataset(table)) == users_of(iter(rows)) == users
    assert users_of(datasets.Dataset(table).to_iterable_dataset()) == users
    assert users_of(datasets.Dataset(table).select(order)) == [users[i] for i in order]


def test_users_in_a_column_of_another_name():
    rows = [{"id": str(n), "author": "ab"[n % 2], "venue": "x", "profile": []} for n in range(4)]
    single = [{**row, "author": row["id"]} for row in rows]
    table = pa.Table.from_pylist(rows)
    for form in (rows, iter(rows), table, datasets.Dataset(table), [{"author": row["author"]} for row in rows]):
        assert users_of(form, column="author") == ["a", "b", "a", "b"]
    with pytest.raises(ValueError, match="row 0: expected a non-empty 'writer'"):
        users_of(rows, column="writer")
    with pytest.raises(ValueError, match="expected rows with the column 'writer', found id, author"):
        users_of(table, column="writer")
    for form in (rows, table):
        with pytest.warns(UserWarning, match=r"each of 4 rows .* named by author\? Then pass that as column"):
            assert users_of(form) == ["0", "1", "2", "3"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert users_of(single) == ["0", "1", "2", "3"]  # one sample each, and the columns say nothing else


def test_small_profiles_stay_single_and_users_are_named_after_the_smallest_number():
    one, other = history(random.Random(1), 2)
    rows = [{"id": str(n), "profile": [one, other][:size]} for n, size in enumerate([0, 0, 1, 1, 2, 2])]
    assert users_of(rows) == ["0", "1", "2", "3", "4", "5"]
    rows = samples(history(random.Random(1), 5), 3, 98)
    assert [row["id"] for row in rows] == ["98", "99", "100"]
    assert users_of(rows[::-1]) == ["98"] * 3
    rows = [{"id": str(n), "user_id": user} for n, user in enumerate("bab")]
    assert list(positions_by_user(rows).items()) == [("b", [0, 2]), ("a", [1])]


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task.time_based])
def test_time_based_rows_keep_their_users(name):
    rows = datasets.load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE, split="train")
    assert users_of(rows) == rows["user_id"][:]
    assert users_of([{"user_id": 7, "id": "1", "profile": []}]) == ["7"]


@pytest.mark.parametrize(
    ("rows", "facts"),
    [
        ([{"id": "1"}], "row 0.*profile"),
        ([{"id": "", "profile": []}], "row 0.*'id'.*''"),
        ([{"id": "1", "user_id": "a", "profile": []}, {"id": "2", "profile": []}], "row 1.*'user_id'.*None"),
        (pa.table({"id": ["1"]}), "'profile'.*id"),
        ([{"id": "1", "profile": [{"id": "a"}]}], "texts.*id"),
        ([{"id": "1", "profile": []}, {"id": "1", "profile": []}], "duplicate.*'1'"),
    ],
)
def test_rows_without_what_is_needed_are_refused(rows, facts):
    with pytest.raises(ValueError, match=facts):
        users_of(rows)
    assert users_of([]) == []


def test_odd_tables_and_fields_of_none_change_nothing():
    rows = samples(history(random.Random(1), 5), 2, 98)
    table = pa.Table.from_pylist(rows)
    parts = [table.slice(0, 0), table.slice(0, 1), table.slice(1, 0), table.slice(1)]
    assert users_of(pa.concat_tables(parts)) == ["98", "98"]
    assert users_of([{"id": "1", "profile": None}]) == ["1"]
    assert users_of([{"id": "1", "profile": None}, *rows]) == ["1", "98", "98"]
    profile = [{"id": str(n), "text": f"text {n}"} for n in range(4)]
    longer = [{**item, "title": None} for item in profile[:3]] + [{"id": "9", "text": "x", "title": "y"}]
    assert users_of([{"id": "1", "profile": profile}, {"id": "2", "profile": longer}]) == ["1", "1"]
    # in a batch of its own, too
    rows = [{"id": str(n), "profile": profile} for n in range(256)]
    assert set(users_of([*rows, {"id": "999", "profile": longer}])) == {"0"}


def test_collecting_named_and_inferred_users_in_one_pass():
    rows = [{**row, "user_id": "u"} for row in samples(history(random.Random(1), 5), 3, 98)]
    finders = UserFinder(), UserFinder(named=True), UserFinder(named=False)
    for start in range(3):
        for finder in finders:
            finder.add(pa.Table.from_pylist(rows[start : start + 1]))
    assert [finder.users() for finder in finders] == [["u"] * 3, ["u"] * 3, ["98"] * 3]


@pytest.mark.parametrize("unnamed", [1, 10, 256, 700])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("form", [list, pa.Table.from_pylist, datasets.Dataset.from_list])
def test_rows_that_only_in_part_name_their_users_are_refused_wherever_those_are(unnamed, last, form):
    named = [{"id": f"n{number}", "user_id": "u", "profile": []} for number in range(3)]
    others = [{"id": f"{number}", "user_id": None, "profile": []} for number in range(unnamed)]
    with pytest.raises(ValueError, match=f"row {3 if last else 0}: .*'user_id', as in other rows, found None"):
        users_of(form([*named, *others] if last else [*others, *named]))


@pytest.mark.parametrize("values", [(["a"], ["b"]), (b"\xff", b"\xfe"), (4, 5), ({"x": 1}, {"x": 2}), ("a", None)])
def test_contents_of_any_type_are_compared(values):
    profiles = [[{"id": f"{n}", "text": f"{n}", "odd": value} for n in range(3)] for value in (values[0], *values)]
    assert users_of([{"id": f"{n}", "profile": profile} for n, profile in enumerate(profiles)]) == ["0", "0", "2"]


def test_none_says_no_more_than_a_field_that_is_not_there():
    bare = [{"id": f"{n}", "text": f"{n}"} for n in range(3)]
    nothing = [{**item, "odd": None} for item in bare]
    assert users_of(pa.Table.from_pylist([{"id": "0", "profile": nothing}, {"id": "1", "profile": bare}])) == ["0", "0"]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.binary()])
def test_the_type_of_texts_does_not_matter(kind):
    texts = ["", "“é”\0\u2028", "x" * 10_000, "so tired"]
    profile = [{"id": f"{n}", "text": text} for n, text in enumerate(texts)]
    table = pa.Table.from_pylist([{"id": f"{n}", "profile": profile[n:]} for n in (0, 1, 0)]).slice(1)
    items = pa.struct([("id", pa.string()), ("text", kind)])
    cast = table.set_column(1, "profile", table["profile"].cast(pa.list_(items)))
    assert users_of(cast) == users_of(table) == ["0", "0"]


def figures(name, rows):
    return user_figures(TASKS[name], rows)


def test_users_are_inferred_where_nobody_names_them():
    rows, truth = scholars(4)
    counts = [truth.count(user) for user in set(truth)]
    found = figures("LaMP_1", rows)
    assert (found["number"], found["inferred"]) == (len(counts), True)
    assert found["samples_per_user"]["max"] == max(counts)
    assert found["samples_per_user"]["mean"] == pytest.approx(len(rows) / len(counts))
    assert "inference" not in found


def test_named_users_judge_the_inference():
    r = random.Random(0)
    one, other, third = (history(r, 9) for _ in range(3))
    rows = [
        *({**row, "user_id": "found"} for row in samples(one, 3, 10)),
        *({**row, "user_id": "split"} for row in samples(other, 2, 20)),
        *({**row, "user_id": "split"} for row in samples(history(r, 9), 2, 30)),
        *({**row, "user_id": row["id"]} for row in samples(third, 2, 40)),
    ]
    found = figures("LaMP_1_time", rows)
    assert (found["number"], found["inferred"], found["samples_per_user"]["max"]) == (4, False, 4)
    assert found["inference"] == {"found": 1, "split": 1, "merged": 2}


def test_figures_of_no_rows():
    nothing = {"number": 0, "samples_per_user": None}
    assert figures("LaMP_1", []) == {**nothing, "inferred": True}
    inference = {"found": 0, "split": 0, "merged": 0}
    assert figures("LaMP_1_time", []) == {**nothing, "inferred": False, "inference": inference}
