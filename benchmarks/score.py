"""How long scoring takes, compared with what one would use instead, in the same run.

    python benchmarks/score.py

Texts are made up from a seed. Each part runs in a process of its own, so that its peak memory is its own.
Needs: pip install '.[test]'
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from shared import require, timed

from lamp_dataset.tasks import TASKS

N = 2_500
VOCABULARY = [
    f"{a}{b}"
    for a in ["ba", "co", "di", "fu", "ge", "la", "mo", "ne", "pri", "sta"]
    for b in ["r", "ling", "tion", "ment", "s", "ful", "ner", "x"]
]


def titles():
    """Predictions and golds of some ten words; a prediction keeps about half of its gold."""
    rng = random.Random(0)
    golds = [" ".join(rng.choices(VOCABULARY, k=rng.randint(4, 16))).capitalize() for _ in range(N)]
    preds = [" ".join(w for w in gold.split() + rng.choices(VOCABULARY, k=4) if rng.random() < 0.6) for gold in golds]
    return preds, golds


def samples(name):
    rng, task = random.Random(1), TASKS[name]
    if not task.labels:
        return titles()
    golds = rng.choices(task.labels, k=N)
    return [rng.choice([gold, rng.choice(task.labels)]) for gold in golds], golds


def ours_titles():
    from lamp_metric.predictions.scored_samples import measure

    preds, golds = titles()
    measure(TASKS["LaMP_5"], preds[:1], golds[:1])  # importing rouge_score is not part of scoring

    def work():
        measured = measure(TASKS["LaMP_5"], preds, golds)
        return measured.scores, list(measured.statistics.values())

    return timed(work)


def rouge_score_titles():
    """As evaluate.load("rouge") works it out, for the two scores that the benchmark keeps."""
    from rouge_score.rouge_scorer import RougeScorer
    from rouge_score.scoring import BootstrapAggregator

    preds, golds = titles()

    def work():
        scorer, aggregator, values = RougeScorer(["rouge1", "rougeL"]), BootstrapAggregator(), []
        for pred, gold in zip(preds, golds, strict=True):
            values.append(scorer.score(gold, pred))
            aggregator.add_scores(values[-1])
        found = aggregator.aggregate()
        columns = [[value[key].fmeasure for value in values] for key in ("rouge1", "rougeL")]
        return {"rouge-1": found["rouge1"].mid.fmeasure, "rouge-L": found["rougeL"].mid.fmeasure}, columns

    return timed(work)


def ours_intervals(name):
    from lamp_metric.predictions.scored_samples import measure
    from lamp_metric.signature import Resampling
    from lamp_metric.statistics.resampling import intervals

    measured = measure(TASKS[name], *samples(name))
    return timed(lambda: intervals(measured, Resampling(n_resamples=1000)))


def scipy_intervals(name):
    import numpy as np
    from scipy import stats

    from lamp_metric.predictions.scored_samples import measure

    statistics = measure(TASKS[name], *samples(name)).statistics
    values = [np.array(statistics[key]) for key in TASKS[name].scores]

    def work():
        found = [
            stats.bootstrap((column,), np.mean, n_resamples=1000, method="percentile", rng=np.random.default_rng(0))
            for column in values
        ]
        return {
            key: [float(one.confidence_interval.low), float(one.confidence_interval.high)]
            for key, one in zip(TASKS[name].scores, found, strict=True)
        }

    return timed(work)


def ours_compare(name):
    from lamp_metric.predictions.scored_samples import measure
    from lamp_metric.signature import Resampling
    from lamp_metric.statistics.resampling import p_values

    preds, golds = samples(name)
    a, b = (measure(TASKS[name], side, golds) for side in (preds, preds[1:] + preds[:1]))
    return timed(lambda: p_values([a], [b], Resampling(n_resamples=10_000)))


def parts(name, folder):
    """What ``lamp-metric eval-task`` does, taken apart; imports are timed from the interpreter's first line on."""
    golds, preds = folder / f"{name}_golds.json", folder / f"{name}_preds.json"
    code = f"""
import time; start = time.perf_counter()
import lamp_metric.__main__
from lamp_dataset.formats.outputs import read_outputs
from lamp_metric.predictions.scored_samples import measure, measure_joined
from lamp_metric.predictions.reading import join
imported = time.perf_counter()
joined = join(read_outputs({str(golds)!r}), read_outputs({str(preds)!r}))
read = time.perf_counter()
measure(joined.task, joined.predictions[:1], joined.references[:1])
libraries = time.perf_counter()
measure_joined(joined)
print(imported - start, read - imported, libraries - read, time.perf_counter() - libraries)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    command = ["-m", "lamp_metric", "eval-task", "--golds_json", golds, "--preds_json", preds]
    whole, _ = timed(lambda: subprocess.run([sys.executable, *command], capture_output=True, check=True))
    empty, _ = timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
    return [empty, *map(float, done.stdout.split()), whole]


PARTS = {
    work.__name__: work for work in (ours_titles, rouge_score_titles, ours_intervals, scipy_intervals, ours_compare)
}


def in_a_process(part, *arguments):
    """Seconds, peak memory in MB, value."""
    command = [sys.executable, __file__, "--part", part, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def report_titles():
    print(f"{N:,} titles, ROUGE-1 and ROUGE-L")
    ours, memory, (scores, columns) = in_a_process("ours_titles")
    theirs, their_memory, (their_scores, their_columns) = in_a_process("rouge_score_titles")
    for name, seconds, peak, found in (
        ("lamp_metric", ours, memory, scores),
        ("rouge_score and its bootstrap, as evaluate", theirs, their_memory, their_scores),
    ):
        print(f"  {name:45}{seconds:7.3f} s   peak {peak:4.0f} MB   {found}")
    print(f"  {theirs / ours:.1f} times faster; per-sample values equal: {columns == their_columns}\n")


def report_resampling():
    print(f"1,000 bootstrap resamples of {N:,} samples, all scores of the task")
    for name in ("LaMP_1", "LaMP_2", "LaMP_3", "LaMP_4"):
        seconds, memory, _ = in_a_process("ours_intervals", name)
        print(f"  {name}   lamp_metric   {seconds:7.3f} s more   peak {memory:4.0f} MB")
    seconds, memory, found = in_a_process("scipy_intervals", "LaMP_4")
    same = all(
        abs(a - b) < 1e-12 for key, bounds in in_a_process("ours_intervals", "LaMP_4")[2].items()
        for a, b in zip(bounds, found[key], strict=True)
    )  # fmt: skip
    print(f"  LaMP_4   scipy         {seconds:7.3f} s more   peak {memory:4.0f} MB   equal intervals: {same}")
    for name in ("LaMP_2", "LaMP_4"):
        seconds, memory, _ = in_a_process("ours_compare", name)
        print(f"  {name}   p-value from 10,000 swaps   {seconds:7.3f} s   peak {memory:4.0f} MB")
    print()


def report_command(folder):
    import lamp_metric

    print(f"lamp-metric eval-task on files of {N:,} samples, seconds")
    print("            python   imports   reading libraries   scoring   whole process")
    for name in ("LaMP_1", "LaMP_3", "LaMP_4"):
        preds, golds = samples(name)
        ids = [f"{i}" for i in range(N)]
        lamp_metric.write_predictions(folder / f"{name}_golds.json", name, ids, golds)
        lamp_metric.write_predictions(folder / f"{name}_preds.json", name, ids, preds)
        print(f"  {name}  " + "".join(f"{seconds:10.3f}" for seconds in parts(name, folder)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", nargs="+", metavar=("PART", "CONFIG"), help=f"one part alone: {', '.join(PARTS)}")
    part = parser.parse_args().part
    if part:
        if part[0] not in PARTS:
            parser.error(f"no part is named {part[0]!r}; parts: {', '.join(PARTS)}")
        seconds, value = PARTS[part[0]](*part[1:])
        print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, value]))
        return
    for module in ("rouge_score", "scipy"):  # imported in the measured processes alone
        require(module, "test")
    report_titles()
    report_resampling()
    with tempfile.TemporaryDirectory() as folder:
        report_command(Path(folder))


if __name__ == "__main__":
    main()
