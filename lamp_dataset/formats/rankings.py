"""Ranking files: ``{"sample id": ["item id", ...], ...}``, best item first, as the official script writes them.

Standard library only.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from lamp_dataset.formats.json_file import load_json
from lamp_dataset.formats.texts import short

_SHAPE = '{"sample id": ["item id", …], …}'


@dataclass(frozen=True)
class Rankings:
    """The content of a ranking file: sample id -> ids of profile items, or of some of them, best first.

    ``sha256`` is that of the file's bytes, in hexadecimal.
    """

    by_id: Mapping[str, list[str]]
    sha256: str
    name: str


def read_rankings(path: str | os.PathLike) -> Rankings:
    """Read a ranking file; ValueError if it is not JSON or has another shape."""
    name, data = str(path), Path(path).read_bytes()
    document: Any = load_json(data, name)
    if not isinstance(document, dict):
        raise ValueError(f"{name}: expected a ranking file {_SHAPE}, found {type(document).__name__}")
    for sample_id, item_ids in document.items():
        if not isinstance(item_ids, list) or not all(isinstance(item_id, str) for item_id in item_ids):
            raise ValueError(
                f"{name}: expected a ranking file {_SHAPE}, found {short(item_ids)} for sample {short(sample_id)}"
            )
    return Rankings(document, hashlib.sha256(data).hexdigest(), name)


def write_rankings(file: TextIO, rankings: Iterable[tuple[str, Sequence[str] | Mapping[str, Any]]]) -> int:
    """Write pairs of sample id and item ids, best first, one sample per line, as they come; returns how many.

    Feedback on items, a mapping for each sample, is written in the same way.

    >>> import sys
    >>> write_rankings(sys.stdout, [("210", ["2103", "2100"]), ("211", [])])
    {
    "210": ["2103", "2100"],
    "211": []
    }
    2
    """
    count = 0
    file.write("{")
    for sample_id, item_ids in rankings:
        file.write(f"{',' if count else ''}\n{json.dumps(sample_id)}: {json.dumps(item_ids)}")
        count += 1
    file.write("\n}\n")
    return count
