"""Is a file of predictions fit to be scored? A report of everything that is wrong with it, not only the first error."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import starmap
from typing import Any

from lamp_dataset.formats.ids import difference, duplicates
from lamp_dataset.formats.outputs import golds_of
from lamp_dataset.formats.task_of_file import is_name_of, other_task
from lamp_dataset.formats.texts import SHOWN_CHARS, counted, printable, short
from lamp_dataset.task import Task
from lamp_dataset.tasks import official_hint
from lamp_metric.predictions.answer_extraction import WrappedAnswers
from lamp_metric.predictions.reading import is_number
from lamp_metric.scorers import scorer_of

#: The number of examples that a line of the report names.
SHOWN = 5


@dataclass
class Report:
    """What was found in a file of ``n`` entries, one line per kind.

    ``errors`` make it unfit. With ``doubts``, it seems to belong to another task, or to need ``--extract_answers``.
    ``warnings`` name what costs points.
    """

    name: str
    n: int = 0
    errors: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """2 if the file is unfit, 1 if it is doubtful, 0 if it is fit."""
        return 2 if self.errors else 1 if self.doubts else 0

    def text(self) -> str:
        """The report as human-readable text."""
        verdict = ("fit", "doubtful", "unfit")[self.exit_status]
        lines = [f"{printable(self.name)}: {counted(self.n, 'predictions')}, {verdict}"]
        for kind, found in (("error", self.errors), ("doubt", self.doubts), ("warning", self.warnings)):
            lines += [f"  {kind}: {line}" for line in found]
        return "\n".join(lines)


def check_predictions(
    document: Any, name: str, task: Task, ids: Collection[str] | None = None, golds_name: str | None = None
) -> Report:
    """Check predictions for ``task``: the parsed file ``name``.

    ``ids`` are the samples that need a prediction, if they are known. ``golds_name`` is what a file of golds calls the
    task; the predictions may do so, too, or use a name that papers use.
    """
    entries, official_name = golds_of(document, name)
    report = Report(name, len(entries))
    others = golds_name is not None and (official_name == golds_name or is_name_of(task, official_name))
    if official_name != task.official_name and not others:
        found = f"{short(official_name)}{official_hint(official_name)}"
        report.errors.append(f"task: expected {task.official_name!r}, found {found}")
    sound = list(_sound(entries, report))
    _check_ids([sample_id for sample_id, _ in sound], ids, report)
    texts = list(_texts(sound, task, report))
    report.doubts += _doubts(task, [text for _, text in texts])
    scorer = scorer_of(task)
    wrapped = WrappedAnswers(task)
    wrapped.look(texts)
    line = wrapped.line("--extract_answers of eval-task and compare")
    if line is not None:
        (report.doubts if 2 * wrapped.number > len(texts) else report.warnings).append(line)
    for found in scorer.findings(task, texts):
        lines = _line(list(starmap(_shown, found.samples)), found.one, found.many, found.rest)
        report.warnings += [line + found.hint for line in lines]
    return report


def _sound(entries: list, report: Report) -> Iterator[tuple[str, Any]]:
    """Id and output of the entries that have both."""
    odd = []
    for position, entry in enumerate(entries):
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and "output" in entry:
            yield entry["id"], entry["output"]
        else:
            odd.append(f"entry {position} {short(entry)}")
    report.errors += _line(odd, "entry lacks", "entries lack", " a string as 'id', or an 'output'")


def _check_ids(found: Sequence[str], expected: Collection[str] | None, report: Report) -> None:
    report.errors += _line(list(map(_id, duplicates(found))), "duplicate id", "duplicate ids")
    if expected is None:
        return
    missing, extra = (list(map(_id, side)) for side in difference(dict.fromkeys(found), expected))
    report.errors += _line(missing, "sample has", "samples have", " no prediction")
    report.errors += _line(extra, "prediction has an id", "predictions have ids", " that no sample has")


def _texts(sound: Sequence[tuple[str, Any]], task: Task, report: Report) -> Iterator[tuple[str, str]]:
    """Id and text of the outputs that can be scored."""
    unfit, empty = [], []
    for sample_id, output in sound:
        if not isinstance(output, str) and not (task.labels and is_number(output)):
            unfit.append(_shown(sample_id, output))
        elif not str(output).strip():
            empty.append(_id(sample_id))
        else:
            yield sample_id, str(output).strip()
    expected = "a string or a number" if task.labels else "a string"
    report.errors += _line(unfit, "output is", "outputs are", f" not {expected}")
    report.warnings += _line(empty, "output is", "outputs are", " empty")


def _doubts(task: Task, texts: list[str]) -> list[str]:
    """A line if most outputs cannot be answers of the task; it names the task whose labels most of them are."""
    misfits = [text for text in texts if task.labels and not scorer_of(task).is_usable(task, text)]
    if 2 * len(misfits) <= len(texts):
        return []
    likely = other_task(texts, task)
    looks = f"look like {likely.name}" if likely else "do not look like another task either"
    found = f"{len(misfits)} of {len(texts)} outputs are not labels of {task.name}, first {short(misfits[0])}"
    return [f"{found}; they {looks}"]


def _line(found: Sequence[str], one: str, many: str, rest: str = "") -> list[str]:
    """A line that counts what was found and names the first; none if nothing was found."""
    if not found:
        return []
    more = f", … and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    counted = f"1 {one}" if len(found) == 1 else f"{len(found)} {many}"
    return [f"{counted}{rest}: {', '.join(found[:SHOWN])}{more}"]


def _id(sample_id: str) -> str:
    """An id for the report: without quotation marks where that is clear."""
    return sample_id if sample_id and sample_id.isprintable() and len(sample_id) <= SHOWN_CHARS else short(sample_id)


def _shown(sample_id: str, output: Any) -> str:
    """An output and its sample."""
    return f"{short(output)} (sample {_id(sample_id)})"
