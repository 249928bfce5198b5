"""Push ten configs to a Hub on loopback: one ``lamp_dataset.push_to_hub`` against ten ``push_to_hub`` of ``datasets``.

Run it from the project's folder, in the environment of ``make test``: ``.venv/bin/python benchmarks/push.py [ROWS]``.
The rows are made up and prepared beforehand, so this times the Parquet writing and the talk with the Hub. Loopback has
no latency: on the real Hub, each request costs more.
Needs: pip install '.[test]'
"""

import argparse
import sys
import tempfile
from pathlib import Path

from shared import in_a_process, require

from lamp_dataset import TASKS

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from made_up import write_all

require("trustme", "test")
from hub_server import Hub  # noqa: E402

CONFIGS = [name for name, task in TASKS.items() if not task.gated][:10]
TOKEN = "hf_mewritesecret"

PREPARE = """
for name in configs:
    datasets.load_dataset("lamp", name, data_dir=folder)
"""
OURS = """
lamp_dataset.push_to_hub("me/ours", configs, folder)
"""
THEIRS = """
for name in configs:
    datasets.load_dataset("lamp", name, data_dir=folder).push_to_hub("me/theirs", name, private=True)
"""
FRAME = """
import sys
import datasets, lamp_dataset
folder, configs = sys.argv[1], sys.argv[2:]
start()
{body}
stop(None)
"""


def run(hub, body, folder):
    """Figures of ``body``. Requests until the last commit do not include our comparing of hashes."""
    repos = hub.store.repos.values()
    hub.log.clear()
    before = sum(len(repo.commits) for repo in repos)
    environment = hub.environment(TOKEN, folder / "home") | {"HF_UPDATE_DOWNLOAD_COUNTS": "0"}
    found = in_a_process(FRAME.format(body=body), folder / "files", *CONFIGS, environment=environment)
    sent = sum(seen.size for seen in hub.log if seen.method in ("PUT", "POST")) / 1e6
    commits = sum(len(repo.commits) for repo in repos) - before
    requests = len(hub.log)
    until = max((n for n, seen in enumerate(hub.log, 1) if "/commit/" in seen.path), default=requests)
    figures = {"s": found["seconds"], "peak MB": found["peak"], "requests": requests, "until commit": until}
    return {**figures, "MB sent": sent, "commits": commits}


def show(name, figures):
    print(f"{name:28}" + "".join(f"{value:14,.1f}" for value in figures.values()))


def main(rows):
    with tempfile.TemporaryDirectory() as name, Hub(name) as hub:
        folder = Path(name)
        write_all(folder / "files", CONFIGS, count=rows, items=(40, 160))
        run(hub, PREPARE, folder)
        found = {}
        for title, body in [("ours", OURS), ("ten push_to_hub", THEIRS)]:
            found[title] = run(hub, body, folder)
            found[f"{title}, once more"] = run(hub, body, folder)
    print(f"{len(CONFIGS)} configs, {3 * rows:,} rows each\n{'':28}" + "".join(f"{key:>14}" for key in found["ours"]))
    for title, figures in found.items():
        show(title, figures)
    ours, theirs = found["ours"], found["ten push_to_hub"]
    show("theirs / ours", {key: theirs[key] / ours[key] for key in ours})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int, nargs="?", default=500, help="rows of each split (default: %(default)s)")
    main(parser.parse_args().rows)
