"""How long do the prompts of many users take? Prints what docs/explanation/scale.md calculates with.

    python benchmarks/scale.py [--users 256] [--seed 0]

Rows per second of one core are by the time of the processor, on the same made-up users as retrieve.py, BM25 and four
items in a prompt of 512. Reading is of Parquet files as an export has them, decompressed. What processes and Ray cost
is by the clock: compare it on a machine that does nothing else. Tokens need the extra models, and Ray the extra ray.
Needs: pip install '.[test]'
"""

import argparse
import importlib.util
import tempfile
import time

import datasets
import pyarrow.parquet
from shared import require, timed

from lamp_dataset import Personalizer
from lamp_dataset.personalize.split import PART, personalize_split

require("rank_bm25", "test")
from retrieve import SHAPES, Texts, rows_of, t5_tokenizer  # noqa: E402


def core_seconds(personalize, table):
    """Seconds of a processor for the prompts of a table, in parts as processes get them; the best of three."""
    parts = [table.slice(start, PART) for start in range(0, len(table), PART)]
    personalize(parts[0])  # loads what is loaded late
    return min(timed(lambda: list(map(personalize, parts)), time.process_time)[0] for _ in range(3))


def measure(name, rows, folder):
    """Print the figures of one shape."""
    config, path = SHAPES[name][0], f"{folder}/{name}.parquet"
    rows.to_parquet(path)
    seconds, table = timed(lambda: pyarrow.parquet.read_table(path, use_threads=False), time.process_time)
    print(f"{name}   read: {len(rows) / seconds:,.0f} rows/s, {table.nbytes / seconds / 2**20:,.0f} MiB/s")
    units = {"words": None}
    if importlib.util.find_spec("transformers") is not None:
        units["tokens"] = t5_tokenizer([item["text"] for row in rows.select(range(9)) for item in row["profile"]])
    for unit, tokenizer in units.items():
        personalize = Personalizer(config, k=4, tokenizer=tokenizer)
        print(f"{name}   prompts in {unit}: {len(rows) / core_seconds(personalize, table):,.0f} rows/s of one core")
    return path


def processes(rows, config):
    """What --workers costs before the first row: the same rows twice, so that the work itself falls out."""
    few, many = rows.select(range(PART)), datasets.concatenate_datasets([rows] * 2)
    (short, _), (long, _) = (
        timed(lambda rows=rows: personalize_split(rows, Personalizer(config), 2)) for rows in (few, many)
    )
    print(f"two processes: {short:.1f} s for {len(few)} rows, {long:.1f} s for {len(many)}")


def on_ray(path, config, rows):
    """What Ray costs: to start it, and for a pass over the rows."""
    import ray

    start, _ = timed(lambda: ray.init(address="local", include_dashboard=False, log_to_driver=False))
    ray.data.DataContext.get_current().enable_progress_bars = False
    for batch in (1, 2):
        data = ray.data.read_parquet(path).map_batches(Personalizer(config), batch_format="pyarrow", batch_size=PART)
        seconds, _ = timed(data.materialize)
        print(f"Ray: {start:.1f} s to start; pass {batch} over {rows} rows {seconds:.1f} s")
    ray.shutdown()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    datasets.disable_progress_bars()
    texts = Texts(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("LaMP_3-like", "LaMP_4-like"):
            rows = rows_of(texts, name, args.users)
            path = measure(name, rows, folder)
        processes(rows, SHAPES[name][0])
        if importlib.util.find_spec("ray") is not None:
            on_ray(path, SHAPES[name][0], len(rows))


if __name__ == "__main__":
    main()
