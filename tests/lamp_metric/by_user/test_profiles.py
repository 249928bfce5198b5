from lamp_dataset.tasks import TASKS
from lamp_metric.by_user.nearness import Nearness
from lamp_metric.by_user.profiles import Profile, Profiles


def row(task, text):
    item = dict.fromkeys(task.item_fields, "late rain")
    return {"id": "7", "input": f"{task.instruction} {text}", "profile": [item, item]}


def test_size_nearness_and_query_are_kept():
    look = Profiles(TASKS["LaMP_7"])
    look(row(look.task, "rain and tea"))
    assert look.by_id == {"7": Profile(2, Nearness(0.4), "rain and tea")}


def test_no_text_of_a_gated_task_is_kept():
    look = Profiles(TASKS["LaMP_6"])
    look(row(look.task, "late  rain"))
    assert look.by_id == {"7": Profile(2, Nearness(1.0, "exact"), "")}
