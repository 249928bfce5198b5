"""Tables and intervals for a terminal."""

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> str:
    """Rows as text with aligned columns, those at the positions ``numeric`` on the right; the first row is the header.

    >>> print(table([["score", "value"], ["MAE", "0.25"]], numeric=[1]))
    score  value
    MAE     0.25
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(
            cell.rjust(width) if column in numeric else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def interval(bounds: Sequence[float] | None) -> str:
    """An interval as text.

    >>> interval([0.25, 0.5])
    '[0.2500, 0.5000]'
    """
    return f"[{bounds[0]:.4f}, {bounds[1]:.4f}]" if bounds is not None else ""
