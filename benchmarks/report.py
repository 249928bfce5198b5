"""How long `lamp-metric report` takes on a split of the size of the time-based product ratings.

    python benchmarks/report.py
    python benchmarks/report.py --rows 500 --items 50

Claim: at most 30 seconds for 2,500 rows of 190 items and three systems. The files, some 450 MB, are made here from a
seed: each row is a user, and who has a larger profile gains more. Needs: pip install '.[report]'
"""

import argparse
import json
import math
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared import require

from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.reading import write_predictions

TASK = TASKS["LaMP_3_time"]
VOCABULARY = [
    f"{a}{b}{c}"
    for a in ["ba", "co", "di", "fu", "ge", "la", "mo", "ne", "pri", "sta"]
    for b in ["r", "ling", "tion", "ment", "s", "ful", "ner", "x"]
    for c in ["", "", "s", ".", ",", "ed"]
]


def texts(rng: random.Random) -> list[str]:
    """Some thousand reviews of about 130 words, from which rows are put together."""
    return [" ".join(rng.choices(VOCABULARY, k=rng.randint(20, 240))) for _ in range(4000)]


def write_files(folder: Path, rows: int, items: int) -> dict[str, Path]:
    """The official files of the validation split; returns system -> path of its predictions."""
    rng = random.Random(0)
    reviews, golds, outputs = texts(rng), {}, {name: {} for name in ("none", "own", "other")}
    questions = folder / TASK.questions_path("validation")
    questions.parent.mkdir(parents=True)
    with questions.open("w", encoding="utf-8") as file:
        for number in range(rows):
            size = max(1, round(rng.lognormvariate(math.log(items) - 0.2, 0.63)))  # the mean is about items
            file.write(("[" if not number else ", ") + json.dumps(row(rng, number, size, reviews)))
            golds[f"9{number}"] = gold = rng.choice(TASK.labels)
            for name, chance in (("none", 0.4), ("own", min(0.9, 0.1 + 0.1 * math.log(size))), ("other", 0.4)):
                outputs[name][f"9{number}"] = gold if rng.random() < chance else rng.choice(TASK.labels)
        file.write("]")
    write_predictions(folder / TASK.outputs_path("validation"), TASK.name, golds.keys(), golds.values())
    for name, found in outputs.items():
        write_predictions(folder / f"{name}.json", TASK.name, found.keys(), found.values())
    return {name: folder / f"{name}.json" for name in outputs}


def row(rng: random.Random, number: int, size: int, reviews: list[str]) -> dict:
    """One row, whose user has no other."""
    profile = [
        {"id": f"9{number}{n}", "text": rng.choice(reviews), "score": rng.choice(TASK.labels), "date": "2013-05-29"}
        for n in range(size)
    ]
    text = f"{TASK.instruction} {rng.choice(reviews)}"
    return {"id": f"9{number}", "user_id": f"U{number}", "input": text, "profile": profile}


def main() -> None:
    """Make the files, run the command, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2500, help="rows of the split")
    parser.add_argument("--items", type=int, default=190, help="items of a profile, on average")
    arguments = parser.parse_args()
    require("matplotlib", "report")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        preds = [f"{system}={path}" for system, path in write_files(folder, arguments.rows, arguments.items).items()]
        megabytes = sum(path.stat().st_size for path in folder.rglob("*.json")) / 1e6
        command = [sys.executable, "-m", "lamp_metric", "report", TASK.name, "--data-dir", folder, "--preds", *preds]
        start = time.perf_counter()
        subprocess.run([*map(str, command), "--output", str(folder / "report")], check=True)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        page = (folder / "report" / "report.html").stat().st_size / 1e6
    print(f"{arguments.rows:,} rows of {arguments.items} items ({megabytes:.0f} MB), three systems")
    print(f"  {seconds:.1f} s, peak {peak:.0f} MB, page of {page:.1f} MB")


if __name__ == "__main__":
    main()
