import itertools
import random

import datasets
import pytest
from made_users import scholars

from lamp_dataset.personalize.users.inference import users_of
from lamp_dataset.personalize.users.near import _circles, swap_profiles


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


@pytest.mark.parametrize(
    ("form", "options", "message"),
    [
        (lambda rows: rows.select([0]), {}, "at least two users, found 1:"),
        (datasets.Dataset.to_list, {}, "expected a datasets.Dataset, found list"),
        (datasets.Dataset.to_iterable_dataset, {}, "expected a datasets.Dataset, found IterableDataset"),
        (lambda rows: rows, {"seed": "1"}, "whole number as seed, found '1'"),
        (lambda rows: rows, {"seed": 1.5}, "whole number as seed, found 1.5"),
    ],
)
def test_bad_calls(dataset, form, options, message):
    with pytest.raises(ValueError, match=message):
        swap_profiles(form(dataset), **options)
