import pytest

from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.formats.texts import DuplicateIdError, IdMismatchError
from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.reading import join, join_by_id

NAMES = ("p.json", "g.json")


def outputs(task="LaMP_4", name="g.json", **by_id):
    return Outputs(task, by_id, name)


def test_the_order_is_that_of_the_references_and_other_ids_are_named():
    found = join_by_id([("2", "b"), ("1", "a")], [("1", "x"), ("2", "y")], NAMES)
    assert found == (["1", "2"], ["a", "b"], ["x", "y"])
    with pytest.raises(IdMismatchError, match=r"p\.json .*2 of the 3 ids.*g\.json.*'2'.* 1 id not in.*'9'"):
        join_by_id([("1", "a"), ("9", "b")], [("1", "a"), ("2", "b"), ("3", "c")], NAMES)


@pytest.mark.parametrize("side", [0, 1])
def test_a_duplicate_id_is_named_with_its_side(side):
    sides = [[("1", "a")], [("1", "a")]]
    sides[side] = sides[side] * 2
    with pytest.raises(DuplicateIdError, match=f"{NAMES[side]}.*'1'"):
        join_by_id(*sides, NAMES)


def test_files_are_joined_by_id():
    joined = join(outputs(a="x", b="y"), outputs(b="2", a="1", name="p.json"))
    assert (joined.task, joined.ids) == (TASKS["LaMP_4"], ["a", "b"])
    assert (joined.predictions, joined.references) == (["1", "2"], ["x", "y"])
    assert joined.names == ("p.json: prediction", "g.json: reference")


def test_the_labels_of_the_golds_tell_movie_tags_from_news_categories():
    for name, gold in (("LaMP_2", "comedy"), ("LaMP_2_news", "travel")):
        golds = outputs("LaMP_2", a=gold)
        assert join(golds, golds).task.name == name
        assert join(golds, golds, "LaMP_2_time").task.name == f"{name}_time"
        assert join(golds, golds, "LaMP_2_news").task.name == "LaMP_2_news"


@pytest.mark.parametrize(
    ("golds", "predictions", "task_name", "facts"),
    [
        (outputs(a="x"), outputs("LaMP_5", "p.json", a="x"), None, r"p\.json.*'LaMP_4'.*g\.json.*'LaMP_5'"),
        (outputs(a="x"), outputs(a="x"), "LaMP_5", r"g\.json.*'LaMP_5'.*'LaMP_4'"),
        (outputs("LaMP_8", a="x"), outputs("LaMP_8", a="x"), None, r"g\.json.*'LaMP_8'"),
        (outputs(), outputs(), None, r"g\.json.*empty"),
        (outputs(a="x"), outputs(b="x", name="p.json"), None, r"p\.json .*1 of the 1 ids.*'a'"),
    ],
)
def test_files_that_do_not_belong_together_are_named(golds, predictions, task_name, facts):
    with pytest.raises(ValueError, match=facts):
        join(golds, predictions, task_name)
