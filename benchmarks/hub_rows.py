"""Loading 20,000 long rows from Parquet: ours against `load_dataset("parquet")`, each in a process of its own.

    python benchmarks/hub_rows.py

Claims: ours takes at most 1.7 times the CPU time, and a third of the memory, whatever the number of rows. The rows are
made here, seeded, in ten parts of a split.
"""

import argparse
import random
import tempfile
from pathlib import Path

from pyarrow import Table, parquet
from shared import in_a_process

import lamp_dataset

CONFIG = "LongLaMP_topic"
START = """
import sys, datasets, lamp_dataset.lamp
folder, cache, config = sys.argv[1:]
datasets.disable_progress_bars()
start()
"""
LOADED = "stop(len(datasets.load_dataset({}, cache_dir=cache, split='train')))"
STREAM = "rows = datasets.load_dataset('lamp', config, data_dir=folder, split='train', streaming=True)"
WAYS = {
    "ours": LOADED.format("'lamp', config, data_dir=folder"),
    "ours, streamed": f"{STREAM}\nstop(sum(len(batch['id']) for batch in rows.with_format('arrow').iter(64)))",
    'load_dataset("parquet")': LOADED.format("'parquet', data_files=folder + '/train-*.parquet'"),
}


def write(task: lamp_dataset.Task, folder: Path, rows: int = 20_000, parts: int = 10) -> float:
    """Write the files; returns their size in MB."""
    r, paths = random.Random(0), [folder / f"train-{part:05d}-of-{parts:05d}.parquet" for part in range(parts)]
    words = ["".join(r.choices("etaoinshrdlu", k=r.randint(2, 9))) for _ in range(5_000)]
    texts = [" ".join(r.choices(words, k=r.randint(50, 300))) for _ in range(2_000)]

    def row():
        given = {"input": f"{task.instruction} {r.choice(texts)[:200]}", "output": r.choice(texts)}
        items = [{field: r.choice(texts) for field in task.profile_fields} for _ in range(r.randint(5, 60))]
        return {task.hub.user: f"user {r.randrange(rows)}", **given, "profile": items}

    for path in paths:
        parquet.write_table(Table.from_pylist([row() for _ in range(rows // parts)]), path)
    return sum(path.stat().st_size for path in paths) / 1e6


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        size = write(lamp_dataset.TASKS[CONFIG], Path(folder))
        print(f"{size:5.0f} MB of Parquet{'seconds':>19}{'CPU s':>9}{'MB at most':>12}{'anonymous':>12}")
        for name, code in WAYS.items():
            with tempfile.TemporaryDirectory() as cache:
                got = in_a_process(START + code, folder, cache, CONFIG)
            print(f"{name:28}{got['seconds']:9.1f}{got['cpu']:9.1f}{got['peak']:12.0f}{got['anonymous']:12.0f}")


if __name__ == "__main__":
    main()
