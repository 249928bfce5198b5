"""The signature of a score, which says how it was made, and the version of the scoring rules."""

from lamp_dataset.version import __version__
from lamp_metric.statistics.resampling import Resampling

#: The version of the scoring rules. It goes up when the same files would get another score by another rule; differences
#: in the last digits, as from another order of summation, do not count.
RULE = 1


def signature(
    task_name: str | None, n: int, drawn: Resampling | None = None, users: int | None = None, **options: object
) -> str:
    """The signature of a score of ``n`` samples.

    ``drawn``: what intervals and tests draw, if there are any; ``users``: how many, if they are drawn and swapped;
    ``options``: whatever else the figures depend on, without those that are False or None.

    >>> signature("LaMP_4", 2500, Resampling(), extracted=False)
    'task:LaMP_4|n:2500|rule:1|confidence:0.95|resamples:1000|seed:0|version:...'
    """
    parts = {**({"task": task_name} if task_name else {}), "n": n, "rule": RULE}
    parts |= {key: value for key, value in options.items() if value is not None and value is not False}
    parts |= {**(drawn.signed(users) if drawn else {}), "version": __version__}
    return "|".join(f"{key}:{'yes' if value is True else value}" for key, value in parts.items())
