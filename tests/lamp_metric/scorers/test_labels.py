import numpy as np
import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric.scorers import SCORERS


@pytest.mark.parametrize(
    ("name", "gold", "outputs", "hit", "share"),
    [
        ("LaMP_2", "comedy", ["drama", " comedy", "comedy"], [0, 1, 1], [0, 1 / 2, 2 / 3]),
        ("LaMP_3", "4", ["4.0", "5", ""], [1, 1, 1], [1, 1 / 2, 1 / 3]),
        ("LaMP_3", "none", ["none"], [0], [0]),
    ],
)
def test_retrieved_labels_are_compared_by_the_value_that_they_stand_for(name, gold, outputs, hit, share):
    task = TASKS[name]
    assert SCORERS[task.kind].judge(task, gold, outputs) == {"hit": hit, "share": share}


def test_a_head_with_another_number_of_labels_fits_no_classes_and_one_number_per_sample_fits_ratings():
    labels = np.array([1, 0])
    assert SCORERS["classification"].read_head(TASKS["LaMP_1"], np.zeros((2, 3)), labels) is None
    assert SCORERS["ordinal"].read_head(TASKS["LaMP_3"], np.array([4.2, 1.0]), labels) == ([4.2, 1.0], [1, 0])
