"""Files of predictions checked before they are submitted, and the zip of several."""

import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import starmap
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.formats.json_files import HEAD_BYTES, describe, read_json
from lamp_dataset.formats.outputs import Outputs, dump_outputs, golds_of, parse_outputs
from lamp_dataset.formats.task_of_file import best_fit, is_name_of, other_task, tasks_named
from lamp_dataset.formats.texts import SHOWN_CHARS, counted, difference, duplicates, printable, short
from lamp_dataset.task import Task
from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS, get_task, official_hint
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


#: More than an honest zip of all tasks inflates to; a zip that exceeds it is taken for a zip bomb.
MAX_INFLATED_BYTES = 128 << 20
#: More values than an honest outputs file holds, which has two in each entry. Parsed, a value takes 64 bytes and more.
MAX_VALUES = 1_000_000

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)

#: What zipfile raises for a damaged zip.
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, UnicodeError)


def read_zip(path: str | os.PathLike) -> dict[str, Outputs]:
    """The outputs files in a zip: official task name -> outputs, in the benchmark's order.

    JSON files at any depth are read. Other files are ignored, and so is what file managers add (``__MACOSX``,
    ``._x.json``).
    """
    found: dict[str, Outputs] = {}
    for name, data in _json_members(Path(path)):
        if len(data) > MAX_VALUES:  # fewer bytes cannot hold more values
            bare = _STRING.sub(b"", data)
            if sum(map(bare.count, (b"{", b"[", b","))) > MAX_VALUES:
                raise ValueError(f"{name}: expected an outputs file, found more than {MAX_VALUES:,} JSON values")
        outputs = parse_outputs(data, name)
        _check_official(outputs.task, name)
        if outputs.task in found:
            raise ValueError(f"{path}: two files of task {outputs.task}: {found[outputs.task].name} and {name}")
        found[outputs.task] = outputs
    if not found:
        raise ValueError(f"{path}: expected JSON files in the zip, found none")
    return {task: found[task] for task in OFFICIAL_NAMES if task in found}


def _check_official(task: str, name: str) -> None:
    """ValueError for a name that no task has, or a task that is not the benchmark's."""
    tasks_named(task, name)
    if task not in OFFICIAL_NAMES:
        raise ValueError(f"{name}: {task} cannot be submitted; expected one of {', '.join(OFFICIAL_NAMES)}")


def _json_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """The name (of zip and member) and the content of each JSON file in a zip."""
    if path.is_dir():
        raise ValueError(f"{path}: expected a zip file, found a folder")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if not head.startswith(b"PK"):
            raise ValueError(f"{path}: expected a zip file, found {describe(head)}; lamp-metric pack makes one")
        left = MAX_INFLATED_BYTES
        try:
            with zipfile.ZipFile(file) as archive:
                for member in archive.infolist():
                    inside = PurePosixPath(member.filename)
                    hidden = "__MACOSX" in inside.parts or inside.name.startswith(".")
                    if member.is_dir() or hidden or inside.suffix.lower() != ".json":
                        continue
                    data = _inflate(archive, member, f"{path}/{member.filename}", left)
                    left -= len(data)
                    yield f"{path}/{member.filename}", data
        except _DAMAGE as error:
            raise ValueError(f"{path}: expected a zip file, but it is damaged or cut off: {error}") from None


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limit: int) -> bytes:
    if member.flag_bits & 1:
        raise ValueError(f"{name}: is encrypted; make the zip without a password")
    try:
        with archive.open(member) as file:
            data = file.read(limit + 1)  # the size in the header may be wrong
    except NotImplementedError as error:
        raise ValueError(f"{name}: {error}; make the zip with deflate, the usual method") from None
    if len(data) > limit:
        raise ValueError(f"{name}: the zip expands to more than {MAX_INFLATED_BYTES >> 20} MiB; no submission does")
    return data


#: A fixed date, so that the same files give the same zip, byte for byte.
_DATE = (1980, 1, 1, 0, 0, 0)


