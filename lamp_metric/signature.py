"""One line that says how a score was made, enough to make it again."""

from __future__ import annotations

from lamp_dataset import __version__

#: Number of this package's scoring rules. It goes up when the same files would get another score.
RULE = 1


def signature(task_name: str, n: int, **options: object) -> str:
    """The signature of a score.

    Args:
        task_name: config name.
        n: number of samples.
        options: what else decided the figures, such as ``seed``; False and None are left out.

    >>> signature("LaMP_4", 2500, confidence=0.95, resamples=1000, seed=0, extracted=False)
    'task:LaMP_4|n:2500|rule:1|confidence:0.95|resamples:1000|seed:0|version:...'
    """
    parts = {"task": task_name, "n": n, "rule": RULE}
    parts |= {key: value for key, value in options.items() if value is not None and value is not False}
    parts["version"] = __version__
    return "|".join(f"{key}:{'yes' if value is True else value}" for key, value in parts.items())
