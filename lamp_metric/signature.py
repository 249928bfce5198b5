"""One line that says how a score was made: enough to reproduce it."""

from __future__ import annotations

from lamp_dataset import __version__

#: The version of the scoring rules. It goes up when the same files would get another score by another rule; differences
#: in the last digits, as from another order of summation, do not count.
RULE = 1


def signature(task_name: str, n: int, **options: object) -> str:
    """The signature of a score.

    Args:
        task_name: config name.
        n: number of samples.
        options: whatever else the figures depend on, such as ``seed``; False and None are left out.

    >>> signature("LaMP_4", 2500, confidence=0.95, resamples=1000, seed=0, extracted=False)
    'task:LaMP_4|n:2500|rule:1|confidence:0.95|resamples:1000|seed:0|version:...'
    """
    parts = {"task": task_name, "n": n, "rule": RULE}
    parts |= {key: value for key, value in options.items() if value is not None and value is not False}
    parts["version"] = __version__
    return "|".join(f"{key}:{'yes' if value is True else value}" for key, value in parts.items())


def clustered(users: int | None) -> dict[str, object]:
    """The parts of a signature that say that whole users were drawn and swapped; none if ``users`` is None.

    >>> clustered(12)
    {'clusters': 'users', 'users': 12}
    """
    return {"clusters": "users", "users": users} if users is not None else {}
