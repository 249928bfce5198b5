"""Asking for the answers that a journal lacks: a served model several at a time, a model on this machine in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lamp_dataset.formats.texts import counted, short
from lamp_metric.asking.journal import Journal, Key
from lamp_metric.asking.server import Server

if TYPE_CHECKING:
    import datasets


def ask_all(
    server: Server, rows: datasets.Dataset, journal: Journal, *, concurrency: int = 16, unit: str = " samples"
) -> list[dict[str, Any]]:
    """The journal's entry of each row. A served model is asked for the missing ones, several at a time.

    Args:
        server: the model.
        rows: they have ``id``, and ``messages`` or, for completions, ``source``; if a question gets several answers,
            ``draw``, the number of the answer; if not all are asked of the same model, ``model``, its name.
        journal: keeps each answer as soon as it arrives.
        concurrency: questions at the same time.
        unit: what the progress bar counts.

    Raises:
        ValueError: ``concurrency`` is below 1, or the server failed at a sample. Questions on their way are waited for
            before, and their answers are kept.
        OSError: an answer could not be kept.
    """
    if concurrency < 1:
        raise ValueError(f"expected at least 1 question at a time, found {concurrency}")
    column = "source" if server.completions else "messages"

    def ask(key: Key, row: int) -> None:
        try:
            asked = rows[row]
            journal.keep({key: server.ask(asked[column], asked.get("draw", 0), asked.get("model"))})
        except ValueError as error:
            raise ValueError(f"sample {short(key[0])}: {error}") from None

    rows = rows.select_columns(["id", column, *_more(rows)])
    with _progress(rows, column, journal, unit) as (keys, left, bar), ThreadPoolExecutor(concurrency) as pool:
        try:
            for answer in as_completed([pool.submit(ask, keys[row], row) for row in left]):
                answer.result()
                bar.update()
        except BaseException:
            server.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [journal.entries[key] for key in keys]


def ask_here(
    answer: Callable[[dict[str, list]], list[str]],
    rows: datasets.Dataset,
    journal: Journal,
    *,
    column: str,
    batch_size: int = 8,
    unit: str = " samples",
) -> list[dict[str, Any]]:
    """The journal's entry of each row. A model on this machine is asked for the missing ones, batch by batch.

    Args:
        answer: a batch of rows, as lists by column -> the model's answers.
        rows: they have ``id`` and ``column``, and ``draw`` as for :func:`ask_all`.
        journal: keeps each batch of answers as soon as it arrives.
        column: what the model reads.
        batch_size: rows of a batch.
        unit: what the progress bar counts.

    Raises:
        OSError: answers could not be kept.
    """
    with _progress(rows, column, journal, unit) as (keys, left, bar):
        for start in range(0, len(left), batch_size):
            batch = left[start : start + batch_size]
            answers = zip(batch, answer(rows[batch]), strict=True)
            journal.keep({keys[row]: {"output": text} for row, text in answers})
            bar.update(len(batch))
    return [journal.entries[key] for key in keys]


def _more(rows: datasets.Dataset) -> list[str]:
    """Which of the columns with the number of the answer and the model's name there are."""
    return [name for name in ("draw", "model") if name in rows.column_names]


@contextmanager
def _progress(
    rows: datasets.Dataset, column: str, journal: Journal, unit: str
) -> Iterator[tuple[list[Key], list[int], Any]]:
    """Keys of all rows, positions of those without an answer, and a progress bar; an error says what was kept."""
    from tqdm import tqdm

    questions = zip(rows["id"], rows[column], *(rows[name] for name in _more(rows)), strict=True)
    keys = [journal.key(name, [question, *more] if any(more) else question) for name, question, *more in questions]
    left = journal.missing(keys)
    try:
        with tqdm(total=len(keys), initial=len(keys) - len(left), unit=unit) as bar:
            yield keys, left, bar
    except ValueError as error:
        kept = counted(sum(key in journal.entries for key in keys), "answers")
        raise ValueError(f"{error}; kept {kept}, the same command asks for the rest") from None
