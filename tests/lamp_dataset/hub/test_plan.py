import datasets
import pyarrow.parquet as pq
import pytest

from lamp_dataset import SAMPLE
from lamp_dataset.hub.plan import SHARD, config_names, find_builders, prepare, write_configs


@pytest.fixture(scope="module")
def configs():
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
def test_a_plan_tells_the_files_of_the_rows(configs):
    source = datasets.load_dataset("lamp", "LaMP_2", data_dir=SAMPLE)
    config = configs[0]
    assert (config.name, config.num_rows) == ("LaMP_2", {split: len(rows) for split, rows in source.items()})
    assert config.paths == [f"LaMP_2/{split}-00000-of-00001.parquet" for split in source]
    assert config.splits["train"].pattern == "train-*-of-00001.parquet"
    assert config.features == source["train"].features


@pytest.mark.oldest
def test_the_planned_files_are_written(configs, tmp_path):
    sizes = write_configs(configs, tmp_path)
    assert list(sizes) == ["LaMP_2", "LaMP_3_time"]
    for config in configs:
        files = [tmp_path / path for path in config.paths]
        assert sizes[config.name] == sum(file.stat().st_size for file in files)
        assert [pq.read_metadata(file).num_rows for file in files] == list(config.num_rows.values())
