import json

import numpy as np
import pytest
from tie_orders import DIGESTS, SIZES, arrays, digest, killer

from lamp_dataset.personalize.retrieval import ties
from lamp_dataset.personalize.retrieval.ranking import by_score
from lamp_dataset.personalize.retrieval.ties import introsort


def test_introsort_and_official_rankings_order_ties_as_recorded_with_numpy_1_24():
    recorded = json.loads(DIGESTS.read_text(encoding="utf-8"))
    assert {str(size): digest(list(map(introsort, arrays(size)))) for size in SIZES} == recorded
    for size in (0, 1, 16, 17, 40, 500):
        for scores in arrays(size) if size else [[]]:
            assert by_score(np.array(scores), rules="official").order == introsort(scores)[::-1]


@pytest.mark.parametrize("levels", [1, 3, 500])
def test_the_arrays_against_the_median_of_three_reach_heapsort(levels, monkeypatch):
    runs, heapsort = [], ties._heapsort
    monkeypatch.setattr(ties, "_heapsort", lambda values, run: runs.append(len(run)) or heapsort(values, run))
    introsort(killer([float(n % levels) for n in range(500)]))
    assert runs == [500 - 2 * 17]
