import io
import json
import random

import made_up
import pytest

from lamp_dataset.formats import json_text
from lamp_dataset.formats.json_text import DECODER, JsonText
from lamp_dataset.formats.texts import Number


def opened(text, read_ahead=b"", offset=0):
    return JsonText(io.BytesIO(text.encode()).read, "q.json", read_ahead, offset)


@pytest.fixture
def small(monkeypatch):
    """Reads of a few bytes, so that everything is cut somewhere."""
    monkeypatch.setattr(json_text, "READ_BYTES", 3)
    monkeypatch.setattr(json_text, "HEAD_BYTES", 2)


def test_numbers_keep_their_spelling_and_differ_from_strings():
    found = DECODER.decode('[5, 5.00, -1e3, NaN, "5", true, null]')
    assert found == ["5", "5.00", "-1e3", "NaN", "5", True, None]
    assert [type(value) for value in found[:5]] == [Number] * 4 + [str]


def test_values_that_are_cut_anywhere_are_read_whole(small):
    r = random.Random(1)
    values = [{text: [text, r.choice(made_up.ODD), {"n": None}]} for text in made_up.ODD]
    for ascii_only in (True, False):
        text = opened(" ,\n".join(json.dumps(value, ensure_ascii=ascii_only) for value in values) + " ]")
        found = []
        while text.peek() != "]":
            found.append(text.value())
            if text.peek() == ",":
                text.position += 1
        assert found == values
        assert text.end_of_list(wrapped=False) is None


def test_bytes_that_were_read_before_come_first():
    text = opened('2", 7]', b'["1')
    assert text.peek() == "["
    text.position += 1
    assert text.value() == "12"
    assert (text.peek(), text.place()) == (",", "at byte 5")


def test_places_count_bytes_from_the_offset(small):
    value = '{"é": "漢"} '
    text = opened(f"{value}[x", offset=100)
    text.value()
    assert text.peek() == "["
    assert text.place() == f"at byte {100 + len(value.encode())}"
    with pytest.raises(ValueError, match=r"^q\.json: .* at byte 115"):
        text.value()


@pytest.mark.parametrize(
    ("text", "task"),
    [("]}", None), (' ] , "task" : "LaMP_6" } ', '"LaMP_6"'), ('],"task":"a\\"b"}\n', '"a\\"b"')],
)
def test_the_end_of_a_wrapper_gives_its_task(text, task):
    assert opened(text).end_of_list(wrapped=True) == task


@pytest.mark.parametrize(
    ("text", "wrapped", "fact"),
    [
        ("", False, "but the file ends"),
        ("x", False, "found 'x'"),
        ("] [", False, "at byte 2, found '\\['"),
        ("]", True, "expected '}'"),
        ('], "more": 1}', True, "expected '}'"),
        ("]} x", True, "at byte 3, found 'x'"),
    ],
)
def test_another_end_is_an_error(text, wrapped, fact):
    with pytest.raises(ValueError, match=f"q.json: .*{fact}"):
        opened(text).end_of_list(wrapped)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "the file ends in the middle of the list, at byte 0"),
        ('{"a": "b', "the row that begins at byte 0 does not end"),
        ('{"a": "\\ud8', "does not end"),
        ('{"a": "b\\', "does not end"),
        ('{"a": "\\x', r"Invalid .*escape.* at byte 7"),
        ('{"a": "\\u12"', r"Invalid .*escape.* at byte 8"),
        ('{"a" 1}                    ', "at byte 5"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_not_json_is_named_with_its_place(text, fact):
    with pytest.raises(ValueError, match=f"q.json: .*{fact}"):
        opened(text).value()


def test_bytes_that_are_not_utf8_are_named_with_their_place():
    with pytest.raises(ValueError, match=r"q\.json: expected UTF-8, found b'\\xff' at byte 7"):
        JsonText(io.BytesIO(b'["\xc3\xa9", \xff]').read, "q.json")


def test_a_value_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(json_text, "MAX_ROW_CHARS", 1_000)
    monkeypatch.setattr(json_text, "READ_BYTES", 100)
    monkeypatch.setattr(json_text, "HEAD_BYTES", 100)
    with pytest.raises(ValueError, match="begins at byte 0 does not end"):
        opened('"' + "x" * 1_000_000).value()
