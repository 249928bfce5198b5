"""``eval-task`` and ``eval-all``."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lamp_dataset.atomic import PRIVATE, check_not_input, write_whole
from lamp_dataset.commands.command import Command, examples, say
from lamp_dataset.formats.files import check_not_data
from lamp_dataset.task import Task
from lamp_dataset.tasks import OFFICIAL_NAMES
from lamp_metric.commands.golds import Source, source_options
from lamp_metric.commands.shared import (
    FILE,
    Several,
    also_options,
    bundled,
    extraction_option,
    resampling_options,
    say_other_task,
)
from lamp_metric.measures import chosen
from lamp_metric.predictions.check import read_zip
from lamp_metric.predictions.reading import JoinedOutputs, join
from lamp_metric.predictions.scored_samples import measure_joined, remarks
from lamp_metric.result_tables.text_and_csv import interval, table
from lamp_metric.signature import Resampling, signature


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """How predictions are scored, and where the scores go: the options of both commands."""

    output_file: Path | None = None
    as_json: bool = False
    per_sample: bool = False
    extract_answers: bool = False
    also: Sequence[str] = ()
    without: Sequence[str] = ()
    drawn: Resampling | None = None

    def check(self, inputs: Sequence[Path], data_dir: str | None = None) -> None:
        """Reject options that contradict each other, or a file to write that is read, before any work."""
        if self.output_file is not None:
            check_not_input(self.output_file, inputs)
            check_not_data(self.output_file, data_dir)
            if self.extract_answers:
                found = "--extract_answers gives unofficial scores, so --output_file is not allowed"
                raise ValueError(f"{found}; use --json")
        if self.per_sample and not self.as_json:
            raise ValueError("--per_sample adds to the output of --json: pass --json as well")

    def evaluate(self, joined: JoinedOutputs, subset: str | None = None) -> dict[str, Any]:
        """Everything about one task's scores, as ``--json`` prints it; remarks go to standard error.

        ``subset``: what a file chose, for the signature.
        """
        task, also = joined.task, chosen(self.also, self.without)
        samples = measure_joined(joined, extract_answers=self.extract_answers, also=also)
        for line in remarks([samples], "--extract_answers"):
            click.echo(line, err=True)
        extra = {} if samples.users is None else {"users": samples.n_users}
        extra |= {"per_sample": samples.per_sample()} if self.per_sample else {}
        signed = {"chosen": subset, "extracted": self.extract_answers, **samples.scorer.signed}
        bounds = {}
        if self.drawn is not None:
            from lamp_metric.statistics.resampling import intervals  # needs numpy

            bounds = intervals(samples, self.drawn)
        return {
            "task": task.name,
            "n": samples.n,
            "scores": dict(samples.scores),
            "intervals": bounds,
            "unusable": len(samples.unusable),
            "signature": signature(task.name, samples.n, self.drawn, samples.n_users, **signed),
            **extra,
        }

    def finish(self, found: Any, results: Sequence[Mapping[str, Any]], official: Any, tasks: Iterable[Task]) -> None:
        """Write the result file of these tasks, if one was requested, and print ``found`` as JSON, or the results."""
        if self.output_file is not None:
            permissions = PRIVATE if any(task.gated for task in tasks) else None
            with write_whole(self.output_file, permissions=permissions) as file:
                file.write(json.dumps(official, allow_nan=False))
        say(json.dumps(found, allow_nan=False) if self.as_json else score_table(results))


#: The options that both eval commands take besides their files; a command gets ``scoring`` in their place.
scoring_options = bundled(
    "scoring",
    Scoring,
    click.option("--output_file", type=FILE, help="Where to write the scores, in the format of the official script."),
    resampling_options(None, 1000),
    extraction_option,
    click.option("--per_sample", is_flag=True, help="Add the values of each sample to --json."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON, with intervals and signatures."),
)


@click.command(
    cls=Several,
    epilog=examples(
        "lamp-metric eval-task --golds_json dev_outputs.json --preds_json preds.json --task_name LaMP_4",
        "lamp-metric eval-task --golds_json G --preds_json P --output_file scores.json --confidence_level 0.95",
        "lamp-metric eval-task --data-dir my/files --task_name LaMP_3 --preds_json P --confidence_level 0.95",
    ),
)
@source_options("--golds_json")
@click.option("--preds_json", type=FILE, required=True, help="File of predictions, in the official format.")
@click.option("--task_name", help="Config name; by default, taken from the golds.")
@also_options
@scoring_options
def eval_task(source: Source, preds_json: Path, scoring: Scoring) -> None:
    """Score the predictions of one task.

    Golds and predictions are joined by id; both files look like {"task": "LaMP_4", "golds": [{"id": …, "output": …},
    …]}. The result file is one flat object: {"rouge-1": …, "rouge-L": …}.

    Files of movie tags and of news categories both say LaMP_2: the golds' labels tell them apart. If they are news
    categories, LaMP_2_news is scored, even with --task_name LaMP_2, and a line on standard error says so.

    Intervals (--confidence_level) draw samples, or users if --data-dir or --questions identifies the users.
    """
    scoring.check([*source.files, preds_json], source.data_dir)
    drawn = scoring.drawn is not None
    if not drawn and source.users is None and source.split is None and source.questions is not None:
        raise ValueError("--questions gives the users that intervals draw; pass --confidence_level as well")
    _, task, _, (joined,) = source.join([preds_json], wants_users=drawn)
    result = scoring.evaluate(joined, source.chosen)
    official = {key: result["scores"][key] for key in task.scores if key in result["scores"]}
    scoring.finish(result, [result], official, [task])


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-metric eval-all --golds_zip golds.zip --preds_zip preds.zip --output_file scores.json",
        "lamp-metric eval-all --golds_zip golds.zip --preds_zip preds.zip --partial --json",
    ),
)
@click.option("--golds_zip", type=FILE, required=True, help="Zip of the tasks' files of golds, in any folder.")
@click.option("--preds_zip", type=FILE, required=True, help="Zip of the tasks' files of predictions.")
@click.option("--temp_dir", type=FILE, help="Accepted and ignored: nothing is extracted to disk.")
@click.option("--partial", is_flag=True, help="Score the tasks that are there, even if others are missing.")
@scoring_options
def eval_all(golds_zip: Path, preds_zip: Path, temp_dir: Path | None, partial: bool, scoring: Scoring) -> None:
    """Score the predictions of all tasks.

    The result file is an object keyed by the tasks' official names. The zips can be made by pack or by any other tool.
    LaMP_2 holds movie tags or news categories: the golds' labels decide, see eval-task.
    """
    scoring.check([golds_zip, preds_zip])
    golds, predictions = read_zip(golds_zip), read_zip(preds_zip)
    for path, found in ((golds_zip, golds), (preds_zip, predictions)):
        missing = [task for task in OFFICIAL_NAMES if task not in found]
        if missing and not partial:
            raise ValueError(
                f"{path}: expected a file for each of the {len(OFFICIAL_NAMES)} tasks, found none for "
                f"{', '.join(missing)}; pass --partial to score what is there"
            )
    tasks = [task for task in golds if task in predictions]
    if not tasks:
        both = f"{golds_zip} holds {', '.join(golds)} and {preds_zip} {', '.join(predictions)}"
        raise ValueError(f"{both}: no task is in both")
    left_out = [task for task in OFFICIAL_NAMES if task in golds.keys() ^ predictions.keys()]
    if left_out:
        say(f"not scored, since one side is missing: {', '.join(left_out)}", err=True)
    joined = {task: join(golds[task], predictions[task]) for task in tasks}
    for task, outputs in joined.items():
        say_other_task(golds[task], outputs.task, None)
    results = {task: scoring.evaluate(outputs) for task, outputs in joined.items()}
    scores = {task: result["scores"] for task, result in results.items()}
    scoring.finish(results, list(results.values()), scores, [outputs.task for outputs in joined.values()])


def score_table(results: Sequence[Mapping[str, Any]]) -> str:
    """The scores of some tasks as human-readable text, and how they were made."""
    with_intervals = any(result["intervals"] for result in results)
    rows = [["task", "samples", "score", "value", *(["interval"] if with_intervals else [])]]
    for result in results:
        for place, (key, value) in enumerate(result["scores"].items()):
            name, n = (result["task"], f"{result['n']:,}") if place == 0 else ("", "")
            bounds = [interval(result["intervals"].get(key))] if with_intervals else []
            rows.append([name, n, key, f"{value:.4f}", *bounds])
    signatures = "\n".join(result["signature"] for result in results)
    return f"{table(rows, numeric=(1, 3))}\n\n{signatures}"
