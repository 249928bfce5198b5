import pytest

from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.formats.task_of_file import (
    best_fit,
    check_labels,
    count_labels,
    looks_like,
    other_task,
    task_of,
    tasks_named,
    tasks_with_label,
)
from lamp_dataset.tasks import LAMP, OFFICIAL_NAMES, TASKS


def golds(official_name, *outputs):
    return Outputs(official_name, {str(number): output for number, output in enumerate(outputs)}, "golds.json")


def test_every_official_name_has_its_tasks_in_both_settings():
    for setting in ("user", "time"):
        found = [task.name for name in OFFICIAL_NAMES for task in tasks_named(name, "f", setting)]
        assert sorted(found) == sorted(
            name for name, task in TASKS.items() if task.setting == setting and task.family is LAMP
        )
    assert [task.name for task in tasks_named("LaMP_2", "f")] == ["LaMP_2", "LaMP_2_news"]
    with pytest.raises(ValueError, match=r"golds\.json: .*'LaMP_9'.*LaMP_1, .*LaMP_7"):
        tasks_named("LaMP_9", "golds.json")


@pytest.mark.parametrize(
    ("outputs", "name", "expected"),
    [
        (("comedy", "politics", "women"), None, "LaMP_2_news"),
        (("comedy ", "politics", "classic"), None, "LaMP_2"),
        (("comedy", "politics"), None, "LaMP_2"),
        ((), None, "LaMP_2"),
        (("politics",), "LaMP_2_time", "LaMP_2_news_time"),
        (("comedy",), "LaMP_2_news", "LaMP_2_news"),
    ],
)
def test_movies_or_news_is_told_by_the_labels(outputs, name, expected):
    assert task_of(golds("LaMP_2", *outputs), name).name == expected


def test_a_name_that_the_file_does_not_give_is_refused():
    with pytest.raises(ValueError, match="golds.json: .*'LaMP_3'.*'LaMP_4'"):
        task_of(golds("LaMP_4", "x"), "LaMP_3")
    with pytest.raises(ValueError, match="golds.json: .*'LaMP_9'"):
        task_of(golds("LaMP_9", "x"))
    with pytest.raises(ValueError, match="golds.json: .*'LaMP_2M'.*files of LaMP_. say 'LaMP_2'"):
        task_of(golds("LaMP_2M", "comedy"))
    with pytest.raises(ValueError, match="golds.json: .*'LaMP_5'.*'LaMP-4'.*files of LaMP_. say 'LaMP_4'"):
        task_of(golds("LaMP-4", "x"), "LaMP_5")
    with pytest.raises(ValueError, match="LaMP-3"):
        task_of(golds("LaMP_3", "1"), "LaMP-3")


@pytest.mark.parametrize(
    ("said", "output", "name"),
    [
        ("LaMP-3", "5", "LaMP_3"),
        ("LaMP_8", "comedy", "LaMP_2_time"),
        ("LaMP_2M", "travel", "LaMP_2_news_time"),
        ("LaMP_2N", "travel", "LaMP_2_news"),
        ("LaMP_8", "x", "LaMP_4_time"),
        ("LaMP_2", "5", "LaMP_3"),
        ("LaMP_2", "5", "LaMP_3_time"),
    ],
)
def test_a_config_s_name_and_labels_say_more_than_the_file_s_name(said, output, name):
    assert task_of(golds(said, output), name) is TASKS[name]


def test_labels_say_more_than_a_name_that_is_not_official():
    with pytest.raises(ValueError, match=r"golds\.json: .*LaMP_2_news_time.*'comedy'.*LaMP_2"):
        task_of(golds("LaMP_2N", "comedy"), "LaMP_2_news_time")
    assert best_fit("LaMP_3", [5, None, "x"], "f").name == "LaMP_3"
    assert count_labels([5, " 4 ", "5.0", None, [1], 4.5], TASKS["LaMP_3"]) == 3


def test_another_task_is_the_one_whose_labels_more_than_half_are():
    for outputs, total, name in (
        (["4", 5.0, "x"], None, "LaMP_3"),
        (["4", "x"], None, None),
        (["4", "5"], 4, None),
        (["travel"], None, "LaMP_2_news"),
        ([], None, None),
    ):
        found = other_task(outputs, TASKS["LaMP_2"], total)
        assert (found and found.name) == name


def test_golds_that_are_mostly_labels_of_another_task_are_refused():
    check_labels(golds("LaMP_2", "politics", "no label"), TASKS["LaMP_2_news"])
    check_labels(golds("LaMP_4", "anything"), TASKS["LaMP_4"])
    with pytest.raises(ValueError, match="golds.json: .*LaMP_2 .*'politics' .*LaMP_2_news"):
        check_labels(golds("LaMP_2", "politics", "women", "comedy"), TASKS["LaMP_2"])
    assert tasks_with_label("1") == " ('1' is a label of LaMP_3)"
    assert tasks_with_label("none") == ""
    assert looks_like(f"{TASKS['LaMP_2_news'].instruction} x", TASKS["LaMP_2"]).endswith("LaMP_2_news)")
    assert looks_like(f"{TASKS['LaMP_2'].instruction} x", TASKS["LaMP_2"]) == ""
    assert looks_like(None, TASKS["LaMP_2"]) == ""
