"""Training pairs of a split: ours against loading it, and against the usual lists of dicts, each in its own process.

    python benchmarks/history.py                        # 480 MB like the time-based headlines, then 1,440 MB
    python benchmarks/history.py --megabytes 100 --rows-per-user 1

Claims: `lamp-dataset history` with `--visible earlier` takes at most 2 x the time of `load_dataset` on the same file
(imports excluded), and the peak memory of its process stays under 500 MB and does not grow with the file. The file is
made here: seeded, of the official shape. A user has about 205 items and 7.6 rows, each with a leave-one-out copy of
the items, in an order that mixes the users; that is as many as the published split has (12,500 rows) for its 1,643
users.
Needs: pip install lamp-hf
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import multiprocessing
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from load import CLOCK, WAYS

from lamp_dataset.tasks import TASKS

TASK = TASKS["LaMP_4_time"]
SHAPES = {
    "none": '"--visible", "none"',
    "earlier": '"--visible", "earlier"',
    "others": '"--visible", "others"',
}
OURS = """
import lamp_dataset.lamp, datasets
from click.testing import CliRunner
from lamp_dataset.__main__ import main
from lamp_dataset.personalize.history.history import History
datasets.disable_progress_bars()
datasets.config.HF_DATASETS_CACHE = {cache!r}
arguments = ["history", {config!r}, "--data-dir", {folder!r}, "--split", "validation", "--output", {output!r}]
start()
result = CliRunner().invoke(main, [*arguments, %s], catch_exceptions=False)
import re
stop(int(re.search("([0-9]+) pairs", result.output)[1]))
"""
LOADED = """
import lamp_dataset.lamp, datasets
from datasets import load_dataset
from lamp_dataset import History
datasets.disable_progress_bars()
rows = load_dataset("lamp", {config!r}, data_dir={folder!r}, cache_dir={cache!r}, split="validation")
start()
stop(len(History({config!r}, visible="earlier").pairs(rows)))
"""
NAIVE = """
import json
start()
with open({questions!r}, encoding="utf-8") as file:
    rows = json.load(file)
users = {{}}
for row in rows:
    items = users.setdefault(row["user_id"], {{}})
    for item in row["profile"]:
        items.setdefault(item["text"], item)
asked = {{(row["user_id"], row["input"].partition(": ")[2]) for row in rows}}
pairs = []
for user, items in users.items():
    ordered = sorted(items.values(), key=lambda item: item["date"])
    for item in ordered:
        if (user, item["text"]) not in asked:
            earlier = [other for other in ordered if other["date"] < item["date"]][-16:]
            pairs.append({{"id": user + "/" + item["id"], "user_id": user, "output": item["title"], "profile": earlier,
                           "input": "Generate a headline for the following article: " + item["text"]}})
with open({output!r}, "w", encoding="utf-8") as file:
    json.dump(pairs, file)
stop(len(pairs))
"""


def users(rng: random.Random, rows_per_user: float):
    """Endless rows, user by user: each is a leave-one-out copy of the user's items."""
    words = ["".join(rng.choices("etaoinshrdlucmfwypvbgk", k=rng.randint(2, 9))) for _ in range(5_000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    pool = [" ".join(rng.choices(words, weights, k=30)) for _ in range(3_000)]
    number = 0
    for user in itertools.count(100):
        size = max(2, round(rng.lognormvariate(math.log(205) - 0.4, 0.9)))
        items = [item(rng, pool, f"{number} {n}") for n in range(size)]
        for left_out in rng.sample(items, min(size, max(1, round(rng.expovariate(1 / rows_per_user))))):
            sample_id = f"{TASK.id_start}1{number}"
            number += 1
            profile = [{**other, "id": f"{sample_id}{n}"} for n, other in enumerate(items) if other is not left_out]
            yield {
                "id": sample_id,
                "user_id": str(user),
                "input": f"{TASK.instruction} {left_out['text']}",
                "profile": profile,
                "gold": left_out["title"],
            }


def item(rng: random.Random, pool: list[str], name: str) -> dict:
    date = f"{rng.randint(2012, 2017)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return {"text": f"{name} {rng.choice(pool)}", "title": f"{name} {rng.choice(pool)[:60]}", "date": date}


def write(folder: Path, megabytes: int, rows_per_user: float) -> None:
    """Write dev files of at least so many MB, their rows in a mixed order."""
    rng, rows, golds, size = random.Random(0), [], [], 0
    for row in users(rng, rows_per_user):
        golds.append({"id": row["id"], "output": row.pop("gold")})
        rows.append(json.dumps(row))
        size += len(rows[-1]) + 2
        if size >= megabytes * 10**6:
            break
    rng.shuffle(rows)
    (folder / "dev_questions.json").write_text(f"[{', '.join(rows)}]", encoding="utf-8")
    outputs = {"task": TASK.official_name, "golds": golds}
    (folder / "dev_outputs.json").write_text(json.dumps(outputs), encoding="utf-8")


def measure(code: str, **values) -> dict:
    with tempfile.TemporaryDirectory() as cache:
        code = CLOCK + code.format(cache=cache, output=f"{cache}/pairs.parquet", **values)
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        if result.returncode:
            raise SystemExit(result.stderr)
        found = json.loads(result.stdout.splitlines()[-1])
        written = Path(cache) / "pairs.parquet"
        return {**found, "written": written.stat().st_size / 1e6 if written.exists() else 0}


def report(megabytes: int, rows_per_user: float, naive: bool) -> None:
    ways = {"load_dataset": WAYS["ours"], "History.pairs of loaded rows": LOADED}
    ways |= {f"history --visible {name}": OURS % options for name, options in SHAPES.items()}
    ways |= {"lists of dicts": NAIVE} if naive else {}
    with tempfile.TemporaryDirectory() as name:
        # in a process of its own: what a process starts counts as its memory from before
        writer = multiprocessing.Process(target=write, args=(Path(name), megabytes, rows_per_user))
        writer.start()
        writer.join()
        questions = Path(name) / "dev_questions.json"
        print(f"\n{questions.stat().st_size / 1e6:.0f} MB, {rows_per_user:g} rows a user", flush=True)
        loading = None
        for way, code in ways.items():
            found = measure(code, config=TASK.name, folder=name, questions=str(questions))
            loading = loading or found["seconds"]
            print(
                f"    {way:30} {found['seconds']:6.2f} s  {found['seconds'] / loading:5.2f} x  {found['peak']:6.0f} MB"
                f"  {found['rows']} rows, {found['written']:.0f} MB written",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, nargs="*", default=[480, 1440], help="sizes of the file")
    parser.add_argument("--rows-per-user", type=float, default=7.6, help="copies of a user's items in the file")
    arguments = parser.parse_args()
    print("time of the call without imports, ratio to load_dataset, peak memory of the process, rows")
    for megabytes in arguments.megabytes:
        report(megabytes, arguments.rows_per_user, naive=megabytes <= 500)


if __name__ == "__main__":
    main()
