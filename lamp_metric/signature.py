"""How a figure was made: the options of resampling, the version of the scoring rules, and the signature with both."""

import numbers
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from lamp_dataset.formats.texts import is_whole
from lamp_dataset.version import __version__

#: The version of the scoring rules. It goes up when the same files would get another score by another rule; differences
#: in the last digits, as from another order of summation, do not count.
SCORING_VERSION = 1
#: With fewer users (samples, where users are not known) the percentile bootstrap interval is clearly too narrow: by 6 %
#: for 30, by 37 % for 5. It lacks the factor sqrt(n / (n - 1)) and uses quantiles of the normal distribution instead of
#: Student's (Hesterberg 2015, "What Teachers Should Know About the Bootstrap"). Means then get Student's interval.
FEW = 30


@dataclass(frozen=True)
class Resampling:
    """How bootstrap intervals and tests of differences draw their resamples.

    Attributes:
        confidence_level: of the intervals, such as 0.95.
        n_resamples: number of resamples, and of random swaps in a test.
        seed: of ``numpy.random.default_rng``.

    Raises:
        ValueError: the level is not between 0 and 1, or the number or the seed is not a whole number or is too small.
    """

    confidence_level: float = 0.95
    n_resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        level = self.confidence_level
        if not isinstance(level, numbers.Real) or not 0 < level < 1:
            raise ValueError(f"confidence_level: expected a number between 0 and 1, such as 0.95, found {level!r}")
        for name, least in (("n_resamples", 1), ("seed", 0)):
            value = getattr(self, name)
            if not is_whole(value) or value < least:
                raise ValueError(f"{name}: expected a whole number, at least {least}, found {value!r}")

    @classmethod
    def on_demand(cls, confidence_level: float | None, n_resamples: int = 1000, seed: int = 0) -> "Resampling | None":
        """None without a confidence level: no intervals are wanted, and the other options do not matter."""
        return None if confidence_level is None else cls(confidence_level, n_resamples, seed)


def is_few(units: int) -> bool:
    """Whether so many users (samples, where users are not known) are too few for the bootstrap of a mean.

    One alone has no spread, so that Student's interval does not exist either.
    """
    return 1 < units < FEW


def intervals_of(keys: Iterable[str], means: Collection[str], units: int) -> str | None:
    """How the intervals of the scores ``keys`` are made, for the signature; None: by the bootstrap, all of them.

    >>> intervals_of(["MAE", "RMSE"], ["MAE"], 12), intervals_of(["accuracy"], ["accuracy"], 12)
    ('t(MAE),bootstrap(RMSE)', 't')
    """
    kinds = {"t": [key for key in keys if key in means], "bootstrap": [key for key in keys if key not in means]}
    if not is_few(units) or not kinds["t"]:
        return None
    return ",".join(f"{kind}({','.join(some)})" for kind, some in kinds.items()) if kinds["bootstrap"] else "t"


def signature(
    task_name: str | None,
    n: int,
    drawn: Resampling | None = None,
    users: int | None = None,
    *,
    keys: Iterable[str] = (),
    means: Collection[str] = (),
    **options: object,
) -> str:
    """The signature of a score of ``n`` samples.

    ``drawn``: how intervals and tests are resampled, if there are any; ``users``: how many, if they are drawn and
    swapped; ``keys``: the scores, of which ``means`` are means over samples; ``options``: whatever else the figures
    depend on. Those that are False or None are left out.

    >>> signature("LaMP_4", 2500, Resampling(), users=12, keys=["rouge-1"], means=["rouge-1"], extracted=False)
    'task:LaMP_4|n:2500|rule:1|clusters:users|users:12|intervals:t|confidence:0.95|resamples:1000|seed:0|version:...'
    """
    facts = {"task": task_name or None, "n": n, "rule": SCORING_VERSION, **options}
    if drawn:
        facts |= {"clusters": None if users is None else "users", "users": users}
        facts |= {"intervals": intervals_of(keys, means, n if users is None else users)}
        facts |= {"confidence": drawn.confidence_level, "resamples": drawn.n_resamples, "seed": drawn.seed}
    known = [(key, value) for key, value in facts.items() if value is not None and value is not False]
    return "|".join(f"{key}:{'yes' if value is True else value}" for key, value in [*known, ("version", __version__)])