def pack(
    paths: Sequence[str | os.PathLike],
    output: str | os.PathLike,
    *,
    configs: Mapping[str | os.PathLike, str] = MappingProxyType({}),
    partial: bool = False,
    ids_of: Callable[[Task], Collection[str]] | None = None,
) -> dict[str, Report]:
    """Check files of predictions, one per task, and write them into one zip, unless one of them is unfit.

    A zip holds one setting. ``configs`` says of which config a path is, which the files of both settings do not: all
    are of that setting. With ``partial``, tasks may be missing. ``ids_of`` gives the samples of a config that need a
    prediction, if they are known. Returns official task name -> report, in the benchmark's order.
    """
    named = {path: get_task(config) for path, config in configs.items()}
    setting = {task.setting: task.name for task in named.values()}
    if len(setting) > 1:
        raise ValueError(f"a zip holds one setting: found {' and '.join(setting.values())}")
    documents = _documents(paths, named)
    missing = [task for task in OFFICIAL_NAMES if task not in documents]
    if missing and not partial:
        raise ValueError(f"expected predictions for all tasks, found none for {', '.join(missing)}; or pass --partial")
    reports = {
        task: _report(*documents[task], ids_of, next(iter(setting), None))
        for task in OFFICIAL_NAMES
        if task in documents
    }
    if not any(report.exit_status for report in reports.values()):
        _write({task: documents[task][0] for task in reports}, Path(output))
    return reports


def _documents(
    paths: Sequence[str | os.PathLike], named: Mapping[str | os.PathLike, Task]
) -> dict[str, tuple[Any, str, Task | None]]:
    """Official task name -> content and path of a file, and its task where that is said."""
    found: dict[str, tuple[Any, str, Task | None]] = {}
    for path in paths:
        document, name = read_json(path), str(Path(path))
        _, task = golds_of(document, name)
        _check_official(task, name)
        if path in named and named[path].official_name != task:
            expected = f"{named[path].official_name!r}, as {named[path].name} is called"
            raise ValueError(f"{name}: expected predictions for task {expected}, found {task!r}")
        if task in found:
            raise ValueError(f"two files of task {task}: {found[task][1]} and {name}")
        found[task] = document, name, named.get(path)
    return found


def _report(
    document: Any,
    name: str,
    task: Task | None,
    ids_of: Callable[[Task], Collection[str]] | None,
    setting: str | None,
) -> Report:
    entries, official_name = golds_of(document, name)
    outputs = [entry.get("output") for entry in entries if isinstance(entry, dict)]
    task = task or best_fit(official_name, outputs, name)
    # the setting that is said, or whose ids all begin like these; otherwise both, user-based first
    both = [other for other in TASKS.values() if other.base == task.base and setting in (None, other.setting)]
    ids = [str(entry.get("id")) for entry in entries if isinstance(entry, dict)]
    settings = [other for other in both if all(one.startswith(other.id_start) for one in ids)] or both
    report = check_predictions(document, name, task, None if ids_of is None else ids_of(settings[0]))
    if not entries:
        report.errors.append("no predictions: 'golds' is an empty list")
    sizes = {count for other in settings for count in other.num_samples.values() if count is not None}
    if ids_of is None and sizes and report.n not in sizes:
        *others, last = (f"{size:,}" for size in sorted(sizes))
        splits = f"the splits of {task.base} have {' or '.join(filter(None, [', '.join(others), last]))} samples"
        found = f"{counted(report.n, 'predictions')}, but {splits}"
        report.warnings.append(f"{found}; with --data-dir, the samples without a prediction are named")
    return report


def _write(documents: dict[str, Any], output: Path) -> None:
    permissions = PRIVATE if any(TASKS[task].gated for task in documents) else None
    with write_whole(output, "wb", permissions) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for task, document in documents.items():
            pairs = [(entry["id"], entry["output"]) for entry in document["golds"]]
            member = zipfile.ZipInfo(f"{task}.json", _DATE)
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(member, dump_outputs(task, pairs))
