"""What is drawn for intervals and tests: the options of resampling, checked before any work."""

import numbers
from dataclasses import asdict, dataclass

from lamp_dataset.formats.texts import is_whole


@dataclass(frozen=True)
class Resampling:
    """How bootstrap intervals and tests of differences draw their resamples.

    Attributes:
        confidence_level: of the intervals, such as 0.95.
        n_resamples: number of resamples, and of random swaps in a test.
        seed: of ``numpy.random.default_rng``.

    Raises:
        ValueError: the level is not between 0 and 1, or the number or the seed is not a large enough whole number.
    """

    confidence_level: float = 0.95
    n_resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Reject values out of range."""
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

    def signed(self, users: int | None = None) -> dict[str, object]:
        """The options under the names that a signature gives them; ``users``: how many, if they are drawn and swapped.

        >>> Resampling(seed=3).signed(users=12)
        {'clusters': 'users', 'users': 12, 'confidence': 0.95, 'resamples': 1000, 'seed': 3}
        """
        clusters = {} if users is None else {"clusters": "users", "users": users}
        return clusters | dict(zip(("confidence", "resamples", "seed"), asdict(self).values(), strict=True))
