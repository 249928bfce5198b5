"""The retriever's options of ``rank`` and ``personalize``. The library checks what they may be."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from lamp_dataset.commands.command import stacked
from lamp_dataset.lazy import check_installed

#: Argument of the library -> how it is written on the command line.
FLAGS = {"k1": "--k1", "b": "--b", "model": "--model", "device": "--device", "seed": "--seed", "rankers": "--ranker"}
FLAGS |= {name: f"--{name.replace('_', '-')}" for name in ("retriever", "ranking", "use_date", "order", "summary")}
_QUOTED = re.compile(f"'({'|'.join(FLAGS)})'")


#: The options of bm25 and the dense retriever.
scorer_options = stacked(
    click.option("--k1", type=float, help="Saturation of bm25: how much repeated words count (1.5)."),
    click.option("--b", type=float, help="Length normalization of bm25, from 0 to 1 (0.75)."),
    click.option("--model", help="Checkpoint of the dense retriever, by name on the Hub or folder."),
    click.option("--device", help="Where the dense retriever runs, such as cuda or cpu."),
)
retriever_options = stacked(
    click.option(
        "--retriever", help="bm25 (default), recency, random, first, dense, rrf, or one of your own as module:Class."
    ),
    scorer_options,
    click.option(
        "--ranker", "rankers", multiple=True, is_eager=True, help="A ranker for rrf to fuse; give two or more."
    ),
    click.option("--seed", type=int, help="Seed of the random retriever (0)."),
    click.option("--use-date", is_flag=True, help="Search the items' dates, too (time-based configs)."),
    click.option(
        "--rules",
        default="official",
        show_default=True,
        help="official, or fixed: with the official script's bugs fixed.",
    ),
)


@contextmanager
def named_by_flags(options: Mapping[str, Any], flags: Mapping[str, str] = FLAGS) -> Iterator[None]:
    """A block that makes a retriever of these options; errors name them as the user typed them.

    Raises:
        ImportError: the dense retriever's package is missing.
    """
    retriever = options.get("retriever") or ""
    if ":" in retriever:
        sys.path.insert(0, os.getcwd())  # as `python -m` does: a retriever of the user's own is usually here
    try:
        yield
    except ValueError as error:
        raise ValueError(_QUOTED.sub(lambda match: flags[match[1]], str(error))) from error
    if "dense" in (retriever, *options.get("rankers", ())):
        check_installed("sentence_transformers", "dense")
