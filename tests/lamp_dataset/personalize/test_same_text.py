import unicodedata

import pytest

from lamp_dataset import TASKS
from lamp_dataset.personalize.same_text import normal, own_leaks, questions


@pytest.mark.parametrize(
    "text",
    [
        "Café  in the RAIN!",
        " café\u2003in\xa0the rain",
        "cafe\u0301 in the\train…",
        "“Ca\u00adfé, in the rain”\u200b",
        "CAFE\u202e in&nbsp;the r\ufe0fain",
        "cafe&#32;İn the r\U000e0041ain",
        "Caf&amp;eacute; in the rain",
    ],
)
def test_texts_are_compared_by_their_words(text):
    assert normal(text) == normal("café in the rain") != normal("café in the train")
    assert normal(unicodedata.normalize("NFD", text)) == normal(text)


@pytest.mark.parametrize(
    ("name", "given", "output", "found"),
    [
        ("LaMP_4", "{instruction} a", " A ", [("text", "a"), ("title", "A")]),
        ("LaMP_4", "{instruction} a", None, [("text", "a")]),
        ("LaMP_3", "… review: so so", "4", [("text", "so so")]),  # a rating gives nothing away
        ("LaMP_7", "Paraphrase …: so tired", "am so tired", [("text", "so tired"), ("text", "am so tired")]),
    ],
)
def test_a_sample_asks_about_a_text_and_in_generation_has_a_gold(name, given, output, found):
    row = {"id": "1", "input": given.format(instruction=TASKS[name].instruction), "output": output, "profile": []}
    assert list(questions(TASKS[name], row)) == found


def test_leaks_of_a_sample_into_its_own_profile_are_listed_in_the_stored_order():
    task = TASKS["LaMP_5"]
    profile = [
        {"id": "40", "title": "Rain", "abstract": "wet "},
        {"id": "41", "title": "Fog", "abstract": "gray"},
        {"id": "42", "title": "Sun", "abstract": None},
    ]
    rows = [
        {"id": "4", "input": f"{task.instruction} x", "output": "Fog ", "profile": profile},
        {"id": "5", "input": f"{task.instruction} wet", "output": None, "profile": profile},
        {"id": "6", "input": f"{task.instruction} y", "output": "Snow", "profile": []},
        {"id": "7", "input": f"{task.instruction} gray", "output": "Fog", "profile": profile},
    ]
    assert list(own_leaks(task, rows)) == [
        ("4", "41", "title"),
        ("5", "40", "abstract"),
        ("7", "41", "abstract"),
        ("7", "41", "title"),
    ]
