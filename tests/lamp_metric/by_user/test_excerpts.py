from lamp_dataset.tasks import TASKS
from lamp_metric.by_user.excerpts import excerpts
from lamp_metric.by_user.nearness import Nearness
from lamp_metric.by_user.profiles import Profile
from lamp_metric.predictions.joining import JoinedOutputs

SUMMARY = {"baseline": "none", "extremes": {"own": {"gain": [{"sample": "2"}], "lose": []}}}
PROFILES = {key: Profile(1, Nearness(0.0), f"text {key}") for key in "12"}


def joined(name, *outputs):
    return JoinedOutputs(TASKS[name], ["1", "2"], list(outputs), ["gold 1", "gold 2"], ("", ""))


def test_input_gold_and_both_outputs_are_shown():
    systems = {"none": joined("LaMP_4", "a", "b"), "own": joined("LaMP_4", "c", 4), "other": joined("LaMP_4", "e", "f")}
    assert excerpts(SUMMARY, systems, PROFILES) == {
        "own": {"2": {"input": "text 2", "gold": "gold 2", "output of none": "b", "output of own": "4"}}
    }


def test_nothing_is_shown_of_a_gated_task():
    systems = {"none": joined("LaMP_6", "a", "b"), "own": joined("LaMP_6", "c", "d")}
    assert excerpts(SUMMARY, systems, PROFILES) == {}
