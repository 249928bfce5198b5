import dataclasses

import pytest
from console import printed_by

from lamp_dataset import TASKS, Kind, get_task, register
from lamp_dataset.task import KINDS, register_kind

ROW = dataclasses.replace(TASKS["LaMP_4"], name="Recipes", base="Recipes", official_name="Recipes", aliases=())


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([dataclasses.replace(ROW, name="LaMP_4")], "a config named 'LaMP_4' exists already"),
        ([ROW, dataclasses.replace(ROW, title="Other")], "a config named 'Recipes' exists already"),
        (["LaMP_4"], "expected a Task, or a Kind, found 'LaMP_4'"),
        ([Kind(name="ordinal", scores=("kappa",), labels=True, category="other")], "'ordinal': another kind has this"),
    ],
)
def test_what_cannot_be_registered_is_named_and_nothing_is_added(rows, message):
    with pytest.raises(ValueError, match=message):
        register(*rows)
    assert "Recipes" not in TASKS


@pytest.mark.parametrize("scores", [(), ("kappa", "kappa")])
def test_a_kind_needs_scores_each_once(scores):
    with pytest.raises(ValueError, match="kind 'k': expected one score or more, each once"):
        Kind(name="k", scores=scores, labels=True, category="other")


def test_a_task_of_an_unknown_kind_fails_when_it_is_made():
    with pytest.raises(ValueError, match="row 'Recipes': kind 'stars' is not one of classification, ordinal"):
        dataclasses.replace(ROW, kind="stars")
    register_kind(KINDS["ordinal"])
    assert get_task(ROW) is ROW


PLUGIN = """
import dataclasses
from lamp_dataset import TASKS, register

def tasks():
    row = TASKS["LaMP_4"]
    return [dataclasses.replace(row, name="Recipes", base="Recipes", official_name="Recipes", aliases=())]
"""
USE = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import lamp_dataset
    print(list(lamp_dataset.TASKS)[-1], lamp_dataset.get_task("recipes_u" and "Recipes").title)
    import datasets
    print(datasets.get_dataset_config_names("lamp")[-1])
for warning in caught:
    if "entry point" in str(warning.message):
        print(warning.message)
"""


def test_entry_points_bring_tasks_and_a_broken_one_is_a_warning(tmp_path):
    (tmp_path / "recipes.py").write_text(PLUGIN)
    (tmp_path / "broken.py").write_text("import no_such_module\n")
    about = tmp_path / "recipes-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: recipes\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[lamp_dataset.tasks]\nbroken = broken:tasks\nrecipes = recipes:tasks\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{USE}"
    assert printed_by(code, cwd=tmp_path) == [
        f"Recipes {ROW.title}",
        "Recipes",
        "entry point 'broken' of lamp_dataset.tasks (broken:tasks) is left out: No module named 'no_such_module'",
    ]
