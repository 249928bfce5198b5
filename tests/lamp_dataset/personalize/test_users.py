import itertools
import random

import datasets
import pyarrow as pa
import pytest

import lamp_dataset
from lamp_dataset.personalize.users import _circles, swap_profiles, users_of
from lamp_dataset.tasks import TASKS


def history(r, size):
    return [{"title": f"paper {r.random()}", "abstract": f"on {r.random()}"} for _ in range(size)]


def samples(history, count, start, r=None):
    """Rows of one user: each lacks the item that its own question was made from."""
    rows = []
    for number in range(count):
        items = [{"id": f"{start + number}{k}", **item} for k, item in enumerate(history) if k != number]
        if r is not None:
            r.shuffle(items)
        rows.append({"id": str(start + number), "input": "which?", "profile": items})
    return rows


def scholars(seed):
    """Users with co-authors who share a fifth of their papers, and students whose papers are all their advisor's."""
    r = random.Random(seed)
    histories = [history(r, r.randint(8, 60)) for _ in range(30)]
    for one, other in itertools.pairwise(histories[:20]):
        other[: len(other) // 5] = one[-(len(other) // 5) :]
    histories += [advisor[: r.randint(4, len(advisor) - 3)] for advisor in histories[20:]]
    rows, truth = [], []
    for user, papers in enumerate(histories):
        made = samples(papers, r.randint(1, 3), 1000 + 10 * user, r)
        rows, truth = rows + made, truth + [user] * len(made)
    return rows, truth


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


def test_small_profiles_stay_single():
    one, other = history(random.Random(1), 2)
    rows = [{"id": str(n), "profile": [one, other][:size]} for n, size in enumerate([0, 0, 1, 1, 2, 2])]
    assert users_of(rows) == ["0", "1", "2", "3", "4", "5"]


def test_a_user_is_named_after_the_smallest_number():
    rows = samples(history(random.Random(1), 5), 3, 98)
    assert [row["id"] for row in rows] == ["98", "99", "100"]
    assert users_of(rows[::-1]) == ["98"] * 3


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task.time_based])
def test_time_based_rows_keep_their_users(name):
    rows = datasets.load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE, split="train")
    assert users_of(rows) == rows["user_id"][:]
    assert users_of([{"user_id": 7, "id": "1", "profile": []}]) == ["7"]


@pytest.mark.parametrize(
    ("rows", "facts"),
    [
        ([{"id": "1"}], "row 0.*profile"),
        ([{"profile": []}], "row 0.*'id'"),
        ([{"id": "", "profile": []}], "row 0.*'id'.*''"),
        ([{"id": "1", "user_id": "a", "profile": []}, {"id": "2", "profile": []}], "row 1.*'user_id'.*None"),
        ([{"id": "1", "user_id": "", "profile": []}], "row 0.*'user_id'.*''"),
        (["text"], "row 0.*'id' and 'profile'.*str"),
        (pa.table({"id": ["1"]}), "'profile'.*id"),
    ],
)
def test_rows_without_what_is_needed_are_refused(rows, facts):
    with pytest.raises(ValueError, match=facts):
        users_of(rows)
    assert users_of([]) == []


@pytest.fixture
def dataset():
    return datasets.Dataset.from_list(scholars(3)[0])


def owners(rows):
    """For each row the user whose profile it has now."""
    user_of_item = {}
    given = users_of(rows)
    for user, row in zip(given, rows, strict=True):
        for item in row["profile"]:
            user_of_item.setdefault(item["id"], user)
    return user_of_item


@pytest.mark.parametrize("match_sizes", [False, True])
def test_every_row_gets_a_profile_of_another_user(dataset, match_sizes):
    users, ids = users_of(dataset), owners(dataset)
    swapped = swap_profiles(dataset, seed=4, match_sizes=match_sizes)
    assert swapped.remove_columns("profile")[:] == dataset.remove_columns("profile")[:]
    assert swapped.features == dataset.features
    got = {}
    for user, row in zip(users, swapped, strict=True):
        (owner,) = {ids[item["id"]] for item in row["profile"]}
        assert row["profile"] in [other["profile"] for other in dataset]
        assert got.setdefault(user, owner) == owner != user
    assert sorted(got.values()) == sorted(set(users)), "each user's profiles serve exactly one other user"


def test_the_seed_alone_decides(dataset):
    first = swap_profiles(dataset, seed=1)
    order = random.Random(5).sample(range(len(dataset)), len(dataset))
    again = swap_profiles(dataset.select(order), seed=1)
    assert [row["profile"] for row in again] == [first[i]["profile"] for i in order]
    assert swap_profiles(dataset, seed=2)["profile"] != first["profile"]
    assert first._fingerprint == swap_profiles(dataset, seed=1)._fingerprint != again._fingerprint


def test_the_swap_is_pinned_for_every_machine():
    rows = [{"id": str(n), "user_id": f"u{n}", "profile": [{"id": str(n), "text": f"t{n}"}]} for n in range(8)]
    swapped = swap_profiles(datasets.Dataset.from_list(rows), seed=0)
    assert [profile[0]["text"] for profile in swapped["profile"]] == ["t6", "t2", "t3", "t7", "t0", "t4", "t1", "t5"]


def test_circles_have_the_least_sum_of_differences():
    r = random.Random(8)
    for size in range(2, 8):
        for _ in range(10):
            sizes = sorted(r.randint(0, 20) for _ in range(size))
            circles = _circles(sizes)
            assert [position for circle in circles for position in circle] == list(range(size))
            cost = sum(2 * (sizes[circle[-1]] - sizes[circle[0]]) for circle in circles)
            best = min(
                sum(abs(sizes[i] - sizes[j]) for i, j in enumerate(way))
                for way in itertools.permutations(range(size))
                if all(i != j for i, j in enumerate(way))
            )
            assert cost == best


def test_one_user_has_nobody_to_swap_with():
    rows = samples(history(random.Random(1), 5), 3, 98)
    with pytest.raises(ValueError, match=r"found 1\b"):
        swap_profiles(datasets.Dataset.from_list(rows))
