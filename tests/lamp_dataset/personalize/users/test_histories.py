import unicodedata

import datasets
import pytest
from made_users import rows_of_tastes

from lamp_dataset.personalize.users.inference import Histories
from lamp_dataset.tasks import TASKS


def with_items(rows, user, *texts, task):
    """The rows, with further items in a user's profile."""
    made = rows.to_list()
    for number, (text, output) in enumerate(texts):
        item = {**dict.fromkeys(TASKS[task].profile_fields, f"x{number}"), TASKS[task].pair.text: text}
        item |= {} if output is None else {TASKS[task].pair.output: output}
        made[user]["profile"].append({"id": f"new{number}", "date": "2013-05-29", **item})
    return datasets.Dataset.from_list(made, features=rows.features)


@pytest.mark.parametrize("task", ["LaMP_3_time", "LaMP_4_time", "LaMP_5_time", "LaMP_7_time"])
@pytest.mark.parametrize("told", [True, False])
def test_what_any_sample_asks_about_or_has_as_its_gold_is_in_no_history(task, told):
    rows, other = rows_of_tastes(task), rows_of_tastes(task, users=3, seed=1)
    subjects = [TASKS[task].subject_of(rows[0]["input"]), TASKS[task].subject_of(other[1]["input"])]
    odd = [unicodedata.normalize("NFKD", f"\u2003{text.upper()}\u200b \xa0!") for text in subjects]
    planted = [(odd[0], None), (odd[1], None)]
    planted += [] if TASKS[task].labels else [("new", rows[4]["output"].title()), ("newer", other[2]["output"])]
    leaky = with_items(rows, 3, *planted, task=task)
    found = Histories(leaky, task if told else None, [other])
    assert [item["id"] for item, _ in found.of("u3")] == [f"u3/3{n}" for n in range(8)]
    assert found.counts == {"u3": (8 + len(planted), len(planted))}
    assert len(Histories(leaky, task, [], guard=False).of("u3")) == 8 + len(planted)


def test_without_a_task_an_item_in_an_input_is_left_out_but_labels_are_not():
    rows = [
        {"id": str(n), "user_id": str(n), "input": "Rate 1, 2 or fun: a day at sea, again", "output": "1", "profile": p}
        for n, p in enumerate(
            [[{"id": str(k), "note": f"note {k}", "tag": "fun", "stars": str(k % 3)} for k in range(12)]] * 2
        )
    ]
    rows[1]["profile"] = [*rows[1]["profile"], {"id": "x", "note": "Day at\u00a0SEA", "tag": "fun", "stars": "2"}]
    found = Histories(datasets.Dataset.from_list(rows).with_format("numpy"), None)
    assert [len(found.of(user)) for user in found.rows_of] == [12, 12]
    assert found.counts == {"0": (12, 0), "1": (13, 1)}


def test_ids_are_told_apart_and_copies_are_one():
    items = [{"id": "7", "text": text} for text in ("tea", "rain", " rain\n", "fog")]
    rows = [{"id": n, "user_id": "a/b", "input": "?", "profile": items[at:]} for n, at in (("10", 0), ("9", 1))]
    found = Histories(datasets.Dataset.from_list(rows), None).of("a/b")
    assert [(item["id"], text) for item, text in found] == [
        ("a%2Fb/7", "rain"), ("a%2Fb/7/2", "fog"), ("a%2Fb/7/3", "tea"),
    ]  # fmt: skip


ROWS = datasets.Dataset.from_dict({"id": ["1"], "input": ["x"], "profile": ["x"]})


@pytest.mark.parametrize(
    ("rows", "task", "exclude", "message"),
    [
        ([{"id": "1"}], None, [], "expected .* a datasets.Dataset, found list"),
        (rows_of_tastes(), None, ROWS, "each split to exclude, as a datasets.Dataset, found dict"),
        (rows_of_tastes(), None, [ROWS.to_iterable_dataset()], "found IterableDataset"),
        (rows_of_tastes(), "LaMP_4", [], "items of LaMP_4 with text, title, found text, score; rows of another"),
    ],
)
def test_rows_of_no_such_shape(rows, task, exclude, message):
    with pytest.raises(ValueError, match=message):
        Histories(rows, task, exclude)
