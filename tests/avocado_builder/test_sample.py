"""The embedded sample's mail task is what building gives from the tiny collection beside it."""

from pathlib import Path

import pytest
from datasets import load_dataset

import lamp_dataset
from avocado_builder.building import build, check_collection
from avocado_builder.collection.names import GATED
from avocado_builder.verify import check_output
from lamp_dataset.task import SPLITS

SAMPLE = Path(lamp_dataset.SAMPLE)
AVOCADO = SAMPLE / "avocado"


@pytest.mark.parametrize("setting", GATED)
def test_building_gives_exactly_the_files_of_the_sample(tmp_path, setting, snapshot):
    task = GATED[setting]
    before = snapshot(AVOCADO)
    manifest = build(AVOCADO, AVOCADO / "ids", tmp_path / "out", setting=setting)
    assert manifest["config"] == task.name
    assert manifest["setting"] == setting
    expected = [path for split in SPLITS for path in (task.questions_path(split), task.outputs_path(split)) if path]
    built = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.name != "manifest.json"}
    assert built == {Path(path).name: (SAMPLE / path).read_bytes() for path in expected}
    assert snapshot(AVOCADO) == before
    assert {repair["count"] for repair in manifest["repairs"].values()} == {0}
    assert check_output(tmp_path / "out").task == task


@pytest.mark.oldest
@pytest.mark.parametrize("setting", GATED)
def test_what_was_built_loads_as_the_sample_does(tmp_path, setting):
    name = GATED[setting].name
    build(AVOCADO, AVOCADO / "ids", tmp_path / "out", setting=setting)
    built = load_dataset("lamp", name, data_dir=str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    sample = load_dataset("lamp", name, data_dir=str(SAMPLE), cache_dir=str(tmp_path / "cache"))
    assert {split: built[split].to_list() for split in SPLITS} == {split: sample[split].to_list() for split in SPLITS}


def test_the_id_files_of_both_settings_are_found_in_one_folder():
    names = {setting: check_collection(AVOCADO, AVOCADO / "ids", setting=setting).task.name for setting in GATED}
    assert names == {setting: task.name for setting, task in GATED.items()}
    assert check_collection(AVOCADO, AVOCADO / "ids").task == GATED["user"]
    assert check_collection(AVOCADO, AVOCADO / "ids" / "time").task == GATED["time"]
    assert check_collection(AVOCADO, AVOCADO / "ids" / "time" / "LaMP_6").task == GATED["time"]
