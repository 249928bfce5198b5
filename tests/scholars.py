"""Made-up users of the user-based setting: histories, and rows whose profiles are leave-one-out copies of them."""

import itertools
import random


def history(r, size):
    return [{"title": f"paper {r.random()}", "abstract": f"on {r.random()}"} for _ in range(size)]


def samples(history, count, start, r=None):
    """Rows of one user: each lacks the item that its own question was made from."""
    rows = []
    for number in range(count):
        items = [{"id": f"{start + number}{k}", **item} for k, item in enumerate(history) if k != number]
        if r is not None:
            r.shuffle(items)
        rows.append({"id": str(start + number), "input": "which?", "profile": items})
    return rows


def scholars(seed):
    """Users with co-authors who share a fifth of their papers, and students whose papers are all their advisor's."""
    r = random.Random(seed)
    histories = [history(r, r.randint(8, 60)) for _ in range(30)]
    for one, other in itertools.pairwise(histories[:20]):
        other[: len(other) // 5] = one[-(len(other) // 5) :]
    histories += [advisor[: r.randint(4, len(advisor) - 3)] for advisor in histories[20:]]
    rows, truth = [], []
    for user, papers in enumerate(histories):
        made = samples(papers, r.randint(1, 3), 1000 + 10 * user, r)
        rows, truth = rows + made, truth + [user] * len(made)
    return rows, truth
