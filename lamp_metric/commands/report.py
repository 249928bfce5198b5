"""``report``."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from lamp_dataset.commands.command import examples, say
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.formats.task_of_file import task_of
from lamp_dataset.formats.texts import counted
from lamp_dataset.lazy import check_installed
from lamp_metric.commands.compare import Comparing, comparing_options
from lamp_metric.commands.shared import FILE, Several
from lamp_metric.measures import together
from lamp_metric.predictions.scored_samples import VALUE
from lamp_metric.result_tables.text_and_csv import interval, shown_p


@click.command(
    cls=Several,
    epilog=examples(
        "lamp-metric report LaMP_3_time --data-dir D --preds none=n.json own=o.json --output report",
        "lamp-metric report LaMP_4_time --data-dir D --preds k0=a.json k4=b.json --score rouge-L --output r",
    ),
)
@comparing_options
@click.option("--score", "key", help="Score for the sections by user; by default, the task's first score.")
@click.option("--output", type=FILE, required=True, help="The folder to write; an older report there is replaced.")
def report(asked: Comparing, key: str | None, output: Path) -> None:
    """Report who gains from the profile on TASK.

    Systems are compared with a baseline, user by user: for example, one that reads the user's own profile with one that
    reads none and one that reads somebody else's. The folder holds the page report.html, users.csv, summary.json and
    the figures. Profiles and users come from --data-dir, or from --questions next to --golds. Systems named k0, k4 and
    so on are ordered by the number of retrieved items.

    A gain is positive if a system is better than the baseline, even in MAE and RMSE. Intervals and tests treat users,
    not samples, as independent.

    For a gated task, the folder holds no texts, and only its owner can read it.
    """
    check_installed("matplotlib", "report")
    from tqdm import tqdm

    from lamp_metric.report.gains import Profiles
    from lamp_metric.report.report_folder import check_output, check_score, make_report  # these need numpy

    check_output(output)
    source, names = asked.source, list(asked.preds)
    if not names:
        raise ValueError("a report shows predictions: pass --preds next to --values")
    if asked.baseline not in (None, *names):
        raise ValueError(f"--baseline: expected one of the systems {', '.join(names)}, found {asked.baseline!r}")
    first = asked.baseline or names[0]
    asked.preds = {first: asked.preds[first], **asked.preds}
    if source.questions is None:
        raise ValueError("a report needs users and profiles: pass --questions next to --golds, or --data-dir")
    golds = read_outputs(source.golds)
    task = task_of(golds, source.task_name)
    more = [one.name for one in together(task, asked.also).measures if one.of_samples]
    key, look = check_score(task, key, [*more, *([VALUE] if asked.values else [])]), Profiles(task)
    with tqdm(total=len(golds.by_id), desc="Reading profiles", unit=" samples", delay=1) as bar:

        def see(row: Mapping[str, Any]) -> None:
            look(row)
            bar.update()

        scored = asked.score(see)
    summary = make_report(output, scored, look.by_id(), key, asked.drawn, **asked.signed)
    for line in _lines(output, summary):
        say(line)
    for note in summary["notes"]:
        say(note, err=True)


def _lines(output: Path, summary: Mapping[str, Any]) -> Iterator[str]:
    counts = f"{counted(summary['samples'], 'samples')} of {counted(summary['users'], 'users')}"
    yield f"{output}: {counts}, baseline {summary['baseline']}"
    key = summary["score"]
    for name, contrasts in summary["contrasts"].items():
        found = contrasts[key]
        counts = ", ".join(f"{found[f'users_{kind}']:,} {kind}" for kind in ("better", "equal", "worse"))
        p = f"p {shown_p(found['p_value'])} (Holm {shown_p(found['p_holm'])})"
        yield f"  {name}: {key} gain {found['gain']:+.4f} {interval(found['gain_ci'])}, {p}; users: {counts}"
