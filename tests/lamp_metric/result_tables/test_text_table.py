from lamp_metric.result_tables.text_table import interval, table


def test_columns_are_aligned_and_intervals_have_four_digits():
    rows = [["task", "n"], ["LaMP_3", "7"], ["", "1,234"]]
    assert table(rows, numeric=[1]).split("\n") == ["task        n", "LaMP_3      7", "        1,234"]
    assert table([["a", "long header"], ["b", ""]]) == "a  long header\nb"
    assert interval([0.12344, 1]) == "[0.1234, 1.0000]"
    assert interval(None) == ""
