import json
import os
import subprocess
import sys
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from folders import tree

import lamp_dataset
from lamp_dataset import SAMPLE
from lamp_dataset.__main__ import main
from lamp_dataset.hub.card import BEGIN, Shard
from lamp_dataset.hub.export import (
    GROUP_BYTES,
    MAX_FILES,
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
    assert sum(one_large.values()) <= MAX_FILES
    assert one_large["large"] == 25


def test_rows_are_spread_evenly_over_shards_and_row_groups_are_small():
    plan = plan_shards("train", 20_000, 1_700_000_000, 4)
    assert [shard.name for shard in plan] == [f"train-{n:05d}-of-00004.parquet" for n in range(4)]
    assert {sum(shard.groups) for shard in plan} == {5_000}
    assert {group * 85_000 <= GROUP_BYTES for shard in plan for group in shard.groups} == {True}
    assert plan_shards("test", 2_500, 1_000, 1)[0].groups == (1_000, 1_000, 500)
    assert plan_shards("test", 2, 10**9, 7) == plan_shards("test", 2, 10**9, 2)
    assert plan_shards("test", 0, 0, 1) == [Shard("test-00000-of-00001.parquet", ())]


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
    assert pool.max_memory() < 4 * GROUP_BYTES


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


def run(*arguments):
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


@pytest.mark.oldest
def test_an_export_loads_equal_to_its_source_plain_and_streaming(files, tmp_path, source):
    rows = lamp_dataset.export(["LaMP_2", "LaMP_3_time", "LaMP_6"], tmp_path / "out", data_dir=files)
    assert rows["LaMP_3_time"] == {"train": 5, "validation": 5, "test": 5}
    for config in rows:
        loaded = datasets.load_dataset(str(tmp_path / "out"), config, cache_dir=str(tmp_path / "cache"))
        original = datasets.load_dataset("lamp", config, data_dir=str(files))
        assert {split: [*part] for split, part in loaded.items()} == source(config)
        assert loaded["test"].features == original["test"].features
        streamed = datasets.load_dataset(str(tmp_path / "out"), config, streaming=True)
        assert {split: [*part] for split, part in streamed.items()} == source(config)
        assert streamed["test"].features == original["test"].features
    assert source("LaMP_6")["test"][0]["output"] is None
    assert datasets.get_dataset_config_names(str(tmp_path / "out")) == list(rows)


OTHER_VERSION = Path(__file__).parents[3] / ".venv-oldest/bin/python"


@pytest.mark.skipif(not OTHER_VERSION.exists(), reason="needs the environment of the oldest versions: make test")
@pytest.mark.parametrize("with_card", [True, False])
def test_what_one_version_of_datasets_writes_the_other_reads(files, tmp_path, source, with_card):
    """3.6 dies on the Parquet schema that 5.2's own writer leaves; ours loads both ways, also without the card."""
    code = (
        "import sys, json, datasets\nimport lamp_dataset\n"
        "theirs, ours, files, mine = sys.argv[1:]\n"
        "lamp_dataset.export(['LaMP_2'], ours, data_dir=files)\n"
        "rows = datasets.load_dataset('parquet' if mine else theirs, split='train', "
        "**({'data_files': theirs + '/LaMP_2/train-*'} if mine else {'name': 'LaMP_2'}))\n"
        "print(json.dumps([datasets.__version__, [*rows]]))"
    )
    lamp_dataset.export("LaMP_2", tmp_path / "theirs", data_dir=files)
    flag = "" if with_card else "parquet"
    arguments = [str(tmp_path / "theirs"), str(tmp_path / "ours"), str(files), flag]
    environment = {**os.environ, "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [OTHER_VERSION, "-c", code, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    version, rows = json.loads(done.stdout.splitlines()[-1])
    assert version != datasets.__version__ or Path(sys.executable) == OTHER_VERSION
    assert rows == source("LaMP_2")["train"]
    loaded = datasets.load_dataset(str(tmp_path / "ours"), "LaMP_2", cache_dir=str(tmp_path / "cache"))
    assert [*loaded["train"]] == rows


def test_the_same_export_twice_gives_the_same_bytes(files, tmp_path):
    for name in ("one", "two"):
        lamp_dataset.export(["LaMP_2", "LaMP_6"], tmp_path / name, data_dir=files)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert sorted(tree(tmp_path / "one")) == [
        *(f"{c}/{s}-00000-of-00001.parquet" for c in ("LaMP_2", "LaMP_6") for s in ("test", "train", "validation")),
        "README.md",
    ]


def test_gated_texts_are_for_their_owner_alone(files, tmp_path):
    for config, mode in [("LaMP_2", 0o755), ("LaMP_6", 0o700), ("LaMP_2", 0o755)]:
        lamp_dataset.export(config, tmp_path / "out", data_dir=files)
        assert (tmp_path / "out").stat().st_mode & 0o777 == mode


def test_an_older_export_is_replaced_whole(files, tmp_path):
    target = tmp_path / "out"
    assert run("LaMP_2", "-o", target, "--data-dir", files).exit_code == 0
    done = run("LaMP_6", "-o", target, "--data-dir", files)
    assert done.output.splitlines()[-2:] == ["LaMP_6: train 4, validation 4, test 4 rows", f"written to {target}"]
    assert {path.split("/")[0] for path in tree(target)} == {"LaMP_6", "README.md"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("thesis.txt", "years of work", "thesis.txt"),
        ("README.md", "# My project", "README.md"),
        ("LaMP_2/train-00000-of-00001.parquet", "PAR1", "LaMP_2"),
        (".git/HEAD", "ref", ".git"),
    ],
)
def test_a_folder_with_anything_else_is_refused_and_untouched(files, tmp_path, name, content, message):
    target = tmp_path / "out"
    (target / name).parent.mkdir(parents=True)
    (target / name).write_text(content)
    before = tree(target)
    done = run("LaMP_2", "-o", target, "--data-dir", files)
    assert (done.exit_code, tree(target)) == (2, before)
    assert f"or an older export, whose README.md lists its files, found {message}" in done.output


@pytest.mark.parametrize(
    "name",
    [
        "LaMP_2/prompts-00000-of-00001.parquet",
        "LaMP_2/train-00000-of-00002.parquet",
        "LaMP_2/notes.txt",
        "empty/",
        "LaMP_2/linked/",
        "linked/",
    ],
)
def test_what_an_older_export_did_not_write_is_not_deleted(files, tmp_path, name):
    """Only what its card lists is replaced: not other shards, nor folders, nor what a link leads to."""
    target, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    lamp_dataset.export("LaMP_2", target, data_dir=files)
    elsewhere.mkdir()
    (elsewhere / "thesis.txt").write_text("years of work")
    path = target / name
    path.parent.mkdir(exist_ok=True)
    if "linked" in name:
        path.symlink_to(elsewhere)
    elif name.endswith("/"):
        path.mkdir()
    else:
        path.write_text("theirs")
    done = run("LaMP_2", "-o", target, "--data-dir", files)
    assert done.exit_code == 2
    assert f"whose README.md lists its files, found {name.split('/')[0]}" in done.output
    assert os.path.lexists(path)
    assert (elsewhere / "thesis.txt").exists()


def test_somebodys_words_on_the_card_stay(files, tmp_path):
    """Also keys of the front matter; what the card said of configs that are gone goes with them."""
    target = tmp_path / "out"
    lamp_dataset.export(["LaMP_2", "LaMP_6"], target, data_dir=files)
    card = (target / "README.md").read_text().replace("# LaMP\n", "# LaMP of our group\n\nAsk Ida.\n", 1)
    (target / "README.md").write_text(card.replace("---\n", "---\nviewer: false\n", 1) + "\nSince 2021.\n")
    lamp_dataset.export("LaMP_3_time", target, data_dir=files)
    new = (target / "README.md").read_text()
    assert "# LaMP of our group\n\nAsk Ida.\n" in new
    assert new.startswith("---\nviewer: false\n")
    assert new.endswith("\nSince 2021.\n")
    assert "LaMP_6" not in new
    assert datasets.get_dataset_config_names(str(target)) == ["LaMP_3_time"]


def test_a_card_that_cannot_be_read_is_not_written_over(files, tmp_path):
    target = tmp_path / "out"
    lamp_dataset.export("LaMP_2", target, data_dir=files)
    for content in (b"---\na: [1\n---\n", b"\xff"):
        (target / "README.md").write_bytes(content + BEGIN.encode())
        done = run("LaMP_2", "-o", target, "--data-dir", files)
        assert (done.exit_code, (target / "README.md").read_bytes()[: len(content)]) == (2, content)
        assert f"{target}/README.md" in done.output


def test_a_tilde_is_the_users_home(files, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "ida"))
    monkeypatch.chdir(tmp_path)
    lamp_dataset.export("LaMP_2", "~/out", data_dir=files)
    assert (tmp_path / "ida/out/README.md").exists()
    assert not (tmp_path / "~").exists()


def test_a_failure_leaves_the_older_export(files, tmp_path):
    target = tmp_path / "out"
    run("LaMP_2", "-o", target, "--data-dir", files)
    before = tree(target)
    for arguments, message in [
        (["LaMP_7", "--data-dir", files], "LaMP_7"),
        (["LaMP_2", "LaMP-2N", "--data-dir", files], "'LaMP_2_news'"),
    ]:
        done = run(*arguments, "-o", target)
        assert (done.exit_code, tree(target)) == (2, before)
        assert message in done.output
        assert done.output.count("error: ") == 1
    (tmp_path / "file").write_text("x")
    assert "found a file" in run("LaMP_2", "-o", tmp_path / "file", "--data-dir", files).output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out"]
