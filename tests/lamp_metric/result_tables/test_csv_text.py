import csv
import io

import pytest

from lamp_dataset.formats.texts import Number
from lamp_metric.result_tables.csv_text import csv_text


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
