import numpy as np
import pytest

from lamp_dataset.personalize.retrieval.ranking import by_score


def test_ties_go_to_the_later_item():
    assert by_score(np.zeros(40)).order == list(range(39, -1, -1))
    assert by_score(np.array([1.0, 3.0, 1.0, 3.0])).order == [3, 1, 2, 0]


@pytest.mark.parametrize("size", range(1, 17))
def test_up_to_sixteen_items_ties_are_ordered_as_numpy_1_24_did(size):
    # numpy 1.24's default sort is an insertion sort, so stable, for up to 16 numbers; the official script reverses it
    rng = np.random.default_rng(size)
    for _ in range(50):
        scores = rng.integers(0, 4, size).astype(float)
        assert by_score(scores).order == list(np.argsort(scores, kind="mergesort")[::-1])


def test_scores_keep_the_profile_order_and_notes_are_kept():
    found = by_score(np.array([1.0, 2.0]), ("odd",))
    assert (found.order, found.scores, found.notes) == ([1, 0], [1.0, 2.0], ("odd",))
