import ast

import pytest

from lamp_dataset.formats.texts import Number, check_encodable, check_no_stub, counted, counted_each, printable, short
from lamp_dataset.tasks import TASKS


@pytest.mark.parametrize("value", ["x" * 10**6, ["x" * 10**6], {"a": "\x1b" * 10**6}, "210", None, 7])
def test_values_are_short_and_printable_in_messages(value):
    assert len(short(value)) <= 82
    assert short(value).isprintable()


def test_short_values_stay_whole_and_long_strings_end_with_an_ellipsis():
    assert [short(value) for value in ("210", "a'b", None, 7)] == ["'210'", '"a\'b"', "None", "7"]
    for text in ("x" * 10**6, "\x1b" * 100, "a'b" * 100, "a'\"b" * 100, "x" * 79 + "\n\n\n"):
        shown = short(text)
        assert shown.endswith("…" + shown[0])
        assert text.startswith(ast.literal_eval(shown)[:-1])
        assert len(shown) <= 82
    assert [short(Number("210")), short({"id": Number("-1e3")}), str(Number("7"))] == ["210", "{'id': -1e3}", "7"]


def test_what_a_terminal_would_obey_is_escaped_and_one_is_not_many():
    for text in ("\x1b[31m", "\x07", "a\nb", "\x9b2J", "\u202e", "\udcff"):
        assert printable(text).isprintable()
        assert ast.literal_eval(f"'{printable(text)}'") == text
    assert printable("café 日本 👍") == "café 日本 👍"
    assert [counted(number, "pairs") for number in (0, 1, 2, 1000)] == ["0 pairs", "1 pair", "2 pairs", "1,000 pairs"]
    assert counted_each({"train": 1, "test": 1000}, "rows") == "train 1, test 1,000 rows"
    assert counted_each({"train": 1000, "test": 1}, "rows") == "train 1,000, test 1 row"


def test_stubs_and_half_characters_are_named_with_their_place():
    check_no_stub("147-000874-EM.txt", "q.json", TASKS["LaMP_4"])
    check_no_stub("Re: lunch", "q.json", TASKS["LaMP_6"])
    with pytest.raises(ValueError, match=r"q\.json: .*'147-000874-EM\.txt'.*avocado-builder build"):
        check_no_stub("147-000874-EM.txt", "q.json", TASKS["LaMP_6"])
    check_encodable("\U0001f600", "q.json: sample '1'", "input")
    with pytest.raises(ValueError, match=r"q\.json: sample '1': 'input' .*'\\ud83d' at character 2"):
        check_encodable("ab\ud83d", "q.json: sample '1'", "input")
