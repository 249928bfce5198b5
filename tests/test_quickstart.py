"""The README's first command: what it prints of the sample and of the baselines."""

import os
import subprocess
import sys
from pathlib import Path

from lamp_dataset import SAMPLE, TASKS
from lamp_dataset.formats.files import find_files
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.formats.questions import read_questions
from lamp_metric import score
from lamp_metric.predictions.trivial_baselines import baseline

ROOT = Path(__file__).parent.parent


def test_the_quickstart_shows_and_scores_every_config(tmp_path):
    environment = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, str(ROOT / "examples" / "quickstart.py")]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    printed = [" ".join(line.split()) for line in result.stdout.splitlines()]
    place = printed.index("LaMP_6 · 35 mails read in place, nothing extracted")
    assert printed[place + 2] == "output 'With thanks for an hour of silence'"
    for name, task in TASKS.items():
        files = find_files(task, SAMPLE)
        golds, train = (read_outputs(files[split].outputs, task).by_id for split in ("validation", "train"))
        rows = list(read_questions(files["validation"].questions, task))
        does, predictions = baseline(name, rows, list(train.values()))
        without = set(task.scores) & {"meteor"}
        scores = score(name, predictions, [golds[row["id"]] for row in rows], without=without)
        first, second = (f"{key} {value:.4f}" for key, value in scores.items())
        place = printed.index(f"{name} {does} {first}")
        assert printed[place + 1] == second
