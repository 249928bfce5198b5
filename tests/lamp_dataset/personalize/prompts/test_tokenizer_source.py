import os
import pickle
import shutil
from pathlib import Path

import official_prompts
import pytest
from datasets.fingerprint import Hasher
from personal import WordTokenizer, batch, row

from lamp_dataset import Personalizer
from lamp_dataset.personalize.prompts.tokenizer_source import TokenizerSource, check_tokenizer


def test_a_path_is_a_name_and_an_object_is_pickled_as_it_is():
    assert check_tokenizer(Path("models") / "t5") == os.path.join("models", "t5")
    source = pickle.loads(pickle.dumps(TokenizerSource(WordTokenizer("slow"), "official")))
    assert (source.tokenizer.kind, source.note, source.content) == ("slow", "", "")


@pytest.mark.parametrize("given", [3, len, WordTokenizer, ""])
def test_anything_but_a_tokenizer_is_refused(given):
    with pytest.raises(ValueError, match="found "):
        check_tokenizer(given)


@pytest.fixture
def folder(tmp_path):
    pytest.importorskip("transformers")
    return shutil.copytree(official_prompts.FILES / "t5", tmp_path / "t5")


@pytest.mark.models
@pytest.mark.tokenizers
@pytest.mark.parametrize("rules", ["official", "fixed"])
def test_the_fingerprint_covers_the_content_of_a_folder(folder, rules):
    personalizer = Personalizer("LaMP_3", tokenizer=str(folder), rules=rules)
    before, data = Hasher.hash(personalizer), pickle.dumps(personalizer)
    assert Hasher.hash(Personalizer("LaMP_3", tokenizer=str(folder), rules=rules)) == before
    assert len(data) < 1500
    rows = batch([row("LaMP_3")])
    assert pickle.loads(data)(rows) == personalizer(rows)
    shutil.copytree(official_prompts.FILES / "wordpiece", folder, dirs_exist_ok=True)
    assert Hasher.hash(Personalizer("LaMP_3", tokenizer=str(folder), rules=rules)) != before
    with pytest.raises(ValueError, match=f"{folder}.*changed"):
        pickle.loads(data)


@pytest.mark.models
@pytest.mark.tokenizers
def test_an_object_keeps_its_files_as_they_were_wherever_it_is_unpickled(folder):
    transformers = pytest.importorskip("transformers")
    personalizer = Personalizer("LaMP_3", tokenizer=transformers.AutoTokenizer.from_pretrained(folder))
    rows, data = official_prompts.rows("LaMP_3"), pickle.dumps(personalizer)
    expected = personalizer(rows)
    shutil.rmtree(folder)
    assert pickle.loads(data)(rows) == expected
