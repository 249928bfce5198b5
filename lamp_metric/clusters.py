"""Users as clusters of samples: the user of each sample, and what the samples of one user come to.

Standard library only.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Sequence
from typing import Any

from lamp_dataset.formats.texts import short
from lamp_metric.predictions.values import as_list, where


def check_users(users: Iterable[Any], n: int, ids: Sequence[str] | None = None) -> list[str]:
    """``users``, strings or whole numbers, as a list of names, one for each of ``n`` samples; messages name their ids.

    Raises:
        ValueError: there is not one user per sample, one is missing (None, NaN, an empty string) or neither a string
            nor a whole number, or all samples are one user's. The message names the sample.
    """
    names = user_names(users, ids)
    if len(names) != n:
        raise ValueError(f"users: expected one for each of the {n} samples, found {len(names)}")
    if n and len(set(names)) == 1:
        raise ValueError(
            f"users: expected two users or more, found one, {short(names[0])}, for all {n} samples: one user says "
            "nothing about others"
        )
    return names


def user_names(users: Iterable[Any], ids: Sequence[str] | None = None) -> list[str]:
    """``users`` as a list of strings; arguments and errors as for :func:`check_users`, which also counts them."""
    values = as_list(users, "users")
    ids = ids if ids is not None and len(ids) == len(values) else None
    for position, value in enumerate(values):
        whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if not whole and (not isinstance(value, str) or value == ""):
            raise ValueError(
                f"user of {where(ids, position)}: expected a non-empty string or a whole number, found {short(value)}"
            )
    return [str(value) for value in values]


def numbered(users: Iterable[str]) -> tuple[list[str], list[int]]:
    """The distinct users in the order of their first sample, and for each sample the number of its user.

    >>> numbered(["b", "a", "b"])
    (['b', 'a'], [0, 1, 0])
    """
    numbers_of: dict[str, int] = {}
    found = [numbers_of.setdefault(user, len(numbers_of)) for user in users]
    return list(numbers_of), found


def user_means(values: Sequence[float], users: Sequence[str]) -> dict[str, float]:
    """User -> mean of the user's values, from an exactly rounded sum; users in the order of their first sample.

    >>> user_means([1.0, 0.0, 0.5], ["b", "a", "b"])
    {'b': 0.75, 'a': 0.0}
    """
    of_user: dict[str, list[float]] = {}
    for value, user in zip(values, users, strict=True):
        of_user.setdefault(user, []).append(value)
    return {user: math.fsum(found) / len(found) for user, found in of_user.items()}
