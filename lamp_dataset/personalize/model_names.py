"""Models and tokenizers given by name: whether a server knows the name, and what is in a folder.

If no server answers, Hugging Face's loaders go on trying for minutes, for each file. The files in a folder decide the
result, so caches must depend on them and not only on its name.
"""

import ast
import os
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec, resolve_name
from pathlib import Path
from types import FunctionType

from lamp_dataset.loading.raw_files import CONTENT, hash_file

#: How the names of a tokenizer's files begin or end.
BEGINNINGS = ("tokenizer", "tokenization", "vocab", "merges", "spiece", "sentencepiece", "tekken")
ENDINGS = (".model", ".py", ".spm", ".tiktoken")
TIMEOUT_SECONDS = 10
#: Endings of a tokenizer's files. The weights next to them are large and do not change it.
TOKENIZER_FILES = (".json", ".txt", ".model", ".jinja", ".tiktoken", ".py")

#: Endings of a model's files in a folder. Other files there, such as predictions, do not change it.
MODEL_FILES = (".safetensors", ".bin", ".model", ".jinja", ".tiktoken", ".py", "config.json", "index.json")
MODEL_FILES += ("tokenizer.json", "tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt")

#: Where installed packages and the standard library are.
_INSTALLED = tuple(
    os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def check_folder(name: str) -> None:
    """FileNotFoundError for a folder without files of a tokenizer: transformers 5 makes an empty one from a config."""
    if os.path.isdir(name) and not any(f.startswith(BEGINNINGS) or f.endswith(ENDINGS) for f in os.listdir(name)):
        raise FileNotFoundError(f"the folder {name!r} has no tokenizer files, such as tokenizer.json")


def hub_options(name: str) -> dict[str, bool]:
    """Options for a loader of Hugging Face: it reads its cache alone if the server, asked once, does not answer.

    Raises:
        OSError: no server answers, and nothing is cached.
    """
    from huggingface_hub import constants, model_info
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if not name or os.path.isdir(name) or constants.HF_HUB_OFFLINE:
        return {}
    try:
        model_info(name, timeout=TIMEOUT_SECONDS)
    except (HfHubHTTPError, HFValidationError):  # an answer, or a name that no model can have
        return {}
    except Exception as error:  # OSError with requests, and a class of its own with httpx or httpx2
        if not isinstance(error, OSError) and not type(error).__module__.startswith("httpx"):
            raise
        caches = (constants.HF_HUB_CACHE, os.environ.get("TRANSFORMERS_CACHE", ""))  # the latter for transformers 4
        if any(any(Path(cache, f"models--{name.replace('/', '--')}", "snapshots").glob("*/*")) for cache in caches):
            return {"local_files_only": True}
        here = f"cannot load {name!r}: no folder here, not in the cache, and {constants.ENDPOINT} does not answer"
        raise OSError(f"{here}. Is the name spelled right? Offline, pass a folder") from error
    return {}


def content_of(name: object, endings: tuple[str, ...] = ("",)) -> str:
    """A digest of the files in a folder; "" if ``name`` is not the path of a folder.

    Args:
        name: a folder, the name of a model on the Hub, or a loaded model.
        endings: of the files that count; by default all of them, also those in folders below.
    """
    if not isinstance(name, str) or not os.path.isdir(name):
        return ""
    digest = CONTENT()
    found = Path(name).rglob("*") if "" in endings else Path(name).iterdir()
    for path in sorted(str(path) for path in found if path.name.endswith(endings) and path.is_file()):
        digest.update(f"{os.path.relpath(path, name)}\0{hash_file(path, CONTENT)}\0".encode())
    return digest.hexdigest()


def model_identity(name: str, revision: str | None = None) -> str:
    """What distinguishes a model from a later one of the same name: a digest of its files, or the Hub's revision.

    Args:
        name: a folder, or the name of a model on the Hub.
        revision: the commit on the Hub, which a loaded config has as ``_commit_hash``.
    """
    found = content_of(name, MODEL_FILES) or revision or ""
    return f"{os.path.basename(os.path.realpath(name)) if os.path.isdir(name) else name} {found}".strip()


def code_of(*things: object) -> str:
    """A digest of the user's own code behind retrievers and functions, "" if there is none.

    It covers the files of their classes, of the bases and of the objects in their pickled state, such as the rankers of
    a fusion, and all that these files import, unless it is in an installed package.
    """
    files, seen, waiting = dict[str, str](), dict[int, object](), list(things)
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or seen.setdefault(id(thing), thing) is not thing or isinstance(thing, str | bytes):
            continue
        if isinstance(thing, Mapping | list | tuple | set | frozenset):
            waiting += thing.values() if isinstance(thing, Mapping) else thing
            continue
        waiting += (part for name in ("func", "__func__", "__self__") if (part := getattr(thing, name, None)))
        kind = thing if isinstance(thing, type | FunctionType) else type(thing)
        places = {place.__module__: _own_file(place.__module__) for place in getattr(kind, "__mro__", (kind,))}
        if any(places.values()) or kind.__module__.startswith("lamp_dataset."):
            waiting.append(thing.__getstate__() if thing is not kind else ())
        _add_files(files, [name for name, file in places.items() if file])
    digest = CONTENT("".join(f"{name}\0{hash_file(file, CONTENT)}\0" for name, file in sorted(files.items())).encode())
    return digest.hexdigest() if files else ""


def _own_file(name: str) -> str | None:
    """The file of a module, "" of a notebook; None for what is in an installed package or cannot be found."""
    top = name.partition(".")[0]
    if top == "lamp_dataset" or (top != name and not _own_file(top)):  # nothing is imported to look into it
        return None
    with suppress(ImportError, ValueError, AttributeError):
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None) if module else getattr(find_spec(name), "origin", None)
        if file and os.path.isfile(file) and not os.path.realpath(file).startswith(_INSTALLED):
            return file
    return None


def _add_files(files: dict[str, str], names: list[str]) -> None:
    """Add the files of these modules, and of all that they import."""
    while names:
        name = names.pop()
        file = None if name in files else _own_file(name)
        if file is None:
            continue
        files[name] = file
        names += filter(None, [name.rpartition(".")[0]])
        package = name if os.path.basename(file) == "__init__.py" else name.rpartition(".")[0]
        with suppress(SyntaxError, ValueError, ImportError):  # no Python, or it does not import
            for node in ast.walk(ast.parse(Path(file).read_bytes())):
                if isinstance(node, ast.Import):
                    names += (alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    whole = resolve_name("." * node.level + (node.module or ""), package)
                    names += (whole, *(f"{whole}.{alias.name}" for alias in node.names))


def check_content(name: str, endings: tuple[str, ...], expected: str) -> None:
    """Raise ValueError if the folder ``name`` no longer has the content ``expected``."""
    if content_of(name, endings) != expected:
        raise ValueError(f"{name}: the files in this folder have changed while they were in use; start again")
