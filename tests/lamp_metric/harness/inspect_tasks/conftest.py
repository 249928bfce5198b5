"""Runs in inspect_ai with a model that says what a test wants. The harness is imported late: few have it."""

import inspect_models
import pytest


@pytest.fixture
def run(tmp_path):
    """Ask ``lamp`` with these options; ``say``: sample's input -> answer. Gives the log."""

    def evaluate(config, say, *, model=None, eval_options=(), **options):
        from inspect_ai import eval as inspect_eval

        from lamp_metric.harness.inspect_tasks.inspect_task import lamp

        task = lamp(config, **{"data_dir": "sample", **options})
        given = {"log_dir": str(tmp_path / "logs"), "display": "none", **dict(eval_options)}
        [log] = inspect_eval(task, model=model or inspect_models.mock(say), **given)
        return log

    return evaluate
