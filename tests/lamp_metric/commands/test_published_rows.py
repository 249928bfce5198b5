from lamp_metric.commands.published_rows import MARK, published_rows
from lamp_metric.published import PUBLISHED


def test_rows_are_those_of_the_task_in_both_settings():
    rows = published_rows("LaMP_3_time", "validation")
    assert [row.result for row in rows] == [row for row in PUBLISHED if row.config in ("LaMP_3", "LaMP_3_time")]
    assert {row.result.config for row in rows} == {"LaMP_3", "LaMP_3_time"}


def test_rows_of_another_split_or_setting_are_marked():
    for row in published_rows("LaMP_3_time", "validation"):
        same = (row.result.config, row.result.split) == ("LaMP_3_time", "validation")
        assert row.comparable == same == (MARK not in row.marked)
        assert row.as_dict()["comparable"] == same
    assert any(row.comparable for split in ("validation", "test") for row in published_rows("LaMP_3_time", split))
    assert not any(row.comparable for row in published_rows("LaMP_3", None))
