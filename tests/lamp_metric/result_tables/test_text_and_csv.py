import csv
import io

import pytest

from lamp_dataset.formats.texts import Number
from lamp_metric.result_tables.text_and_csv import csv_text, interval, table


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1+1", "''-1", "-"])
def test_a_text_that_a_spreadsheet_would_run_begins_with_an_apostrophe(text):
    written = csv_text([["user", text]])
    assert written.removeprefix("user,").strip('"')[0] == "'"
    assert list(csv.reader(io.StringIO(written, newline=""))) == [["user", f"'{text}"]]


@pytest.mark.parametrize("text", ["210", "a-b", "", "'", "'s", "a,b", 'say "x"', "two\nlines", "é"])
def test_other_texts_are_written_as_they_are(text):
    plain = io.StringIO()
    csv.writer(plain, lineterminator="\n").writerow(["user", text])
    assert csv_text([["user", text]]) == plain.getvalue()


def test_numbers_get_nothing_in_front():
    assert csv_text([[-0.5, Number("-5e-07"), -1, None]]) == "-0.5,-5e-07,-1,\n"


def test_columns_are_aligned_and_intervals_have_four_digits():
    rows = [["task", "n"], ["LaMP_3", "7"], ["", "1,234"]]
    assert table(rows, numeric=[1]).split("\n") == ["task        n", "LaMP_3      7", "        1,234"]
    assert table([["a", "long header"], ["b", ""]]) == "a  long header\nb"
    assert interval([0.12344, 1]) == "[0.1234, 1.0000]"
    assert interval(None) == ""
