import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lamp_dataset import SAMPLE
from lamp_dataset.hub import parquet
from lamp_dataset.hub.parquet import (
    SHARD,
    config_names,
    find_builders,
    number_of_shards,
    plan_shards,
    prepare,
    write_configs,
    write_shards,
)

FEATURES = datasets.Features(
    {"id": datasets.Value("string"), "output": datasets.Value("string"), "profile": [{"id": datasets.Value("string")}]}
)


def rows(total, size=10_000):
    """Rows that are kept in batches of ``size``."""
    records = [
        {"id": str(n), "output": None if n % 3 else f"o{n}", "profile": [{"id": "p"}] * (n % 4)} for n in range(total)
    ]
    parts = [records[start : start + size] for start in range(0, total, size)] or [[]]
    return datasets.concatenate_datasets([_rows_of(part) for part in parts])


def _rows_of(records):
    return datasets.Dataset.from_dict({name: [record[name] for record in records] for name in FEATURES}, FEATURES)


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
    for size in (total // 9 + 1, 7_000):
        folder = tmp_path / str(size)
        folder.mkdir()
        write_shards(rows(total, size), shards, folder)
        files = sorted(folder.iterdir())
        contents.append([file.read_bytes() for file in files])
        read = pa.concat_tables(pq.read_table(file) for file in files)
        assert read.to_pylist() == rows(total).to_list()
    assert contents[0] == contents[1]


def test_files_are_made_for_streams_viewers_and_every_reader(tmp_path):
    write_shards(rows(30), plan_shards("train", 30, 90_000_000, 1), tmp_path)
    meta = pq.read_metadata(tmp_path / "train-00000-of-00001.parquet")
    assert [meta.row_group(n).num_rows for n in range(meta.num_row_groups)] == [10, 10, 10]
    assert {meta.row_group(0).column(n).compression for n in range(meta.num_columns)} == {"ZSTD"}
    assert meta.row_group(0).column(0).has_offset_index
    assert set(meta.metadata) == {b"ARROW:schema"}
    assert pq.read_schema(tmp_path / "train-00000-of-00001.parquet").metadata is None


def test_memory_stays_flat_however_many_rows_pass(tmp_path):
    """200 rows of 2 MB: a few row groups are held besides the mapped file, not the 400 MB."""
    made = datasets.Dataset.from_generator(lambda: ({"text": "x" * 2_000_000} for _ in range(200)), cache_dir=tmp_path)
    pool = pa.proxy_memory_pool(pa.default_memory_pool())
    before = pa.default_memory_pool()
    pa.set_memory_pool(pool)
    try:
        shards = plan_shards("train", 200, 400_000_000, 1)
        write_shards(made, shards, tmp_path)
    finally:
        pa.set_memory_pool(before)
    assert shards[0].groups == (16,) * 12 + (8,)
    assert pool.max_memory() < 4 * parquet.GROUP_BYTES


@pytest.fixture(scope="module")
def planned():
    return prepare(find_builders(["LaMP_2", "LaMP_3_time"], SAMPLE))


def test_each_config_is_named_once_and_only_shards_of_our_splits_are_ours():
    assert config_names(["LaMP_2", "LaMP_3", "LaMP_2"]) == ["LaMP_2", "LaMP_3"]
    assert config_names("LaMP_2") == ["LaMP_2"]
    assert SHARD.fullmatch("LaMP_2/train-00000-of-00001.parquet")["split"] == "train"
    for other in ("LaMP_2/prompts-00000-of-00001.parquet", "LaMP_2/train.parquet", "a/b/train-00000-of-00001.parquet"):
        assert not SHARD.fullmatch(other)


@pytest.mark.parametrize("wanted", [[], ["LaMP_2", "LaMP_99"]])
def test_no_config_or_an_unknown_one_is_an_error(wanted):
    with pytest.raises(ValueError, match=r"LaMP_99|at least one"):
        config_names(wanted)


@pytest.mark.oldest
def test_a_plan_tells_the_files_of_the_rows(planned):
    source = datasets.load_dataset("lamp", "LaMP_2", data_dir=SAMPLE)
    config = planned[0]
    assert (config.name, config.num_rows) == ("LaMP_2", {split: len(rows) for split, rows in source.items()})
    assert config.paths == [f"LaMP_2/{split}-00000-of-00001.parquet" for split in source]
    assert config.splits["train"].pattern == "train-*-of-00001.parquet"
    assert config.splits["train"].source.features == source["train"].features


@pytest.mark.oldest
def test_the_planned_files_are_written(planned, tmp_path):
    sizes = write_configs(planned, tmp_path)
    assert list(sizes) == ["LaMP_2", "LaMP_3_time"]
    for config in planned:
        files = [tmp_path / path for path in config.paths]
        assert sizes[config.name] == sum(file.stat().st_size for file in files)
        assert [pq.read_metadata(file).num_rows for file in files] == list(config.num_rows.values())
