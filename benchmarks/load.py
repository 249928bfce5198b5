"""Loading a questions file: ours against `json.load` and `load_dataset("json")`, each in a process of its own.

    python benchmarks/load.py                           # 240 and 480 MB of ratings, and the harder kinds of file
    python benchmarks/load.py --megabytes 1000 --skip-kinds

Claims: the call takes at most 1.0 x the time of `json.load` on the same file (imports excluded), and the peak memory of
the process stays under 350 MB and does not grow with the file. The files are made here: seeded, of the official shape.
"""

import argparse
import itertools
import json
import random
import tempfile
from pathlib import Path

from shared import in_a_process

WAYS = {
    "ours": """
import lamp_dataset.lamp, datasets
from datasets import load_dataset
datasets.disable_progress_bars()
start()
data = load_dataset("lamp", {config!r}, data_dir={folder!r}, cache_dir={cache!r}, split="validation")
stop(len(data))
""",
    "ours, streamed": """
import lamp_dataset.lamp, datasets
from datasets import load_dataset
start()
data = load_dataset("lamp", {config!r}, data_dir={folder!r}, split="validation", streaming=True)
stop(sum(len(batch["id"]) for batch in data.with_format("arrow").iter(100)))
""",
    "json.load": """
import json
start()
with open({questions!r}, encoding="utf-8") as file:
    data = json.load(file)
stop(len(data))
""",
    'load_dataset("json")': """
import datasets
from datasets import load_dataset
datasets.disable_progress_bars()
start()
data = load_dataset("json", data_files={questions!r}, cache_dir={cache!r}, split="train")
stop(len(data))
""",
}


def measure(way: str, **values) -> dict | None:
    """Time in seconds and peak memory in MB of one way; None where it fails."""
    with tempfile.TemporaryDirectory() as cache:
        try:
            return in_a_process(WAYS[way].format(cache=cache, **values))
        except RuntimeError as error:
            print(f"    {way:22} fails: {str(error).strip().splitlines()[-1][:90]}")
            return None


class Writer:
    """Made-up rows of the official shape, seeded."""

    def __init__(self, seed: int, alphabet: str = "etaoinshrdlucmfwypvbgk") -> None:
        self.random = random.Random(seed)
        words = ["".join(self.random.choices(alphabet, k=self.random.randint(2, 9))) for _ in range(5_000)]
        weights = [1 / (rank + 3) for rank in range(len(words))]
        self.texts = [" ".join(self.random.choices(words, weights, k=124)) + ' "so" it is.' for _ in range(2_000)]

    def row(self, number: int, items: int, length: int = 800, fields: dict | None = None, extra: dict | None = None):
        sample_id = f"21{number}"
        text = self.random.choice(self.texts)
        instruction = (
            "What is the score of the following review on a scale of 1 to 5? just answer with 1, 2, 3, 4, or 5 "
            "without further explanation. review: "
        )
        profile = [
            {"text": self.random.choice(self.texts)[:length], **(fields or {"score": "4"}), "id": f"{sample_id}{k}"}
            for k in range(items)
        ]
        return {"id": sample_id, "input": instruction + text[:length], "profile": profile, **(extra or {})}


def ratings():
    writer = Writer(1)
    return "LaMP_3", (writer.row(n, writer.random.randint(99, 280)) for n in itertools.count())


def dates_and_users():
    writer = Writer(2)
    fields, extra = {"score": 4, "date": 2013}, {"user_id": 70123}
    return "LaMP_3_time", (writer.row(n, 185, fields=fields, extra=extra) for n in itertools.count())


def escapes():
    writer = Writer(3, alphabet="абвгдежзийклмнопрстуфхцчшщъыьэюя漢字")
    return "LaMP_3", (writer.row(n, 60) for n in itertools.count())


def tiny_rows():
    writer = Writer(4)
    return "LaMP_3", (writer.row(n, 2, length=20) for n in itertools.count())


def one_huge_row():
    writer = Writer(5)
    return "LaMP_3", (writer.row(n, 40_000 if n == 50 else 185) for n in itertools.count())


def mixed():
    writer = Writer(6)
    return "LaMP_3", (writer.row(n, 185, fields={"score": 4 if n else "4"}) for n in itertools.count())


def write(path: Path, rows, megabytes: int) -> int:
    """Write a split of at least so many MB; returns the size of the questions file in bytes."""
    size, golds = 0, []
    with open(path, "w", encoding="utf-8") as file:
        file.write("[")
        for number, row in enumerate(rows):
            size += file.write((", " if number else "") + json.dumps(row))
            golds.append({"id": row["id"], "output": "4"})
            if size >= megabytes * 10**6:
                break
        file.write("]")
    path.with_name("dev_outputs.json").write_text(json.dumps({"task": "LaMP_3", "golds": golds}), encoding="utf-8")
    return size


def report(title: str, made, megabytes: int, ways=("ours", "ours, streamed", "json.load")) -> None:
    config, rows = made
    with tempfile.TemporaryDirectory() as name:
        questions = str(Path(name) / "dev_questions.json")
        size = write(Path(questions), rows, megabytes)
        print(f"\n{title}: {size / 1e6:.0f} MB", flush=True)
        found = {way: measure(way, config=config, folder=name, questions=questions) for way in ways}
    for way, figures in found.items():
        if figures is not None:
            seconds, peak = figures["seconds"], figures["peak"]
            ratio = seconds / found["json.load"]["seconds"]
            print(f"    {way:22} {seconds:6.2f} s  {ratio:5.2f} x  {peak:6.0f} MB  {figures['value']} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, nargs="*", default=[240, 480], help="sizes of the file of ratings")
    parser.add_argument("--skip-kinds", action="store_true", help="only the files of ratings")
    arguments = parser.parse_args()
    print("time of the call without imports, ratio to json.load, peak memory of the process, rows")
    for megabytes in arguments.megabytes:
        report("ratings", ratings(), megabytes, tuple(WAYS) if megabytes <= 500 else ("ours", "json.load"))
    if not arguments.skip_kinds:
        report("integer scores, dates and users", dates_and_users(), 200)
        report("many \\uXXXX escapes", escapes(), 200)
        report("tiny rows", tiny_rows(), 100)
        report("one row of 30 MB", one_huge_row(), 100)
        report("scores that are numbers here and strings there (the slower way)", mixed(), 200)


if __name__ == "__main__":
    main()
