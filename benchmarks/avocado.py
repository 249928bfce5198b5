"""avocado-builder against the official way, and against the floor, on a made-up collection.

    python benchmarks/avocado.py [--mails 100000] [--folder DISK]

Three runs on the same disk, one after the other, each in its own process:

* floor: only inflate the needed members with zipfile;
* ours: the command ``avocado-builder build``;
* official: extract every zip, parse needed files with mail-parser 3.15.0, delete, join in memory.

The outputs of the last two are compared byte for byte.
Needs: pip install '.[test]'
"""

import argparse
import filecmp
import json
import random
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import fake_avocado  # noqa: E402
from shared import in_a_process, require  # noqa: E402

ACCOUNTS = 279
NEEDED = 0.3
#: Profile items a row, as in the real id files.
ITEMS = 55

OURS = """
from avocado_builder.__main__ import main
folders = ["--avocado-dir", {collection!r}, "--ids-dir", {ids!r}, "--output-dir", {output!r}]
main(["build", *folders], standalone_mode=False)
stop("0 files, 0 bytes")
"""
OFFICIAL = """
import official_build
files, size = official_build.build({collection!r} + "/data/text", {extract!r}, {id_files!r}, {output!r})
stop(f"{{files:,}} files, {{size:,}} bytes")
"""
FLOOR = """
import json, zipfile, pathlib
needed = set(json.loads(pathlib.Path({names!r}).read_text()))
for path in pathlib.Path({collection!r}, "data", "text").glob("*.zip"):
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.filename[4:] in needed:
                archive.read(info)
stop("0 files, 0 bytes")
"""


def run(title, code):
    facts = in_a_process(f"import sys; sys.path[:0] = {[str(ROOT), str(ROOT / 'tests')]!r}; start()\n{code}")
    print(
        f"{title:<9}{facts['seconds']:8.1f} s ({facts['cpu']:.1f} s of CPU)  peak {facts['peak']:.0f} MiB  "
        f"written {facts['written']:,.0f} MB  extracted {facts['value']}",
        flush=True,
    )
    return facts["seconds"]


def make(folder, mails):
    odd = [kind for kind in fake_avocado.BENIGN if kind not in ("doubled subject", "long body")]
    kinds = ["generated headers", "folded raw headers", "medium body"] * len(odd) + odd
    names = fake_avocado.write_collection(folder / "avocado", ACCOUNTS, mails // ACCOUNTS, kinds=kinds)
    needed = random.Random(3).sample(names, int(NEEDED * len(names)))
    rows = len(needed) // ITEMS
    ids = fake_avocado.write_ids(folder / "ids", needed, rows=rows, items=ITEMS)
    questions = [row for path in ids.iterdir() for row in json.loads(path.read_text())]
    named = {row["input"] for row in questions} | {item["text"] for row in questions for item in row["profile"]}
    (folder / "names.json").write_text(json.dumps(sorted(named)))
    size = sum(path.stat().st_size for path in (folder / "avocado").rglob("*.zip"))
    print(f"{len(names):,} mails in {ACCOUNTS} zips ({size / 1e6:,.0f} MB), {len(named):,} of them needed", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=100_000)
    parser.add_argument("--folder", help="a folder on the disk to measure; default: the system's for temporary files")
    options = parser.parse_args()
    require("mailparser", "test")
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="avocado-benchmark-") as name:
        folder = Path(name)
        make(folder, options.mails)
        files = {split: str(folder / "ids" / f"{short}_questions.json") for split, short in fake_avocado.FILES.items()}
        places = {"collection": str(folder / "avocado"), "ids": str(folder / "ids"), "id_files": files}
        places |= {"extract": str(folder / "extract"), "names": str(folder / "names.json")}
        floor = run("floor", FLOOR.format(**places))
        ours = run("ours", OURS.format(**places, output=str(folder / "ours")))
        official = run("official", OFFICIAL.format(**places, output=str(folder / "official")))
        print(f"official / ours: {official / ours:.1f}x    ours / floor: {ours / floor:.1f}x")
        built = sorted(path.name for path in (folder / "official").iterdir())
        _, differing, missing = filecmp.cmpfiles(folder / "ours", folder / "official", built, shallow=False)
        print(f"outputs byte for byte: {'equal' if not differing + missing else f'DIFFERENT {differing + missing}'}")


if __name__ == "__main__":
    main()
