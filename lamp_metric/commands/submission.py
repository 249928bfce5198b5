"""``check`` and ``pack``."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import click

from lamp_dataset.atomic import check_not_input
from lamp_dataset.commands.command import DATA_DIR, SPLIT, Command, examples, say, subset_options
from lamp_dataset.formats.files import Files, RowFiles, check_not_data, find_files
from lamp_dataset.formats.json_files import read_json
from lamp_dataset.formats.lists import read_user_subset
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.formats.questions import read_question_ids
from lamp_dataset.formats.task_of_file import task_of
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.commands.golds import SplitContent, folder_options, read_split, swapped_line
from lamp_metric.commands.shared import FILE
from lamp_metric.predictions.check import check_predictions
from lamp_metric.predictions.check import pack as pack_files


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-metric check LaMP_4 --questions test_questions.json --preds preds.json",
        "lamp-metric check LaMP_3 --golds dev_outputs.json --preds preds.json",
        "lamp-metric check LaMP_3 --data-dir my/files --split test --preds preds.json",
    ),
)
@click.argument("task_name", metavar="TASK")
@click.option("--questions", type=FILE, help="The split's questions file: says which samples need a prediction.")
@click.option("--golds", type=FILE, help="Alternatively, the split's golds file.")
@folder_options("--golds")
@subset_options
@click.option("--preds", type=FILE, required=True, help="The file of predictions to check.")
@click.pass_context
def check(
    ctx: click.Context,
    task_name: str,
    questions: Path | None,
    golds: Path | None,
    data_dir: str | None,
    split: str | None,
    users: str | None,
    samples: str | None,
    preds: Path,
) -> None:
    """Check predictions for TASK: are they fit to submit?

    Errors (exit status 2): missing, extra or duplicate ids, another task, outputs of a wrong type. Doubts (exit status
    1): most outputs are not labels of the task, or look wrapped as by a chat model. Warnings (exit status 0): what
    costs points, such as empty outputs, unknown labels, ratings that are not numbers.
    """
    task = get_task(task_name)
    files, golds_name = None, None
    if sum(source is not None for source in (questions, golds, data_dir)) != 1:
        raise ValueError("expected either --questions, --golds or --data-dir: the samples that need a prediction")
    if data_dir is not None:
        files = _files(data_dir, split, task)
    elif split is not None:
        raise ValueError("--split belongs to --data-dir; a file is one split already")
    if users is not None and golds is not None:
        raise ValueError("--users needs --questions or --data-dir, which identify each sample's user")
    subsets = [read_user_subset(path, kind) for path, kind in ((users, "users"), (samples, "samples")) if path]
    if golds is not None:
        outputs = read_outputs(golds)
        task_of(outputs, task_name)
        content, golds_name = SplitContent(list(outputs.by_id), None), outputs.task
        with contextlib.suppress(ValueError, OSError):  # what is wrong with the predictions is said below
            if line := swapped_line(outputs, [read_outputs(preds)], None):
                say(line, err=True)
    elif data_dir is None and not subsets:
        content = SplitContent(read_question_ids(questions), None)
    else:
        content = read_split(files or Files(str(questions), None), task, wants_users=bool(subsets))
    left_out = content.left_out(subsets, task, None if data_dir is None else split or "validation")
    ids = [sample_id for sample_id in content.ids if sample_id not in left_out]
    report = check_predictions(read_json(preds), str(preds), task, ids, golds_name)
    say(report.text())
    ctx.exit(report.exit_status)


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-metric pack LaMP_1.json LaMP_2.json … LaMP_7.json --output submission.zip",
        "lamp-metric pack LaMP_3_time=LaMP_3.json LaMP_4.json --partial --data-dir my/files --output submission.zip",
        "lamp-metric pack LaMP_3.json --partial --data-dir my/files --split test --output submission.zip",
    ),
)
@click.argument("preds", nargs=-1, required=True, metavar="[CONFIG=]PREDS…")
@click.option("--output", type=FILE, required=True, help="The zip to write.")
@click.option("--partial", is_flag=True, help="Pack the given files, even if some tasks are missing.")
@click.option(
    "--data-dir",
    type=DATA_DIR,
    help="Folder with the official files (or the word sample): check that each sample has a prediction.",
)
@click.option("--split", type=SPLIT, help="Split in --data-dir (default: validation).")
@click.pass_context
def pack(
    ctx: click.Context, preds: tuple[str, ...], output: Path, partial: bool, data_dir: str | None, split: str | None
) -> None:
    """Check files of predictions and pack them into a zip.

    There is one per task. All are of one setting: say a CONFIG, such as LaMP_4_time, if it is time-based.

    eval-all and the leaderboard take the zip. Nothing is written if one of them has errors (exit status 2), or is
    doubtful (exit status 1); see check.
    """
    configs, paths = {}, []
    for word in preds:
        config, equals, path = ("", "", word) if os.path.exists(word) else word.rpartition("=")
        paths.append(Path(path).expanduser())
        if equals:
            configs[paths[-1]] = get_task(config).name
    check_not_input(output, paths)
    check_not_data(output, data_dir)
    if split is not None and data_dir is None:
        raise ValueError("--split belongs to --data-dir, whose questions say which samples need a prediction")

    def samples_of(task: Task) -> Sequence[str]:
        return read_split(_files(data_dir, split, task), task, wants_users=False).ids

    ids_of = None if data_dir is None else samples_of
    reports = pack_files(paths, output, configs=configs, partial=partial, ids_of=ids_of)
    say("\n".join(report.text() for report in reports.values()))
    status = max(report.exit_status for report in reports.values())
    if not status:
        say(f"wrote {output}: {', '.join(reports)}")
    ctx.exit(status)


def _files(data_dir: str, split: str | None, task: Task) -> Files | RowFiles:
    """The files of a split in the folder; of validation if none is named."""
    split = split or "validation"
    return find_files(task, data_dir, (split,))[split]
