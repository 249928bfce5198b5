import pyarrow as pa
import pytest

from lamp_dataset import TASKS
from lamp_dataset.personalize.history.items import Item, pair_ids, united

TASK = TASKS["LaMP_4"]


def profile(*texts):
    """An item for each text and title."""
    kind = pa.struct([(name, pa.string()) for name in TASK.item_fields])
    items = [{"id": str(n), "text": text, "title": title} for n, (text, title) in enumerate(texts)]
    return pa.array([{"id": "of another row"}, *items], kind)[1:]


WHOLE = [("a", "1"), ("b", "2")]


@pytest.mark.parametrize(
    ("profiles", "first", "copies"),
    [
        ([], [], 0),
        ([[]], [], 0),
        ([WHOLE, WHOLE[::-1], WHOLE], ["7.0", "7.1"], 0),
        ([[("a", "1"), (" a\n", "2"), ("a", "")]], ["7.0", "7.2"], 1),
        ([[("a", ""), ("a", None), ("a", "\u3000\t"), ("", "1"), (None, "2")]], ["7.0", "7.3", "7.4"], 2),
        # as often as the row that has it most often
        ([[*WHOLE, *WHOLE, ("a", "3")], [("a", "4")] * 3, WHOLE, [("b", "9")] * 4], ["7.0", "7.1"], 5),
        ([[("a", "")], WHOLE], ["7.0", "8.0", "8.1"], 0),
    ],
)
def test_of_each_text_the_first_whole_item_counts(profiles, first, copies):
    found, number = united(TASK, ((str(n), profile(*texts)) for n, texts in enumerate(profiles, 7)))
    assert ([item.place for item in found], number) == (
        [f"sample '{name[0]}', item {name[2]}" for name in first],
        copies,
    )
    for item in found:
        assert item.text == (item.fields["text"] or "").strip()
        assert item.output == (item.fields["title"] or "").strip()


def ids(user, *names):
    return list(pair_ids(user, [Item({"id": name}, "", "", "") for name in names]))


def test_ids_are_made_of_the_users_and_the_items_and_never_alike():
    assert ids("a", "1", "b/c", "1", "", "%2F", "a b", "é\n", "1/2", "1", None) == [
        "a/1", "a/b%2Fc", "a/1/2", "a/", "a/%252F", "a/a%20b", "a/%C3%A9%0A", "a/1%2F2", "a/1/3", "a//2",
    ]  # fmt: skip
    assert ids("a/b", "-", "x") == ["a%2Fb/-", "a%2Fb/x"]
    assert ids("", "x") == ["/x"]
