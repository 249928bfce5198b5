import gc

import pyarrow as pa

from lamp_dataset.loading.arrow_files import MappedColumn, arrow_batches

SCHEMA = pa.schema([("id", pa.string()), ("number", pa.int64())])


def write(path, sizes):
    """A stream file with batches of these sizes."""
    rows = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, SCHEMA) as writer:
        for size in sizes:
            numbers = range(rows, rows + size)
            writer.write_batch(
                pa.RecordBatch.from_pydict({"id": [f"i{n}" for n in numbers], "number": numbers}, SCHEMA)
            )
            rows += size
    return str(path)


def test_batches_come_file_by_file(tmp_path):
    files = [write(tmp_path / name, [2, 2, 1]) for name in ("a", "b")]
    assert [batch.num_rows for batch in arrow_batches(files)] == [2, 2, 1, 2, 2, 1]


def test_single_values_come_in_any_order_however_often_the_map_is_given_up(tmp_path):
    files = [write(tmp_path / "a", [2, 0, 3]), write(tmp_path / "empty", []), write(tmp_path / "b", [4])]
    expected = ["i0", "i1", "i2", "i3", "i4", "i0", "i1", "i2", "i3"]
    for max_values in (1, 2, 100):
        column = MappedColumn(files, "id", max_values)
        order = [8, 0, 4, 5, 2, 1, 7, 3, 6, 0]
        assert [column[row].as_py() for row in order] == [expected[row] for row in order]


def test_a_value_outlives_the_map(tmp_path):
    column = MappedColumn([write(tmp_path / "a", [3])], "id", 1)
    kept = column[2]
    column[0]
    gc.collect()
    assert kept.as_py() == "i2"
