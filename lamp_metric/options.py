"""Options of the resampling, checked before any work."""

from __future__ import annotations

import numbers


def check_options(confidence_level: float, n_resamples: int, seed: int) -> None:
    """Refuse options out of range.

    Raises:
        ValueError: the level is not between 0 and 1, or a count or seed is no whole number large enough.
    """
    if not isinstance(confidence_level, numbers.Real) or not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level: expected a number between 0 and 1, such as 0.95, found {confidence_level!r}"
        )
    for name, value, least in (("n_resamples", n_resamples, 1), ("seed", seed, 0)):
        if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name}: expected a whole number from {least} on, found {value!r}")
