import json
import os
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
from click.testing import CliRunner
from folders import tree

import lamp_dataset
from lamp_dataset.__main__ import main
from lamp_dataset.hub.card import BEGIN


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
