import pytest

from lamp_dataset.personalize.prompts.prompt import LEFT_OUT, Content, Prompt, assemble, clean_item, no_place
from lamp_dataset.tasks import TASKS


def test_items_and_input_are_joined_in_the_official_words():
    items = [{"score": "5", "text": "a"}, {"score": "1", "text": "{b}"}]
    assert assemble(TASKS["LaMP_3"].wording, "review: c", items) == (
        '5 is the score for "a" , and 1 is the score for "{b}" . review: c'
    )
    wording, text = TASKS["LaMP_1"].wording, 'entitled title "x"'
    assert assemble(wording, text, [{"title": "P"}]) == 'entitle, and "P"d title "x"'
    assert assemble(wording, text, [{"title": "P"}], text.index("title ")) == 'entitled title, and "P" "x"'


def test_an_item_is_cleaned_to_the_fields_of_the_prompt():
    values, empty = clean_item(TASKS["LaMP_4"].wording, {"id": "1", "title": None, "text": 7}, "item '1'")
    assert (values, empty) == ({"title": "", "text": "7"}, ["title"])
    with pytest.raises(ValueError, match="item '1': .*'title'.*'id', 'text'"):
        clean_item(TASKS["LaMP_4"].wording, {"id": "1", "text": "a"}, "item '1'")
    note = no_place(TASKS["LaMP_1"].wording)
    assert "'title'" in note
    assert Content("a", [{}, {}]).alone(note) == Prompt("a", (LEFT_OUT, LEFT_OUT), (note,))
