"""``compare``."""

import click

from lamp_dataset.commands.command import examples, say
from lamp_dataset.tasks import get_task
from lamp_metric.commands.shared import Several
from lamp_metric.commands.systems import Comparing, comparing_options
from lamp_metric.result_tables.published import published_rows
from lamp_metric.statistics.comparison import FORMATS


@click.command(
    cls=Several,
    epilog=examples(
        "lamp-metric compare LaMP_4 --golds dev_outputs.json --preds mine.json theirs.json",
        "lamp-metric compare LaMP_3_time --data-dir my/files --preds none.json own.json other.json",
        "lamp-metric compare LaMP_3_time --data-dir D --preds none=n.json own=a.json,b.json --format latex",
        "lamp-metric compare LaMP_4 --data-dir D --values none=judged/none.json own=judged/own.json",
    ),
)
@comparing_options
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--published", is_flag=True, help="Add published results on the task; see the manual.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, like --format json.")
@click.option(
    "--average",
    type=click.Choice(["samples", "users"]),
    default="samples",
    show_default=True,
    help="Means over samples, or over users' own means.",
)
def compare(asked: Comparing, form: str, published: bool, as_json: bool, average: str) -> None:
    """Compare systems on TASK: could the difference be chance?

    All are scored on the same samples. The interval holds the middle 95% (--confidence_level) of the differences on
    bootstrap resamples: how much the difference would vary with other samples. p is the probability of a difference at
    least as large, in either direction, if the two systems were interchangeable; it is estimated by swapping their
    predictions at random. A small p speaks against chance; a better score alone does not. With several systems, go by
    Holm's p, which is corrected for their number.

    Samples of one user are alike. If --data-dir or --questions identifies the users, the bootstrap draws users and the
    test swaps all samples of a user at once; otherwise both treat the samples as independent.

    Each system is compared to the baseline, by default the first. A file without a name is called like the file. Users
    (or samples) are won if the system's mean is better for them. A true difference as large as the detectable one would
    be found with a probability of 80%.

    With few samples or users the bootstrap interval tends to be too narrow, and may exclude 0 even if p is large: trust
    p.
    """
    from lamp_metric.statistics.compare_systems import compare_systems  # needs numpy

    if as_json and form not in ("text", "json"):
        raise ValueError(f"give either --json or --format {form}, not both")
    found = compare_systems(asked.score(), asked.baseline, asked.drawn, average=average, **asked.signed)
    split, task_name = asked.source.split, asked.source.task_name
    whole = split and get_task(task_name).num_samples[split] in (None, found.n)
    rows = published_rows(found.task, split if whole else None) if published else []
    say(getattr(found, f"to_{'json' if as_json else form}")(rows))
    for note in found.notes:
        say(note, err=True)
