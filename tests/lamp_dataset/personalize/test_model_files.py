import importlib

import pytest

from lamp_dataset.personalize.model_files import TOKENIZER_FILES, check_content, code_of, content_of
from lamp_dataset.personalize.retrieval.rankers import RANKERS


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "1_Pooling").mkdir()
    for name in ("tokenizer.json", "model.safetensors", "1_Pooling/config.json"):
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize("name", ["google/flan-t5-base", None, object(), "tokenizer.json"])
def test_only_a_folder_has_content(name):
    assert content_of(name) == ""


@pytest.mark.parametrize("changed", ["tokenizer.json", "model.safetensors", "1_Pooling/config.json", "new.bin"])
def test_every_file_counts(folder, changed):
    before = content_of(str(folder))
    assert content_of(str(folder)) == before
    (folder / changed).write_text("changed")
    assert content_of(str(folder)) != before


def test_a_new_name_counts(folder):
    before = content_of(str(folder))
    (folder / "tokenizer.json").rename(folder / "other.json")
    assert content_of(str(folder)) != before


def test_of_a_tokenizer_only_its_own_files_count(folder):
    before = content_of(str(folder), TOKENIZER_FILES)
    (folder / "model.safetensors").write_text("changed")
    (folder / "1_Pooling" / "config.json").write_text("changed")
    assert content_of(str(folder), TOKENIZER_FILES) == before
    (folder / "tokenizer.json").write_text("changed")
    assert content_of(str(folder), TOKENIZER_FILES) != before


def test_a_change_in_use_is_refused_by_name(folder):
    content = content_of(str(folder))
    check_content(str(folder), ("",), content)
    (folder / "tokenizer.json").write_text("changed")
    with pytest.raises(ValueError, match=f"{folder}.*changed"):
        check_content(str(folder), ("",), content)


def test_the_code_of_a_class_of_ones_own_counts(tmp_path, monkeypatch):
    (tmp_path / "my_code.py").write_text("class Mine: ...")
    monkeypatch.syspath_prepend(tmp_path)
    mine = importlib.import_module("my_code").Mine()
    before = code_of(mine)
    (tmp_path / "my_code.py").write_text("class Mine: changed = True")
    assert "" != before != code_of(mine) != ""
    (tmp_path / "my_code.py").unlink()
    assert [code_of(thing) for thing in (mine, 3, RANKERS["bm25"]())] == ["", "", ""]
