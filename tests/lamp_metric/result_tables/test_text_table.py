from lamp_metric.result_tables.text_table import interval, table


def test_columns_are_aligned_and_numbers_flush_right():
    rows = [["task", "n"], ["LaMP_3", "7"], ["", "1,234"]]
    assert table(rows, numeric=[1]).split("\n") == ["task        n", "LaMP_3      7", "        1,234"]


def test_no_line_ends_in_blanks():
    assert table([["a", "long header"], ["b", ""]]) == "a  long header\nb"


def test_an_interval_has_four_digits_and_none_is_empty():
    assert interval([0.12344, 1]) == "[0.1234, 1.0000]"
    assert interval(None) == ""
