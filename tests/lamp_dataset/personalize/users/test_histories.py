import unicodedata

import datasets
import pytest
from tastes import rows_of_tastes

from lamp_dataset.personalize.users.histories import histories, normal
from lamp_dataset.tasks import TASKS


@pytest.mark.parametrize(
    "text",
    ["Café  in the RAIN!", " café\u2003in\xa0the rain", "cafe\u0301 in the\train…", "“Ca\u00adfé, in the rain”\u200b"],
)
def test_texts_are_compared_by_their_words(text):
    assert normal(text) == normal("café in the rain") != normal("cafe in the rain")
    assert normal(unicodedata.normalize("NFD", text)) == normal(text)


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
    with histories(leaky, task if told else None, [other]) as found:
        assert (found.leaks, found.number) == (len(planted), 12 * 8 + len(planted))
        assert [item["id"] for item in found.of_user["u3"].to_pylist()] == [f"u3/3{n}" for n in range(8)]
    with histories(leaky, task, [], guard=False) as found:
        assert (found.leaks, len(found.of_user["u3"])) == (0, 8 + len(planted))


def test_without_a_task_an_item_in_an_input_is_left_out_but_labels_are_not():
    rows = [
        {"id": str(n), "user_id": str(n), "input": "Rate 1, 2 or fun: a day at sea, again", "output": "1", "profile": p}
        for n, p in enumerate(
            [[{"id": str(k), "note": f"note {k}", "tag": "fun", "stars": str(k % 3)} for k in range(12)]] * 2
        )
    ]
    rows[1]["profile"] = [*rows[1]["profile"], {"id": "x", "note": "Day at\u00a0SEA", "tag": "fun", "stars": "2"}]
    with histories(datasets.Dataset.from_list(rows), None) as found:
        assert (found.leaks, found.number) == (1, 25)


def test_rows_of_no_such_shape():
    for rows, message in (
        ([{"id": "1"}], "expected a datasets.Dataset, found list"),
        (datasets.Dataset.from_dict({"id": ["1"], "input": ["x"], "profile": ["x"]}), "list of dicts with texts"),
    ):
        with pytest.raises(ValueError, match=message), histories(rows, None):
            pass
