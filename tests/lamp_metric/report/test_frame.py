import numpy as np
import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric import score
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.report.frame import Frame
from lamp_metric.report.profile_similarity import Profile

IDS, USERS = ["1", "2", "3"], ["b", "a", "b"]
GOLDS = ["5", "1", "3"]


def frame(name="LaMP_3", golds=GOLDS, **systems):
    runs = {
        system: [measure(TASKS[name], outputs, golds, IDS, users=USERS) for outputs in given]
        for system, given in systems.items()
    }
    return Frame(runs, [Profile(4, 0.25), Profile(9, 1.0, "exact"), Profile(6, 0.75)])


@pytest.fixture
def rated():
    return frame(base=[["5", "2", "1"]], mine=[["4", "1", "3"], ["5", "1", "2"]])


def test_baseline_users_and_gains(rated):
    assert (rated.baseline, rated.others, rated.keys) == ("base", ["mine"], ("MAE",))
    assert (rated.names, rated.counts.tolist()) == (["b", "a"], [2, 1])
    assert rated.by_user(rated.sizes).tolist() == [5.0, 9.0]
    assert rated.by_user(rated.similarity).tolist() == [0.5, 1.0]
    assert rated.values("base", "MAE").tolist() == [0.0, 1.0, 2.0]
    assert rated.values("mine", "MAE").tolist() == [0.5, 0.0, 0.5]
    assert rated.gains("mine", "MAE").tolist() == [-0.5, 1.0, 1.5]


def test_a_larger_score_is_a_gain_for_texts():
    texts = frame("LaMP_4", ["a b", "c", "d"], base=[["a", "c", "d"]], mine=[["a b", "x", "d"]])
    assert texts.keys == ("rouge-1", "rouge-L")
    assert texts.gains("mine", "rouge-L").tolist() == pytest.approx([1 / 3, -1, 0])


def test_some_samples_are_scored_as_if_there_were_no_others(rated):
    rest = rated.only(np.array([True, False, True]))
    assert (rest.users, rest.profiles) == (["b", "b"], [Profile(4, 0.25), Profile(6, 0.75)])
    assert rest.samples.ids == ["1", "3"]
    assert rest.systems["mine"][1].scores == score("LaMP_3", ["5", "2"], ["5", "3"])


@pytest.mark.parametrize("name", ["LaMP_1", "LaMP_2", "LaMP_4"])
def test_every_kind_of_score_is_worked_out_anew(name):
    labels = TASKS[name].labels or ("a b", "b c", "c")
    golds, outputs = [labels[0], labels[1], labels[1]], [labels[1], labels[1], labels[0]]
    rest = frame(name, golds, base=[outputs]).only(np.array([False, True, True]))
    assert rest.samples.scores == pytest.approx(score(name, outputs[1:], golds[1:]))
