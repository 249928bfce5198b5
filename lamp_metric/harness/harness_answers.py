"""The answers that a harness has logged, and which of several logs is meant."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lamp_dataset.formats.ids import UniqueIds
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.formats.texts import short
from lamp_dataset.tasks import TASKS


def collect(
    logged: Iterable[tuple[Any, Any, Any]], path: Path, config: str | None = None, expected: int | None = None
) -> Outputs:
    """The answers of one run to one config, in a log at ``path``.

    ``logged``: triples of config, sample id and answer. ``config``: which config is wanted. ``expected``: the number of
    samples in the split, if all of them must have an answer and the log says it.
    """
    name = str(path)
    ids, by_id, configs = UniqueIds(name), {}, set()
    for found, sample_id, answer in logged:
        configs.add(found if isinstance(found, str) and found in TASKS else short(found))
        if len(configs) > 1 or configs.isdisjoint(TASKS if config is None else (config,)):
            wanted = config or "one of this benchmark's configs"
            raise ValueError(f"{name}: expected samples of {wanted}, found {', '.join(sorted(configs))}")
        if not isinstance(sample_id, str) or not isinstance(answer, str):
            where = f"{short(sample_id)} and {short(answer)}"
            raise ValueError(f"{name}: expected strings as a sample's id and answer, found {where}")
        ids.add(sample_id)
        by_id[sample_id] = answer
    if not by_id:
        raise ValueError(f"{name}: expected samples with their answers, found none")
    if expected is not None and len(by_id) < expected:
        raise ValueError(
            f"{name}: expected answers to all {expected} samples of the split, found {len(by_id)}: the run was limited "
            "or stopped; --partial accepts that"
        )
    return Outputs(configs.pop(), by_id, name)


def choose(logs: Sequence[tuple[str, Path]], config: str | None, place: Path) -> Path:
    """The log that is meant, among the pairs of config and log found in ``place``."""
    found = [(name, path) for name, path in logs if config in (None, name)]
    names = sorted({name for name, _ in found})
    if len(names) > 1:
        raise ValueError(f"{place}: holds logs of {', '.join(names)}; choose one of them with --config")
    if not found:
        there = ", ".join(sorted({name for name, _ in logs})) or "none of this benchmark"
        raise ValueError(f"{place}: expected a log{f' of {config}' if config else ''}, found {there}")
    if len(found) > 1:
        runs = ", ".join(str(path) for _, path in found)
        raise ValueError(f"{place}: holds {len(found)} logs of {names[0]}; name one of them: {runs}")
    return found[0][1]
