import pyarrow as pa

from lamp_dataset.loading.arrow_files import arrow_batches

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
