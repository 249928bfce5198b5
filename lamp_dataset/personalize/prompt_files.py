"""Files of personalized prompts: Parquet or JSON Lines, by the ending of their name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import IO, Any

from lamp_dataset.atomic import PRIVATE, write_whole


def _write_json_lines(rows: Any, file: IO) -> None:
    """Not ``to_json``: it rounds the scores to ten digits."""
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n")


#: Ending of the name -> what writes rows into a binary file.
WRITERS: Mapping[str, Callable[[Any, IO], object]] = MappingProxyType(
    {".parquet": lambda rows, file: rows.to_parquet(file), ".jsonl": _write_json_lines}
)


def check_prompt_path(path: str) -> str:
    """``path``; ValueError unless it has an ending in :data:`WRITERS`."""
    if os.path.splitext(path)[1] not in WRITERS:
        raise ValueError(f"{path}: expected a name that ends in {' or '.join(WRITERS)}")
    return path


def write_prompts(rows: Any, path: str, private: bool = False) -> None:
    """Write a ``datasets.Dataset`` of prompts; the file appears when it is complete.

    Args:
        rows: the rows.
        path: the file, with an ending in :data:`WRITERS`.
        private: whether only the user may read the file.

    Raises:
        ValueError: another ending.
        OSError: the file cannot be written.
    """
    write = WRITERS[os.path.splitext(check_prompt_path(path))[1]]
    with write_whole(path, "wb", permissions=PRIVATE if private else None) as file:
        write(rows, file)
