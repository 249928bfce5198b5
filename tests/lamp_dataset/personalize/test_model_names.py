import functools
import importlib
import shutil
import sys

import huggingface_hub
import numpy as np
import official_prompts
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError

from lamp_dataset import Personalizer
from lamp_dataset.personalize.model_names import (
    TOKENIZER_FILES,
    check_content,
    check_folder,
    code_of,
    content_of,
    hub_options,
)
from lamp_dataset.personalize.retrieval.rankers import BM25, RANKERS, RRF, First


class Timeout(Exception):  # noqa: N818 - httpx calls it so, too
    """As httpx and httpx2 raise it: no OSError."""

    __module__ = "httpx2"


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Asks a Hub that raises the error in the list, and notes the names there."""
    found = []

    def model_info(name, timeout):
        assert timeout
        found.append(name)
        if isinstance(found[0], Exception):
            raise found[0]

    monkeypatch.setattr(huggingface_hub, "model_info", model_info)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return found


def test_an_error_of_our_own_is_not_taken_for_a_lost_connection(asked):
    asked.append(RuntimeError("a mistake"))
    with pytest.raises(RuntimeError):
        hub_options("me/model")


ERRORS = [ConnectionError("no route"), Timeout("no answer"), TimeoutError("no answer")]


@pytest.fixture
def cached(tmp_path):
    """The folder of a model in the cache."""
    snapshot = tmp_path / "cache" / "models--me--model" / "snapshots" / "c0ffee"
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("c0ffee")
    return snapshot


@pytest.mark.parametrize("error", ERRORS)
def test_a_name_that_nobody_answers_for_ends_after_one_request(error, asked):
    asked.append(error)
    with pytest.raises(OSError, match="'me/typo'.*spelled.*folder"):
        hub_options("me/typo")
    assert asked[1:] == ["me/typo"]


@pytest.mark.parametrize("error", ERRORS)
def test_loaders_keep_to_their_cache_where_nobody_answers(error, asked, cached, tmp_path, monkeypatch):
    (cached / "spiece.model").touch()
    asked.append(error)
    assert hub_options("me/model") == {"local_files_only": True}
    asked[0] = "an answer"
    assert hub_options("me/model") == {}
    asked[0] = HfHubHTTPError.__new__(HfHubHTTPError)
    assert hub_options("me/model") == {}
    assert asked[1:] == ["me/model"] * 3
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert hub_options("me/model") == hub_options(str(tmp_path)) == hub_options("") == {}
    assert asked[4:] == []


@pytest.mark.models
@pytest.mark.tokenizers
@pytest.mark.parametrize("rules", ["official", "fixed"])
def test_a_cached_tokenizer_is_loaded_without_the_hub(rules, asked, cached, monkeypatch):
    transformers = pytest.importorskip("transformers")
    given, tokenizer = [], transformers.AutoTokenizer.from_pretrained(official_prompts.FILES / "t5")
    for kind in {transformers.AutoTokenizer, getattr(transformers, "TokenizersBackend", transformers.AutoTokenizer)}:
        monkeypatch.setattr(kind, "from_pretrained", lambda name, **options: given.append(options) or tokenizer)
    shutil.copytree(official_prompts.FILES / "t5", cached, dirs_exist_ok=True)
    asked.append(ConnectionError("no route"))
    assert Personalizer("LaMP_3", tokenizer="me/model", rules=rules)
    assert given[0] == {"local_files_only": True}


def test_a_folder_without_tokenizer_files(tmp_path):
    (tmp_path / "config.json").touch()
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(FileNotFoundError, match=f"folder '{tmp_path}' has no tokenizer files"):
        check_folder(str(tmp_path))
    (tmp_path / "vocab.txt").touch()
    check_folder(str(tmp_path))
    check_folder("me/model")


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


LAYERS = {
    "mine.py": (
        "from base_ranker import Base\nimport kit.words\nclass Mine(Base):\n    def __init__(self): self.of = []\n"
    ),
    "base_ranker.py": "class Base:\n    def rank(self): from kit import late",
    "kit/__init__.py": "",
    "kit/words.py": "from . import stops\nimport numpy.random",
    "kit/stops.py": "import mine",
    "kit/late.py": "",
}


@pytest.fixture
def own_code(tmp_path, monkeypatch):
    """A retriever of one's own over several files; returns the module."""
    (tmp_path / "kit").mkdir()
    for name, text in LAYERS.items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    _forget()
    yield importlib.import_module("mine")
    _forget()


def _forget():
    for name in [name for name in sys.modules if name.partition(".")[0] in ("mine", "base_ranker", "kit")]:
        del sys.modules[name]


@pytest.mark.parametrize("changed", LAYERS)
def test_the_code_of_a_class_of_ones_own_counts_wherever_it_is(own_code, changed, tmp_path):
    mine, other = own_code.Mine(), own_code.Mine()
    other.of = [{"fused": (mine,)}]
    things = [mine, RRF(rankers=(First(), mine)), BM25(tokenize=functools.partial(own_code.Mine)), other]
    before = list(map(code_of, things))
    (tmp_path / changed).write_text(f"{LAYERS[changed]}\nCHANGED = True\n")
    assert all(old != new for old, new in zip(before, map(code_of, things), strict=True))
    assert "" not in before


def test_installed_code_and_data_do_not_count(own_code):
    assert [code_of(thing) for thing in (3, "mine", RANKERS["bm25"](), np.zeros(3), len, own_code)] == [""] * 6
