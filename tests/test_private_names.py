"""Private names of other libraries: one module for each library uses them, and the installed version still has them."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = [
    path for package in ("lamp_dataset", "lamp_metric", "avocado_builder") for path in (ROOT / package).rglob("*.py")
]
#: Library -> the module of ours that uses its private names, and says why; where to find each name.
PRIVATE = {
    "datasets": (
        "lamp_dataset/loading/datasets_internals.py",
        [
            # values of instances are tested where they are used: _data, _fingerprint, _indices
            "datasets.load:dataset_module_factory",
            "datasets.inspect:dataset_module_factory",
            "datasets.load:DatasetModule",
            "datasets.formatting.formatting:LazyBatch",
            "datasets:Dataset._get_cache_file_path",
            "datasets:Features._to_yaml_list",
            "datasets:ArrowBasedBuilder._create_builder_config",
            "datasets:ArrowBasedBuilder._download_and_prepare",
            "datasets:ArrowBasedBuilder._generate_tables",
            "datasets:ArrowBasedBuilder._info",
            "datasets:ArrowBasedBuilder._prepare_split",
            "datasets:ArrowBasedBuilder._save_info",
            "datasets:ArrowBasedBuilder._split_generators",
        ],
    ),
    "evaluate": (
        "lamp_metric/evaluate_internals.py",
        [
            "evaluate.loading:evaluation_module_factory",
            "evaluate.loading:ImportableModule",
            "evaluate:Metric._init_writer",
        ],
    ),
    "huggingface_hub": (
        "lamp_dataset/hub/remote.py",
        [
            "huggingface_hub.utils._http:_GLOBAL_{}_FACTORY",
            "huggingface_hub:CommitOperationAdd._should_ignore",
            "huggingface_hub:CommitOperationAdd._is_committed",
        ],
    ),
    "sacrebleu": (
        "lamp_metric/measures/library_measures.py",
        [
            f"sacrebleu.metrics:{metric}.{name}"
            for metric in ("BLEU", "CHRF")
            for name in ("_extract_corpus_statistics", "_compute_score_from_stats")
        ],
    ),
    "transformers": (
        "lamp_dataset/personalize/prompts/tokens.py",
        ["transformers.models.auto.tokenization_auto:get_tokenizer_config"],
    ),
}
#: Private names of no library above, and why they may be used.
ELSEWHERE = {
    "_exit": "os documents it",
    "_replace": "named tuples have it",
    "_instances": "tqdm has no other list of its bars; console.py",
}


def private_names(path):
    """Private names that a module takes from other objects than its own, and from other modules."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls"):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def own_names(path):
    """Names that a module gives to functions and attributes of its own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def test_one_module_for_each_library_uses_its_private_names():
    rooms = {module for module, _ in PRIVATE.values()}
    own = {name for path in MODULES if str(path.relative_to(ROOT)) not in rooms for name in own_names(path)}
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in MODULES
        if str(path.relative_to(ROOT)) not in rooms
        for name in private_names(path)
        if re.match("_[^_]", name) and name not in own | {*ELSEWHERE}
    }
    assert not found


def has(module, dotted):
    value = importlib.import_module(module)
    for name in dotted.split("."):
        fields = getattr(value, "__dataclass_fields__", {})
        if not hasattr(value, name) and name not in fields:
            return False
        value = getattr(value, name, None)
    return True


@pytest.mark.oldest
@pytest.mark.tokenizers
@pytest.mark.parametrize("place", [place for _, places in PRIVATE.values() for place in places])
def test_the_installed_version_has_the_private_name(place):
    pytest.importorskip(place.split(":")[0].split(".")[0], reason="an extra that is not installed")
    names = [place.format(kind) for kind in ("CLIENT", "BACKEND")]  # one since huggingface_hub 1.0, one before
    assert any(has(*name.split(":")) for name in names), place
