import pytest

from lamp_dataset.formats.texts import check_encodable, check_no_stub, short
from lamp_dataset.tasks import TASKS


@pytest.mark.parametrize("value", ["x" * 10**6, ["x" * 10**6], {"a": "\x1b" * 10**6}, "210", None, 7])
def test_values_are_short_and_printable_in_messages(value):
    assert len(short(value)) <= 82
    assert short(value).isprintable()


def test_short_values_stay_whole():
    assert [short(value) for value in ("210", "a'b", None, 7)] == ["'210'", '"a\'b"', "None", "7"]


def test_stubs_are_named_with_their_file_and_the_way_out():
    check_no_stub("147-000874-EM.txt", "q.json", TASKS["LaMP_4"])
    check_no_stub("Re: lunch", "q.json", TASKS["LaMP_6"])
    with pytest.raises(ValueError, match=r"q\.json: .*'147-000874-EM\.txt'.*avocado-builder build"):
        check_no_stub("147-000874-EM.txt", "q.json", TASKS["LaMP_6"])


def test_half_characters_are_named_with_their_place():
    check_encodable("\U0001f600", "q.json: sample '1'", "input")
    with pytest.raises(ValueError, match=r"q\.json: sample '1': 'input' .*'\\ud83d' at character 2"):
        check_encodable("ab\ud83d", "q.json: sample '1'", "input")
