"""``lamp-dataset personalize`` and ``lamp-dataset rank``: retrieval and prompts from the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import click

from lamp_dataset.atomic import write_whole
from lamp_dataset.commands.command import DATA_DIR, Command, examples
from lamp_dataset.commands.retriever_options import check_options
from lamp_dataset.personalize.prompts.parts import EMPTY
from lamp_dataset.task import SPLITS

#: Rows at a time.
BATCH = 256


def _options(*options: Callable) -> Callable:
    def add(function: Callable) -> Callable:
        for option in reversed(options):
            function = option(function)
        return function

    return add


_ROWS = _options(
    click.argument("config"),
    click.option("--data-dir", type=DATA_DIR, help=DATA_DIR.help),
    click.option("--split", type=click.Choice(list(SPLITS)), default="validation", show_default=True),
    click.option("--limit", type=click.IntRange(1), help="The first so many samples only."),
)
_RETRIEVER = _options(
    click.option("--retriever", help="bm25 (default), recency, random, first, dense or rrf."),
    click.option("--model", help="Checkpoint of the dense retriever, a name on the Hub or a folder."),
    click.option("--device", help="Where the dense retriever runs, such as cuda or cpu."),
    click.option("--of", multiple=True, help="A ranker for rrf to fuse; give two or more."),
    click.option("--seed", type=int, help="Of the random retriever (0)."),
    click.option("--use-date", is_flag=True, help="Search the items' dates, too (time-based configs)."),
    click.option("--rules", default="official", show_default=True, help="official, or fixed with its defects mended."),
)


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset personalize LaMP_3 -k 4 --tokenizer google/flan-t5-base --output prompts.parquet",
        "lamp-dataset personalize LaMP_4_time --retriever recency --split train --output train.jsonl",
        "lamp-dataset personalize LaMP_5 --ranking ranking.json -k 1 --max-length 256 --output k1.parquet",
    ),
)
@_ROWS
@_RETRIEVER
@click.option("--ranking", type=click.Path(exists=True, dir_okay=False), help="A ranking file instead of a retriever.")
@click.option("-k", type=click.IntRange(0), default=4, show_default=True, help="Items in a prompt; 0 is no profile.")
@click.option("--tokenizer", help="Tokenizer that counts the budget, a name or a folder; without one, words count.")
@click.option("--max-length", type=click.IntRange(1), default=512, show_default=True, help="Budget of a prompt.")
@click.option("--num-proc", type=click.IntRange(1), help="Processes.")
@click.option("--output", required=True, type=click.Path(dir_okay=False), help="File to write: .parquet or .jsonl.")
def personalize(output: str, num_proc: int | None, **options: Any) -> None:
    """Write the personalised prompts of a split of CONFIG, with their golds and the items used."""
    write = _writer(output)
    call, rows = _prepare(options)
    kept = personalized_rows(rows, call, num_proc)
    with write_whole(output, "wb", permissions=0o600 if call.task.gated else 0o644) as file:
        write(kept, file)
    click.echo(f"{output}: {_summary(kept)}", err=True)
    if call.task.gated:
        click.echo(f"{output} holds texts under {call.task.license}", err=True)


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset rank LaMP_3 --output ranking.json",
        "lamp-dataset rank LaMP_3 --retriever dense --model facebook/contriever --output ranking.json",
        "lamp-dataset rank LaMP_4_time --retriever rrf --of bm25 --of recency --output ranking.json",
    ),
)
@_ROWS
@_RETRIEVER
@click.option("--output", required=True, type=click.Path(dir_okay=False), help="JSON file to write.")
def rank(output: str, **options: Any) -> None:
    """Write the official ranking file of a split of CONFIG: {sample id: [item id, ... best first]}, all items."""
    _check_folder(output)
    call, rows = _prepare(options)
    with write_whole(output) as file:
        number = _write_ranking(file, _rankings(rows, call))
    click.echo(f"{output}: rankings of {number} samples", err=True)


def _prepare(options: dict[str, Any]) -> tuple[Any, Any]:
    """The personalizer and the rows that the command's options ask for. What is wrong with the first shows first."""
    from lamp_dataset.personalize.personalizer import (
        Personalizer,  # imported late, as all that is heavy: --help must be quick
    )

    chosen = {name: options.pop(name) for name in ("config", "data_dir", "split", "limit")}
    check_options(chosen["config"], options)
    given = {name: value for name, value in options.items() if value is not None and value != ()}
    call = Personalizer(chosen["config"], **given)
    return call, load_rows(**chosen)


def load_rows(config: str, split: str, data_dir: str | None = None, limit: int | None = None) -> Any:
    """The first ``limit`` rows of a split; only its files are fetched or read."""
    import datasets

    try:
        rows = datasets.load_dataset("lamp", config, split=split, splits=(split,), data_dir=data_dir)
    except datasets.exceptions.DatasetGenerationError as error:
        # the builder's own message, which names file and sample, is the cause
        raise ValueError(str(error.__cause__ or error)) from error
    return rows if limit is None else rows.select(range(min(limit, len(rows))))


def personalized_rows(rows: Any, call: Any, num_proc: int | None = None) -> Any:
    """``rows`` with the personalizer's columns in place of the profile."""
    features = call.features(rows.features)
    return rows.map(
        call,
        batched=True,
        batch_size=BATCH,
        remove_columns=["profile"],
        features=features,
        num_proc=num_proc,
        desc="Personalizing",
    )


def _rankings(rows: Any, call: Any) -> Iterator[dict[str, list[str]]]:
    """The rankings of a batch at a time. An error in them ends the bar's line, so that its message has its own."""
    from tqdm import tqdm

    with tqdm(total=len(rows), desc="Ranking", unit=" samples") as progress:
        for batch in rows.with_format("arrow").iter(BATCH):
            yield call.rank(batch)
            progress.update(len(batch))


def _write_ranking(file: Any, parts: Iterator[dict[str, list[str]]]) -> int:
    """One JSON object, a sample a line, written as the rankings come."""
    number = 0
    file.write("{")
    for part in parts:
        for sample_id, item_ids in part.items():
            file.write(f"{',' if number else ''}\n{json.dumps(sample_id)}: {json.dumps(item_ids)}")
            number += 1
    file.write("\n}\n")
    return number


def _writer(output: str) -> Callable[[Any, Any], object]:
    writers = {
        ".parquet": lambda rows, file: rows.to_parquet(file),
        ".jsonl": _write_json_lines,
    }
    ending = os.path.splitext(output)[1]
    if ending not in writers:
        raise ValueError(f"{output}: expected a name that ends in {' or '.join(writers)}")
    _check_folder(output)
    return writers[ending]


def _write_json_lines(rows: Any, file: Any) -> None:
    """Not ``to_json``: it rounds the scores to ten digits."""
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n")


def _check_folder(output: str) -> None:
    """Before hours of work, not after."""
    folder = os.path.dirname(os.path.abspath(output))
    if not os.path.isdir(folder):
        raise ValueError(f"{output}: the folder {folder} is not there; make it first")


def _summary(rows: Any) -> str:
    counts = {
        "without a profile": sum(not used for used in rows["personalized"]),
        "with items of which no text is left": sum(EMPTY in use for use in rows["retrieved_use"]),
        "with a remark in the column 'notes'": sum(map(bool, rows["notes"])),
    }
    return f"{len(rows)} prompts; of them {', '.join(f'{count} {what}' for what, count in counts.items())}"
