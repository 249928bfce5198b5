import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lamp_dataset.hub import parquet
from lamp_dataset.hub.parquet import number_of_shards, plan_shards, write_shards

SCHEMA = pa.schema(
    [("id", pa.string()), ("output", pa.string()), ("profile", pa.list_(pa.struct([("id", pa.string())])))],
    metadata={"huggingface": "{}"},
)


def batches(total, size):
    rows = [
        {"id": str(n), "output": None if n % 3 else f"o{n}", "profile": [{"id": "p"}] * (n % 4)} for n in range(total)
    ]
    return [pa.RecordBatch.from_pylist(rows[start : start + size], SCHEMA) for start in range(0, total, size)]


def test_shards_are_sized_and_together_stay_below_the_commit_limit():
    assert number_of_shards({"a": 0, "b": 500_000_000, "c": 500_000_001}) == {"a": 1, "b": 1, "c": 2}
    many = number_of_shards(dict.fromkeys(range(48), 1_700_000_000))
    assert set(many.values()) == {1}
    one_large = number_of_shards({"large": 100_000_000_000, **dict.fromkeys(range(47), 1)})
    assert sum(one_large.values()) <= parquet.MAX_FILES
    assert one_large["large"] == 25


def test_rows_are_spread_evenly_over_shards_and_row_groups_are_small():
    plan = plan_shards("train", 20_000, 1_700_000_000, 4)
    assert [shard.name for shard in plan] == [f"train-{n:05d}-of-00004.parquet" for n in range(4)]
    assert {sum(shard.groups) for shard in plan} == {5_000}
    assert {group * 85_000 <= parquet.GROUP_BYTES for shard in plan for group in shard.groups} == {True}
    assert plan_shards("test", 2_500, 1_000, 1)[0].groups == (1_000, 1_000, 500)
    assert plan_shards("test", 2, 10**9, 7) == plan_shards("test", 2, 10**9, 2)
    assert plan_shards("test", 0, 0, 1) == [parquet.Shard("test-00000-of-00001.parquet", ())]


@pytest.mark.parametrize("total", [0, 1, 10, 1_003])
def test_the_files_hold_every_row_in_order_whatever_the_batches(tmp_path, total):
    shards = plan_shards("train", total, total * 4_000_000, 3)
    contents = []
    for size in (1, 7, 5_000):
        folder = tmp_path / str(size)
        folder.mkdir()
        write_shards(batches(total, size), SCHEMA, shards, folder)
        files = sorted(folder.iterdir())
        contents.append([file.read_bytes() for file in files])
        read = pa.concat_tables(pq.read_table(file) for file in files)
        assert read.to_pylist() == pa.Table.from_batches(batches(total, 1), SCHEMA).to_pylist()
    assert contents[0] == contents[1] == contents[2]


def test_files_are_made_for_streams_viewers_and_every_reader(tmp_path):
    write_shards(batches(30, 30), SCHEMA, plan_shards("train", 30, 90_000_000, 1), tmp_path)
    meta = pq.read_metadata(tmp_path / "train-00000-of-00001.parquet")
    assert [meta.row_group(n).num_rows for n in range(meta.num_row_groups)] == [10, 10, 10]
    assert {meta.row_group(0).column(n).compression for n in range(meta.num_columns)} == {"ZSTD"}
    assert meta.row_group(0).column(0).has_offset_index
    assert set(meta.metadata) == {b"ARROW:schema"}
    assert pq.read_schema(tmp_path / "train-00000-of-00001.parquet").metadata is None


@pytest.mark.parametrize(("rows", "message"), [(9, "expected 1 more rows"), (12, "expected 10 rows, found 2 more")])
def test_rows_too_many_or_too_few_are_an_error_and_no_file_stays_half_written(tmp_path, rows, message):
    with pytest.raises(ValueError, match=message):
        write_shards(batches(rows, 4), SCHEMA, plan_shards("train", 10, 1, 1), tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_memory_stays_flat_however_many_rows_pass(tmp_path):
    """2 MB a batch, 200 batches: a few row groups are held, not the 400 MB."""
    schema = pa.schema([("text", pa.string())])
    batch = pa.RecordBatch.from_pydict({"text": ["x" * 2_000_000]}, schema)
    pool = pa.proxy_memory_pool(pa.default_memory_pool())
    before = pa.default_memory_pool()
    pa.set_memory_pool(pool)
    try:
        shards = plan_shards("train", 200, 400_000_000, 1)
        write_shards((batch for _ in range(200)), schema, shards, tmp_path)
    finally:
        pa.set_memory_pool(before)
    assert shards[0].groups == (16,) * 12 + (8,)
    assert pool.max_memory() < 4 * parquet.GROUP_BYTES
