"""Official prompts are official on transformers 4 and 5: digests of 960 prompts a tokenizer, recorded on 4.57.

Run by ``make test-models`` in both environments.
"""

import copy
import json
import pickle
import shutil
import warnings

import official_prompts
import pytest
from datasets.fingerprint import Hasher
from made_up import batch, row
from official_prompts import KINDS, SETTINGS, USER_BASED
from stand_ins import WordTokenizer

from lamp_dataset import Personalizer
from lamp_dataset.personalize.prompts.tokens import CHANGED, NOTE, as_official, load_official

try:
    import transformers
except ModuleNotFoundError:
    transformers = None  # these tests are not selected then
pytestmark = [pytest.mark.models, pytest.mark.tokenizers]

DIGESTS = json.loads(official_prompts.DIGESTS.read_text(encoding="utf-8"))
REBUILDS = hasattr(transformers, "TokenizersBackend")


def digests(name, kind, tokenizer):
    made, found = official_prompts.rows(name), []
    chat = official_prompts.chat_length(official_prompts.load(kind, False, transformers.AutoTokenizer))
    for k, max_length in SETTINGS:
        rows = Personalizer(name, retriever="first", k=k, tokenizer=tokenizer, max_length=max_length + chat)(made)
        found += map(official_prompts.digest, rows["source"])
        assert not any("transformers" in note for note in rows["notes"])
    return found


def recorded(key, name):
    line = DIGESTS[key][name]
    return [line[start : start + 6] for start in range(0, len(line), 6)]


@pytest.fixture
def quiet():
    """Any warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("name", USER_BASED)
@pytest.mark.parametrize("kind", KINDS)
def test_every_prompt_is_the_one_of_4_57_with_a_folder_and_an_object(kind, name, quiet):
    for tokenizer in (official_prompts.FILES / kind, official_prompts.load(kind, False, transformers.AutoTokenizer)):
        assert digests(name, kind, tokenizer) == recorded(kind, name)


@pytest.mark.parametrize("name", USER_BASED)
@pytest.mark.parametrize("kind", KINDS)
def test_added_tokens_are_carried_over(kind, name, quiet):
    expected = recorded(f"{kind} with added tokens", name)
    assert digests(name, kind, official_prompts.load(kind, True, transformers.AutoTokenizer)) == expected
    assert expected != recorded(kind, name)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda given: pickle.loads(pickle.dumps(given))])
@pytest.mark.parametrize("added", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_copies_of_an_object_give_the_same_prompts(kind, added, copied, quiet):
    tokenizer = official_prompts.load(kind, added, transformers.AutoTokenizer)
    expected = recorded(f"{kind} with added tokens" if added else kind, "LaMP_3")
    assert digests("LaMP_3", kind, copied(tokenizer)) == expected
    assert digests("LaMP_3", kind, copied(copied(tokenizer))) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_the_object_is_left_as_it_was(kind):
    tokenizer = official_prompts.load(kind, True, transformers.AutoTokenizer)
    before = tokenizer.backend_tokenizer.to_str()
    digests("LaMP_4", kind, tokenizer)
    assert tokenizer.backend_tokenizer.to_str() == before


@pytest.mark.parametrize("special", [False, True])
def test_added_tokens_keep_their_kind(special):
    tokenizer = official_prompts.load("t5", False, transformers.AutoTokenizer)
    tokenizer.add_tokens(["<new>"], special_tokens=special)
    official, _ = as_official(tokenizer)
    ids = official("map <new>")["input_ids"]
    assert official.convert_ids_to_tokens(ids).count("<new>") == 1
    assert official.convert_tokens_to_ids("<new>") == tokenizer.convert_tokens_to_ids("<new>")
    assert ("<new>" in official.decode(ids, skip_special_tokens=True)) != special


def test_a_trailing_space_of_t5_counts():
    tokenizer, note = load_official(str(official_prompts.FILES / "t5"))
    ids = tokenizer('is the score for " " ')["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids)[-2:] == ["▁", "</s>"]
    assert note == ""


# ---- where the official result is out of reach


@pytest.fixture
def saved(tmp_path):
    """T5's files as the installed transformers saves them."""
    official_prompts.load("t5", False, transformers.AutoTokenizer).save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


def noted(tokenizer, note=NOTE):
    """Whether the personalizer warns, and whether the notes of its rows say so; they must agree."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        personalizer = Personalizer("LaMP_3", tokenizer=tokenizer)
    warned = [str(warning.message) for warning in caught if "transformers 5" in str(warning.message)]
    notes = [note in found for found in personalizer(official_prompts.rows("LaMP_3", 3))["notes"]]
    assert len(warned) == all(notes) == any(notes)
    assert "fixed" not in Personalizer("LaMP_3", tokenizer=tokenizer, rules="fixed")._source.note
    return bool(warned)


def test_a_folder_that_transformers_5_saved_is_noted_until_it_has_the_original_files(saved):
    assert noted(str(saved)) == REBUILDS
    assert noted(transformers.AutoTokenizer.from_pretrained(saved)) == REBUILDS
    shutil.copytree(official_prompts.FILES / "t5", saved, dirs_exist_ok=True)
    assert not noted(str(saved))
    assert not noted(transformers.AutoTokenizer.from_pretrained(saved))


def test_a_tokenizer_whose_files_are_gone_or_do_not_describe_it_is_noted(saved):
    shutil.copytree(official_prompts.FILES / "t5", saved, dirs_exist_ok=True)
    tokenizer = transformers.AutoTokenizer.from_pretrained(saved)
    tokenizer.backend_tokenizer.normalizer = None
    assert noted(tokenizer, CHANGED) == REBUILDS
    tokenizer = transformers.AutoTokenizer.from_pretrained(saved)
    shutil.rmtree(saved)
    assert noted(tokenizer) == REBUILDS


def test_an_object_that_was_never_rebuilt_is_not_noted_even_without_files(saved):
    shutil.copytree(official_prompts.FILES / "t5", saved, dirs_exist_ok=True)
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(saved)
    shutil.rmtree(saved)
    assert not noted(tokenizer)
    backend = tokenizer.backend_tokenizer
    assert not noted(transformers.PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>"))


@pytest.mark.parametrize("kind", ["byte_bpe", "wordpiece"])
def test_kinds_that_come_out_of_the_rebuilding_as_they_were_are_not_noted(kind, tmp_path):
    official_prompts.load(kind, False, transformers.AutoTokenizer).save_pretrained(tmp_path)
    assert not noted(str(tmp_path))


def test_other_objects_pass_unchanged():
    for tokenizer in (None, WordTokenizer()):
        assert as_official(tokenizer) == (tokenizer, "")


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(official_prompts.FILES / "t5", tmp_path / "t5")


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


def test_an_object_keeps_its_files_as_they_were_wherever_it_is_unpickled(folder):
    personalizer = Personalizer("LaMP_3", tokenizer=transformers.AutoTokenizer.from_pretrained(folder))
    rows, data = official_prompts.rows("LaMP_3"), pickle.dumps(personalizer)
    expected = personalizer(rows)
    shutil.rmtree(folder)
    assert pickle.loads(data)(rows) == expected
