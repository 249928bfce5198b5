from lamp_dataset.formats.json_block import first_rows


def test_first_rows_end_where_one_cannot_be_read():
    assert list(first_rows(memoryview(b'{"a": 1}, {"b": "2"}, {"c'))) == [{"a": "1"}, {"b": "2"}]
    assert list(first_rows(memoryview(b"[" * 100_000))) == []
