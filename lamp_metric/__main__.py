"""The command ``lamp-metric``; also ``python -m lamp_metric``."""

import click

from lamp_dataset.commands.command import Group
from lamp_metric.commands.baseline_from_harness import baseline, from_inspect, from_lm_eval, lm_eval_tasks
from lamp_metric.commands.compare import compare
from lamp_metric.commands.evaluation import eval_all, eval_task
from lamp_metric.commands.learning import feedback, preferences
from lamp_metric.commands.report import report
from lamp_metric.commands.retrieval_report import retrieval
from lamp_metric.commands.submission import check, pack


@click.group(
    cls=Group,
    context_settings={
        "help_option_names": ["-h", "--help"],
        # The benchmark's own flags have underscores; --golds-json is understood as well.
        "token_normalize_func": lambda token: token.replace("_", "-"),
    },
)
@click.version_option(package_name="lamp-hf")
def main() -> None:
    """Score predictions for the LaMP benchmark."""


COMMANDS = (
    eval_task,
    eval_all,
    compare,
    report,
    baseline,
    feedback,
    preferences,
    retrieval,
    check,
    pack,
    lm_eval_tasks,
    from_lm_eval,
    from_inspect,
)
for command in COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="lamp-metric")
