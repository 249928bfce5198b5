"""The official order of equal scores: that of ``np.argsort(scores)[::-1]`` in numpy 1.24, whatever numpy is installed.

``rank_bm25`` sorts with numpy's default kind, and the official code pins numpy 1.24.2, where that is introsort:
quicksort with the median of three as the pivot, insertion sort for short runs, heapsort where partitions stay lopsided.
That mixes up equal scores, but in the same way on every machine. Later versions of numpy sort differently, and
differently on each kind of processor.
"""

from collections.abc import Sequence

#: A run of at most this many is finished by insertion sort, which is stable.
SHORT = 16


def introsort(values: Sequence[float]) -> list[int]:
    """Positions by value, the lowest first, as ``np.argsort`` of numpy 1.24 gives them for finite values.

    Of two parts the smaller one is sorted at once, however deep; the other waits, and if the depth is used up when its
    turn comes, heapsort sorts it.

    >>> introsort([0.0] * 20)[::-1][:4]
    [19, 18, 1, 2]
    """
    order = list(range(len(values)))
    waiting = [(0, len(values) - 1, 2 * (len(values).bit_length() - 1))]
    while waiting:
        first, last, depth = waiting.pop()
        if depth < 0:
            order[first : last + 1] = _heapsort(values, order[first : last + 1])
            continue
        while last - first >= SHORT:
            depth -= 1
            middle = _partition(values, order, first, last)
            below, above = (first, middle - 1), (middle + 1, last)
            (first, last), later = (below, above) if middle - first < last - middle else (above, below)
            waiting.append((*later, depth))
        order[first : last + 1] = sorted(order[first : last + 1], key=values.__getitem__)
    return order


def _partition(values: Sequence[float], order: list[int], first: int, last: int) -> int:
    """Put the median of three in its final place, nothing higher before it and nothing lower after it; return it."""
    middle = first + (last - first) // 2
    for low, high in ((first, middle), (middle, last), (first, middle)):
        if values[order[high]] < values[order[low]]:
            order[low], order[high] = order[high], order[low]
    pivot = values[order[middle]]
    order[middle], order[last - 1] = order[last - 1], order[middle]
    left, right = first + 1, last - 2
    while True:
        while values[order[left]] < pivot:
            left += 1
        while pivot < values[order[right]]:
            right -= 1
        if left >= right:
            break
        order[left], order[right] = order[right], order[left]
        left, right = left + 1, right - 1
    order[left], order[last - 1] = order[last - 1], order[left]
    return left


def _heapsort(values: Sequence[float], run: list[int]) -> list[int]:
    """The run by value. Each step moves the top of the heap behind it, and the heap's last entry sinks from the top."""
    for top in reversed(range(len(run) // 2)):
        _sink(values, run, top, len(run))
    for size in reversed(range(1, len(run))):
        run[0], run[size] = run[size], run[0]
        _sink(values, run, 0, size)
    return run


def _sink(values: Sequence[float], heap: list[int], top: int, size: int) -> None:
    """Let the entry at ``top`` sink until no child is higher; of equal children the first moves up."""
    while (child := 2 * top + 1) < size:
        if child + 1 < size and values[heap[child]] < values[heap[child + 1]]:
            child += 1
        if values[heap[top]] >= values[heap[child]]:
            return
        heap[top], heap[child] = heap[child], heap[top]
        top = child
