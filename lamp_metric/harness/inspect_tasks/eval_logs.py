"""The answers in a log of inspect_ai, which its own reader reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.lazy import require
from lamp_metric.harness.rows_and_answers import choose, collect


def read_inspect(place: Path, config: str | None = None, partial: bool = False) -> Outputs:
    """The answers in a log, or in the log of ``config`` in a folder; ``partial``: samples may lack one."""
    require("inspect_ai", "inspect")
    path = choose(list(_logs(place)), config, place) if place.is_dir() else place
    log = _read(path)
    if not log.samples:
        raise ValueError(f"{path}: no samples were logged; was it run with --no-log-samples, or stopped at once?")
    epochs = max(sample.epoch for sample in log.samples)
    if epochs > 1:
        raise ValueError(f"{path}: expected one answer to each sample, found {epochs} epochs; run it with --epochs 1")
    answered = [sample for sample in log.samples if sample.error is None]
    answers = ((sample.metadata.get("config"), sample.id, sample.output.completion) for sample in answered)
    return collect(answers, path, config, None if partial else log.eval.dataset.samples)


def _logs(folder: Path) -> Iterator[tuple[str, Path]]:
    """Config and path of each log of our task, among the files that the harness takes for its logs."""
    from inspect_ai.log import list_eval_logs

    for found in list_eval_logs(str(folder), descending=False):
        path = Path(found.name.removeprefix("file://"))
        log = _read(path, header_only=True)
        if log.eval.task.rpartition("/")[2] == "lamp":
            yield str(log.eval.task_args.get("config")), path


def _read(path: Path, **options: Any) -> Any:
    """Its ``EvalLog``."""
    from inspect_ai.log import read_eval_log

    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a log of inspect_ai, found nothing")
    try:
        return read_eval_log(path, **options)
    except Exception as error:  # what its reader raises depends on how a file is damaged
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path}: expected a log of inspect_ai; its reader says: {reason}") from error
