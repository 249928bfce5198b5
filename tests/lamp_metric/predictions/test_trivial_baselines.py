import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.trivial_baselines import baseline

ROWS = [
    {
        "input": "Paraphrase the following tweet without any explanation before or after it: so tired: really",
        "profile": [],
    },
    {
        "input": "x",
        "profile": [{"id": "0", "title": "First", "text": "a"}, {"id": "1", "title": "Second", "text": "b"}],
    },
]


@pytest.mark.parametrize(
    ("name", "golds", "what", "predictions"),
    [
        ("LaMP_1", ["[2]", "[1]", "[2]"], "most common training label", ["[2]", "[2]"]),
        ("LaMP_2_time", ["comedy", "sci-fi"], "most common training label", ["sci-fi", "sci-fi"]),
        ("LaMP_3", ["5", "4", "4"], "mean training rating", [str(13 / 3)] * 2),
        ("LaMP_4", [], "title of the first profile item", ["", "First"]),
        ("LaMP_7", [], "text of the input", ["so tired: really", "x"]),
    ],
)
def test_each_kind_has_its_baseline(name, golds, what, predictions):
    assert baseline(name, ROWS, golds) == (what, predictions)


def test_every_config_has_one_and_labels_need_training_golds():
    for name, task in TASKS.items():
        rows = [{"input": "a: b", "profile": [dict.fromkeys(task.item_fields, "x")]}]
        assert len(baseline(name, rows, task.labels)[1]) == 1
    with pytest.raises(ValueError, match="LaMP_3.*training split"):
        baseline("LaMP_3", ROWS, [])
