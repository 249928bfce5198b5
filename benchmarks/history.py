"""Training pairs of a split: ours against loading it, and against the usual lists of dicts, each in its own process.

    python benchmarks/history.py
    python benchmarks/history.py --megabytes 480 --visible earlier --skip-users

Claims: `lamp-dataset history` takes at most 2 x the CPU time of `load_dataset` on the same file (imports excluded), and
the anonymous memory of its process stays under 500 MB. With 20,000 users of 190 items, which have no copies, it takes
2.7 x for 3.8 million pairs that see nothing, and 6 x where each sees 16 items: more than half of that writes Parquet,
which has 60 million visible items of four fields then.
The rest of its memory is the mapped file of prepared rows, which the system takes back when it needs room.
The file is made here: seeded, of the official shape. A user has about 205 items and 7.6 rows, each with a leave-one-out
copy of the items, in an order that mixes the users; that is what 12,500 rows of 1,643 users have.
Needs: pip install lamp-hf
"""

import argparse
import itertools
import json
import math
import multiprocessing
import random
import tempfile
from collections.abc import Iterable
from pathlib import Path

from load import WAYS
from shared import in_a_process

from lamp_dataset.tasks import TASKS

TASK = TASKS["LaMP_4_time"]
OURS = """
import lamp_dataset.lamp, datasets
from click.testing import CliRunner
from lamp_dataset.__main__ import main
from lamp_dataset.personalize.training_pairs import History
datasets.disable_progress_bars()
datasets.config.HF_DATASETS_CACHE = {cache!r}
arguments = ["history", {config!r}, "--data-dir", {folder!r}, "--split", "validation", "--output", {output!r}]
start()
result = CliRunner().invoke(main, [*arguments, "--visible", {visible!r}], catch_exceptions=False)
import re
stop(int(re.search("([0-9,]+) pairs", result.output)[1].replace(",", "")))
"""
LOADED = """
import lamp_dataset.lamp, datasets
from datasets import load_dataset
from lamp_dataset import History
datasets.disable_progress_bars()
rows = load_dataset("lamp", {config!r}, data_dir={folder!r}, cache_dir={cache!r}, split="validation")
start()
stop(len(History({config!r}, visible={visible!r}).pairs(rows)))
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


def headlines(rows_per_user: float = 7.6):
    """Endless rows, user by user: each is a leave-one-out copy of the user's items."""
    rng = random.Random(0)
    pool = texts(rng, 30)
    for user in itertools.count(100):
        size = max(2, round(rng.lognormvariate(math.log(205) - 0.4, 0.9)))
        items = [item(rng, pool, f"{user} {n}") for n in range(size)]
        for left_out in rng.sample(items, min(size, max(1, round(rng.expovariate(1 / rows_per_user))))):
            yield row(user, items, left_out)


def many_users(number: int = 20_000):
    """A row for each user, with 190 short items."""
    rng = random.Random(1)
    pool = texts(rng, 8)
    for user in range(number):
        items = [item(rng, pool, f"{user} {n}") for n in range(190)]
        yield row(user, items, items[0])


def texts(rng: random.Random, length: int) -> list[str]:
    words = ["".join(rng.choices("etaoinshrdlucmfwypvbgk", k=rng.randint(2, 9))) for _ in range(5_000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    return [" ".join(rng.choices(words, weights, k=length)) for _ in range(3_000)]


def item(rng: random.Random, pool: list[str], name: str) -> dict:
    date = f"{rng.randint(2012, 2017)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return {"text": f"{name} {rng.choice(pool)}", "title": f"{name} {rng.choice(pool)[:60]}", "date": date}


def row(user: int, items: list[dict], left_out: dict) -> dict:
    sample_id = f"{user:05}{left_out['text'].split()[1]}"
    profile = [{**other, "id": f"{sample_id}{n}"} for n, other in enumerate(items) if other is not left_out]
    text = f"{TASK.instruction} {left_out['text']}"
    return {"id": sample_id, "user_id": str(user), "input": text, "profile": profile, "gold": left_out["title"]}


def write(folder: Path, rows: Iterable[dict], megabytes: float) -> None:
    """Write dev files of about so many MB, or all rows; in a mixed order."""
    lines, golds, size = [], [], 0
    for given in rows:
        golds.append({"id": given["id"], "output": given.pop("gold")})
        lines.append(json.dumps(given))
        size += len(lines[-1]) + 2
        if size >= megabytes * 10**6:
            break
    random.Random(0).shuffle(lines)
    (folder / "dev_questions.json").write_text(f"[{', '.join(lines)}]", encoding="utf-8")
    outputs = {"task": TASK.official_name, "golds": golds}
    (folder / "dev_outputs.json").write_text(json.dumps(outputs), encoding="utf-8")


def measure(code: str, **values) -> dict:
    """The least of three times, and the other figures."""
    found = [measure_once(code, **values) for _ in range(3)]
    return {**found[0], **{key: min(one[key] for one in found) for key in ("seconds", "cpu")}}


def measure_once(code: str, **values) -> dict:
    with tempfile.TemporaryDirectory() as cache:
        written = Path(cache) / "pairs.parquet"
        found = in_a_process(code.format(cache=cache, output=str(written), **values))
        return {**found, "written": written.stat().st_size / 1e6 if written.exists() else 0}


def report(title: str, rows: Iterable[dict], megabytes: float, visible: list[str], naive: bool) -> None:
    ways = {"load_dataset": (WAYS["ours"], ""), "History.pairs of loaded rows": (LOADED, visible[-1])}
    ways |= {f"history --visible {name}": (OURS, name) for name in visible}
    ways |= {"lists of dicts": (NAIVE, "earlier")} if naive else {}
    with tempfile.TemporaryDirectory() as name:
        # in a process of its own: what a process starts counts as its memory from before
        writer = multiprocessing.get_context("fork").Process(target=write, args=(Path(name), rows, megabytes))
        writer.start()
        writer.join()
        questions, loading = Path(name) / "dev_questions.json", None
        print(f"\n{title}: {questions.stat().st_size / 1e6:.0f} MB", flush=True)
        for way, (code, seen) in ways.items():
            found = measure(
                code, config=TASK.name, split="validation", folder=name, questions=str(questions), visible=seen
            )
            loading = loading or found
            clock, cpu = (f"{found[key]:6.2f} s {found[key] / loading[key]:5.2f} x" for key in ("seconds", "cpu"))
            print(
                f"    {way:30} {clock}   {cpu}   {found['anonymous']:5.0f} MB   {found['value']} rows, "
                f"{found['written']:.0f} MB written",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, nargs="*", default=[480, 1440], help="sizes of the file")
    parser.add_argument("--visible", nargs="+", default=["none", "others", "earlier"])
    parser.add_argument("--skip-users", action="store_true", help="leave out the file of 20,000 users")
    arguments = parser.parse_args()
    print("time of the call without imports and ratio to load_dataset, by the clock and of all cores (the one to look")
    print("at on a busy machine); peak of anonymous memory; rows")
    for megabytes in arguments.megabytes:
        report("headlines", headlines(), megabytes, arguments.visible, naive=megabytes <= 500)
    if not arguments.skip_users:
        report("20,000 users of 190 short items", many_users(), math.inf, arguments.visible, naive=False)


if __name__ == "__main__":
    main()
