import numpy as np

from lamp_dataset.personalize.retrieval.ranking import by_score


def test_ties_go_to_the_later_item():
    assert by_score(np.zeros(40)).order == list(range(39, -1, -1))
    assert by_score(np.array([1.0, 3.0, 1.0, 3.0])).order == [3, 1, 2, 0]


def test_scores_keep_the_profile_order_and_notes_are_kept():
    found = by_score(np.array([1.0, 2.0]), ("odd",))
    assert (found.order, found.scores, found.notes) == ([1, 0], [1.0, 2.0], ("odd",))
