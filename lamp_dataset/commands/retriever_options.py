"""The retriever's options of ``rank`` and ``personalize``, and which of them go together.

The library checks the same but names its own arguments; a user who typed ``--retriever dense`` should read ``--model``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click

from lamp_dataset.commands.command import stacked
from lamp_dataset.lazy import check_installed
from lamp_dataset.tasks import get_task

#: Option -> the retriever that takes it; rrf passes them on to the rankers that it fuses.
TAKERS = {"k1": "bm25", "b": "bm25", "model": "dense", "device": "dense", "seed": "random", "rankers": "rrf"}
#: Option -> how it is written on the command line.
FLAGS = {name: f"--{name.removesuffix('s')}" for name in TAKERS}


def _merge(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> None:
    """Add the values of the deprecated ``--of`` to those of ``--ranker``."""
    ctx.params["rankers"] = (*ctx.params.get("rankers", ()), *values)


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
    click.option(
        "--of", multiple=True, hidden=True, expose_value=False, callback=_merge, deprecated="Use --ranker instead."
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


def check_options(config: str, options: Mapping[str, Any]) -> None:
    """Raise ValueError for the first problem, ImportError if the dense retriever's package is missing.

    Unknown retrievers are left to the library, which lists the known ones.
    """
    for wrong, message in _problems(config, options):
        if wrong:
            raise ValueError(message)
    if ":" in (options["retriever"] or ""):
        sys.path.insert(0, os.getcwd())  # as `python -m` does: a retriever of the user's own is usually here
    if "dense" in (options["retriever"], *options["rankers"]):
        check_installed("sentence_transformers", "dense")


def _problems(config: str, options: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """Pairs of (whether the problem exists, its description)."""
    retriever, ranking, fused = options["retriever"], options.get("ranking"), options["rankers"]
    yield bool(ranking and retriever), "--ranking replaces the retriever: give either --retriever or --ranking"
    for name in TAKERS:
        given = options.get(name) not in (None, ())
        yield given and bool(ranking), f"{FLAGS[name]} is an option of a retriever, which --ranking replaces"
        yield (
            given and TAKERS[name] not in (retriever or "bm25", *(fused if retriever == "rrf" else ())),
            _goes_with(name, retriever),
        )
    found = f"found {' '.join(f'--ranker {name}' for name in fused) or 'none'}"
    message = (
        f"--retriever rrf needs two or more --ranker, like --ranker bm25 --ranker recency, none of them rrf; {found}"
    )
    yield retriever == "rrf" and (len(fused) < 2 or "rrf" in fused), message
    message = "the dense retriever needs a checkpoint, like --model facebook/contriever"
    yield "dense" in (retriever, *fused) and options["model"] is None, message
    task = get_task(config)
    dated = f"{config} has no dates for --use-date: they are in the time-based {task.base}_time"
    yield options["use_date"] and not task.time_based, dated


def _goes_with(name: str, retriever: str | None) -> str:
    found = "bm25, the default" if retriever is None else retriever
    others = "" if name == "rankers" else f" or rrf with --ranker {TAKERS[name]}"
    return f"{FLAGS[name]} needs --retriever {TAKERS[name]}{others}, not {found}"
