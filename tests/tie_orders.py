"""Score arrays with many ties, and digests of the orders that numpy 1.24.2's ``np.argsort`` gives them.

    uv run --no-project --python 3.11 --with numpy==1.24.2 python tests/tie_orders.py

records ``tie_orders.json`` anew; never with a later numpy, which sorts by other rules.
"""

import hashlib
import json
import random
import sys
from pathlib import Path

DIGESTS = Path(__file__).parent / "tie_orders.json"
SIZES = (*range(2, 60), *range(60, 501, 8))


def killer(scores):
    """Scores against the median of three: each pivot parts off two of them, until heapsort is left with the others.

    Each step undoes a partition: it puts two scores below all others where their median of three is the higher one.
    """
    steps = min(2 * (len(scores).bit_length() - 1) + 1, max(0, len(scores) // 2 - 2))
    made = scores[2 * steps :]
    for lowest in range(-2, -2 - 2 * steps, -2):
        made = [float(lowest - 1), 0.0, *made]
        middle = (len(made) - 1) // 2
        made[1], made[-2], made[middle] = made[-2], made[middle], float(lowest)
    return made


def arrays(size):
    """Seeded scores: from all equal to few ties, with BM25's tail of zeros, sorted, rising and falling, and killers."""
    rng = random.Random(size)
    levels = (1, 2, 3, 5, size // 4 + 1, size)
    made = [[rng.randrange(level) * 0.37 - 1 for _ in range(size)] for level in levels]
    made.append([max(0.0, rng.gauss(-0.5, 1)) for _ in range(size)])
    made += [sorted(made[4]), sorted(made[4], reverse=True), [float(min(n, size - n)) for n in range(size)]]
    return made + list(map(killer, made))


def digest(orders):
    """Of the orders of one size, eight hexadecimal digits."""
    return hashlib.sha256(json.dumps(orders).encode()).hexdigest()[:8]


def record():
    import numpy as np

    if np.__version__ != "1.24.2":
        sys.exit(f"error: the digests are recorded with numpy 1.24.2 alone, found {np.__version__}")
    found = {size: digest([np.argsort(np.array(scores)).tolist() for scores in arrays(size)]) for size in SIZES}
    DIGESTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
