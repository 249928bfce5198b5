import dataclasses
from pathlib import Path

import pytest
from console import printed_by

import lamp_dataset
from lamp_dataset.task import SPLITS
from lamp_dataset.tasks import LAMP, OFFICIAL_NAMES, TASKS, get_task

LAMPS = {name: task for name, task in TASKS.items() if task.family is LAMP}


def test_there_are_sixteen_configs_that_cannot_be_changed():
    user = [name for name, task in LAMPS.items() if task.setting == "user"]
    assert user == ["LaMP_1", "LaMP_2", "LaMP_2_news", "LaMP_3", "LaMP_4", "LaMP_5", "LaMP_6", "LaMP_7"]
    assert {name for name, task in LAMPS.items() if task.time_based} == {f"{name}_time" for name in user}
    assert tuple(f"LaMP_{n}" for n in range(1, 8)) == OFFICIAL_NAMES
    with pytest.raises(TypeError):
        TASKS["LaMP_8"] = TASKS["LaMP_1"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        TASKS["LaMP_1"].title = "another"
    with pytest.raises(TypeError):
        TASKS["LaMP_1"].num_samples["train"] = 1


def test_locations_are_those_of_the_official_site():
    assert TASKS["LaMP_2"].questions_path("validation") == "LaMP_2/new/dev/dev_questions.json"
    assert TASKS["LaMP_2_time"].questions_path("train") == "time/LaMP_2/new/train/train_questions.json"
    assert TASKS["LaMP_2_news"].outputs_path("train") == "LaMP_2/train/train_outputs.json"
    assert TASKS["LaMP_2_news_time"].outputs_path("validation") == "time/LaMP_2/dev/dev_outputs.json"
    assert TASKS["LaMP_7"].outputs_path("test") is None
    files = {task.questions_path(s) for task in LAMPS.values() for s in SPLITS}
    files |= {task.outputs_path(s) for task in LAMPS.values() for s in SPLITS} - {None}
    assert len(files) == 80


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("LaMP-2M", "LaMP_2"),
        ("LaMP-2N", "LaMP_2_news"),
        ("LaMP-2-old", "LaMP_2_news"),
        ("LaMP-3", "LaMP_3"),
        ("LaMP-3T", "LaMP_3_time"),
        ("LaMP-7U", "LaMP_7"),
        ("lamp_2_news_TIME", "LaMP_2_news_time"),
    ],
)
def test_names_of_papers_are_pointed_to_ours(name, ours):
    with pytest.raises(ValueError, match=f"no config named '{name}': that task is '{ours}' here. .*list"):
        get_task(name)


def test_a_misspelt_name_suggests_the_near_one():
    with pytest.raises(ValueError, match="did you mean 'LaMP_2_time' or"):
        get_task("LaMP_2_tim")
    with pytest.raises(ValueError, match=r"^no config named 'squad'\. `lamp-dataset list` shows"):
        get_task("squad")


def test_the_table_needs_the_standard_library_only():
    folder = str(Path(lamp_dataset.__file__).parent)
    code = (
        f"import sys; sys.path.insert(0, {folder!r}); before = set(sys.modules); import tasks;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before} - {'tasks', 'lamp_dataset'};"
        "print(sorted(new - sys.stdlib_module_names))"
    )
    assert printed_by(code) == ["[]"]


def test_an_unknown_key_of_the_table_gets_the_hint_of_get_task():
    for name in ("LaMP3", "LaMP-2N", "x" * 10**5, 6, None):
        with pytest.raises(ValueError, match="no config named") as expected:
            get_task(name)
        with pytest.raises(KeyError) as found:
            TASKS[name]
        assert found.value.args == (str(expected.value),)
        assert len(str(expected.value)) < 600
    assert "LaMP3" not in TASKS
    assert TASKS.get("LaMP3") is None
