"""Do intervals and tests say the truth when the samples of a user are alike, and what do they cost?

    python benchmarks/clusters.py

Two made-up systems are equally good, and each user likes one of them better by chance. Printed is how often the
interval of the difference holds the truth, 0, and how often the test rejects it at 5 %, by user and by sample; and for
few users, how often the bootstrap's interval holds it, and Student's, which is what few users get. Then
lamp-metric compare is timed on 20,000 samples of 5,000 users. All is drawn from a seed.
Needs: pip install lamp-hf
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from lamp_dataset.tasks import TASKS
from lamp_metric.measures import together
from lamp_metric.predictions.reading import write_predictions
from lamp_metric.predictions.scored_samples import ScoredSamples
from lamp_metric.signature import Resampling
from lamp_metric.statistics.resampling import mean_intervals, p_values, percentile_interval, resampled_scores

TASK = TASKS["LaMP_4"]
SCORES = together(TASK, ())
#: Name -> number of samples of each user.
DESIGNS = {
    "200 users, 10 samples each": [10] * 200,
    "200 users, 1 to 60 samples": [1] * 60 + [2] * 50 + [5] * 40 + [10] * 25 + [30] * 20 + [60] * 5,
    "200 users, 20 own 62 % of all": [1] * 80 + [2] * 40 + [5] * 40 + [20] * 20 + [50] * 15 + [100] * 5,
    "40 users, 10 samples each": [10] * 40,
}
FEW_DESIGNS = {
    f"{users} users, {name}": sizes
    for users in (5, 10, 20, 29)
    for name, sizes in (
        ("10 samples each", [10] * users),
        ("1 to 60 samples", [round(60 ** (place / (users - 1))) for place in range(users)]),
    )
}
#: Standard deviations of a user's liking for one of the systems, and of what is left in a sample's difference.
OF_USER, OF_SAMPLE = 0.2, 0.15


def two_systems(sizes, generator):
    """Scored samples of two systems whose true difference is 0, with users and without them."""
    users = [f"u{number}" for number, size in enumerate(sizes) for _ in range(size)]
    liking = np.repeat(generator.normal(0, OF_USER, len(sizes)), sizes)
    difference = liking + generator.normal(0, OF_SAMPLE, len(users))
    values = [0.3 + difference / 2, 0.3 - difference / 2]
    ids = [str(position) for position in range(len(users))]
    return [
        [ScoredSamples(TASK, SCORES, {key: side.tolist() for key in TASK.scores}, {}, ids, whose) for side in values]
        for whose in (users, None)
    ]


def one_run(sizes, seed, n_resamples):
    """For resampling by user and by sample: whether the interval holds 0, and whether the test rejects."""
    found = []
    for a, b in two_systems(sizes, np.random.default_rng(seed)):
        resampling = Resampling(n_resamples=n_resamples, seed=seed)
        of_a, of_b = (scores[TASK.scores[0]] for scores in resampled_scores([a, b], resampling))
        low, high = percentile_interval(of_a - of_b, resampling.confidence_level)
        found += [low <= 0 <= high, p_values([a], [b], resampling)[TASK.scores[0]] <= 0.05]
    return found


def one_run_of_few(sizes, seed, n_resamples):
    """Whether the interval of the difference by the bootstrap holds 0, and whether Student's does."""
    a, b = two_systems(sizes, np.random.default_rng(seed))[0]
    resampling, key = Resampling(n_resamples=n_resamples, seed=seed), TASK.scores[0]
    of_a, of_b = (scores[key] for scores in resampled_scores([a, b], resampling))
    gaps = np.subtract(a.values(key), b.values(key)).tolist()
    bounds = percentile_interval(of_a - of_b, 0.95), mean_intervals([gaps], a.users, resampling)[0]
    return [low <= 0 <= high for low, high in bounds]


def some_runs(run, sizes, seeds, n_resamples):
    return [run(sizes, seed, n_resamples) for seed in seeds]


def shares(pool, run, sizes, runs, n_resamples):
    jobs = [pool.submit(some_runs, run, sizes, range(start, runs, 8), n_resamples) for start in range(8)]
    done = np.array([row for job in jobs for row in job.result()], float).mean(axis=0)
    return [f"{share:.1%}" for share in done]


def simulate(runs, n_resamples):
    print(f"{runs:,} runs, {n_resamples:,} resamples: the truth is a difference of 0")
    print(f"{'':30}{'interval of 95 % covers it':>28}{'test rejects it at 5 %':>26}")
    print(f"{'':30}{'by user':>14}{'by sample':>14}{'by user':>13}{'by sample':>13}")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, sizes in DESIGNS.items():
            covered, rejects, covered_by_sample, rejects_by_sample = shares(pool, one_run, sizes, runs, n_resamples)
            print(f"{name:30}{covered:>14}{covered_by_sample:>14}{rejects:>13}{rejects_by_sample:>13}", flush=True)
        print(f"\n{'few users: 95 % covers it':30}{'bootstrap':>14}{'Student':>14}")
        for name, sizes in FEW_DESIGNS.items():
            by_bootstrap, by_t = shares(pool, one_run_of_few, sizes, 5 * runs, n_resamples)
            print(f"{name:30}{by_bootstrap:>14}{by_t:>14}", flush=True)


def write_files(folder, name, n, users):
    """Questions, golds and two files of predictions of a time-based config."""
    generator, task = np.random.default_rng(0), TASKS[name]
    words = [f"{a}{b}" for a in ("ba", "co", "di", "fu", "ge") for b in ("r", "ling", "tion", "ment", "s")]
    outputs = list(task.labels) or [" ".join(generator.choice(words, 8)) for _ in range(500)]
    golds, *systems = ([outputs[place] for place in generator.integers(0, len(outputs), n)] for _ in range(3))
    ids = [str(number) for number in range(n)]
    paths = [folder / f"{name}_{side}.json" for side in ("golds", "a", "b", "questions")]
    for path, values in zip(paths, (golds, *systems), strict=False):
        write_predictions(path, name, ids, values)
    rows = (
        {"id": sample_id, "input": "x", "profile": [], "user_id": str(user)}
        for sample_id, user in zip(ids, generator.integers(0, users, n), strict=True)
    )
    paths[3].write_text(json.dumps(list(rows)), encoding="utf-8")
    return paths


def time_compare(n=20_000, users=5_000):
    print(f"\nlamp-metric compare: {n:,} samples, {users:,} users, 10,000 resamples, whole process")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("LaMP_2_time", "LaMP_3_time", "LaMP_4_time"):
            golds, a, b, questions = write_files(Path(folder), name, n, users)
            command = [sys.executable, "-m", "lamp_metric", "compare", name, "--golds", golds, "--questions", questions]
            start = time.perf_counter()
            with subprocess.Popen([*command, "--preds", a, b], stdout=subprocess.DEVNULL) as process:
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.perf_counter() - start
            assert process.returncode == 0
            print(f"  {name}   {seconds:5.2f} s   peak {usage.ru_maxrss / 1024:4.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--resamples", type=int, default=1_000)
    parser.add_argument("--only", choices=("truth", "cost"))
    options = parser.parse_args()
    if options.only != "cost":
        simulate(options.runs, options.resamples)
    if options.only != "truth":
        time_compare()


if __name__ == "__main__":
    main()
