"""Reproduce a row of the paper's table: all tasks, any retrievers and k, one model, beside the published figures.

    python examples/reproduce.py --model google/flan-t5-xxl --retriever bm25 recency -k 0 4 --output xxl
    python examples/reproduce.py --model NAME --api http://127.0.0.1:8000/v1 --retriever bm25 --output served

Needs zero_shot.py in the same folder: it asks the model for each config, with all options that are not listed below
(such as --data-dir, --max-length, --limit, --beams, --api; see its --help). OUTPUT holds the predictions of each
config and, at the end, their scores in results.jsonl and table.md, which also goes to the screen. If interrupted,
the same command asks for what is left. The table has the rows of one call: to add configs, retrievers or k, name those
of before, too; what was answered is not asked again.
Needs: pip install '.[models]' for models that run here
"""

import argparse
import itertools
import json
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path

EXAMPLE = """on the embedded sample, with a small model:
  python examples/reproduce.py --data-dir sample --model HuggingFaceTB/SmolLM2-135M-Instruct -k 4 --output small
on the official files, with the paper's model, two options change:
  python examples/reproduce.py --model google/flan-t5-xxl -k 4 --output xxl
--model and all other options go to zero_shot.py; see its --help"""
#: The value of "format" in the first line of results.jsonl.
FORMAT = "lamp results 1"
#: What marks a published figure of another split or setting, and why.
MARK = "†"
WHY = "published for another split or setting, or for a split that is not known: other samples, no comparison"
#: Retrievers as the sources of published figures call them.
PUBLISHED_AS = {"bm25": "BM25", "dense": "Contriever", "recency": "recency", "rrf": "RRF"}


def arguments(given=None):
    """Ours, and those for zero_shot.py."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--output", required=True, help="folder for predictions, results and table")
    parser.add_argument("--configs", nargs="+", help="by default all with a published figure of --system, none gated")
    parser.add_argument("--setting", default="time", choices=["user", "time"], help="of the default configs")
    parser.add_argument("--retriever", nargs="+", default=["bm25"])
    parser.add_argument("-k", "--k", nargs="+", type=int, default=[4], help="0 for no profile")
    parser.add_argument("--system", default="FlanT5-XXL, zero-shot", help="whose published figures stand beside")
    return parser.parse_known_args(given)


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    import zero_shot

    from lamp_dataset import TASKS, get_task, one_run, run_script, write_whole
    from lamp_metric import PUBLISHED, own_content, published_rows
except ModuleNotFoundError as error:
    missing = (
        "zero_shot.py belongs in the same folder" if error.name == "zero_shot" else "from a checkout: pip install ."
    )
    print(f"error: this needs {error.name}; {missing}", file=sys.stderr)
    sys.exit(2)


def configs_of(args):
    """As given, or those with a published figure of the system."""
    found = {row.config for row in PUBLISHED if row.system == args.system}
    default = [name for name, task in TASKS.items() if task.setting == args.setting and not task.gated]
    names = args.configs or [name for name in default if name in found]
    if not names:
        systems = "; ".join(dict.fromkeys(row.system for row in PUBLISHED))
        raise ValueError(f"--system: nothing of {args.system!r} is published; expected one of: {systems}")
    return [get_task(name).name for name in names]


def runs_of(args):
    """(config, retriever, k) of each row. Without a profile nothing is retrieved."""
    retrievers = [(name, k) for k, name in itertools.product(args.k, args.retriever) if k]
    retrievers = [("none", 0)] * (0 in args.k) + retrievers
    return [(config, name, k) for config in configs_of(args) for name, k in dict.fromkeys(retrievers)]


def command_of(run, others, folder):
    """The arguments of zero_shot.py for a row."""
    config, retriever, k = run
    output = folder / f"{re.sub(r'[^A-Za-z0-9_]+', '-', f'{config}-{retriever}-k{k}')}.json"
    given = ["--config", config, "-k", str(k), "--output", str(output), *others]
    return [*given, "--retriever", retriever] if k else given


def published(run, split, system):
    """The published figures for a row, by score."""
    config, retriever, k = run
    found = {}
    for row in published_rows(config, split):
        same = row.config == config and row.system == system and row.k in (None, k)
        if same and row.retriever == (PUBLISHED_AS.get(retriever, retriever) if k else "none"):
            for key, value in row.scores.items():
                mark = "" if row.comparable else f" {MARK}"
                found.setdefault(key, []).append(f"{value:.3f} ({row.source}{mark})")
    return found


def table(results, split, system):
    """A line for each row and score, in Markdown."""
    lines = ["| config | retriever | k | score | value | 95 % interval | published |", "|---|---|--:|---|--:|---|---|"]
    for run, scores in results.items():
        figures = published(run, split, system)
        for key in get_task(run[0]).scores:
            value = f"{scores[key]:.3f}" if scores else "withheld"
            low, high = scores[f"{key}_ci"] if scores else ("", "")
            interval = f"[{low:.3f}, {high:.3f}]" if scores else ""
            cells = [*map(str, run), key, value, interval, ", ".join(figures.get(key, []))]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"Published: {system}. {MARK} {WHY}.", ""])


def name_of(run):
    return "{} {} k={}".format(*run)


def check_folder(folder, outputs):
    """What is there and will be written again was made by this script, or FileExistsError or ValueError.

    Gives the names of the rows that are there.
    """
    folder.mkdir(exist_ok=True)
    for output in outputs:
        zero_shot.check_output(output)
    known = own_content(folder / "results.jsonl", FORMAT)
    if not known and (folder / "table.md").exists():
        raise FileExistsError(f"{folder / 'table.md'}: is there already, without results.jsonl; choose another output")
    try:
        return [json.loads(line)["run"] for line in known.splitlines()[1:]]
    except (ValueError, KeyError):
        return []  # somebody edited the file, which is written anew


def write(path, text):
    with write_whole(path) as file:
        file.write(text)


def main(given=None):
    """Ask for what is left, score, and write the table. Returns its text."""
    args, others = arguments(given)
    runs, folder = runs_of(args), Path(args.output).resolve()
    commands = {run: command_of(run, others, folder) for run in runs}
    options = [zero_shot.arguments(command) for command in commands.values()]
    left_out = set(check_folder(folder, [each.output for each in options])) - set(map(name_of, runs))
    results = {}
    with one_run(folder / "results.jsonl"):
        for run, command in commands.items():
            print(name_of(run), file=sys.stderr)
            with redirect_stdout(sys.stderr):
                results[run] = zero_shot.main(command)
        text = table(results, options[0].split, args.system)
        lines = [{"format": FORMAT}, *({"run": name_of(run), "scores": scores} for run, scores in results.items())]
        write(folder / "results.jsonl", "".join(f"{json.dumps(line)}\n" for line in lines))
        write(folder / "table.md", text)
    print(text)
    if left_out:
        rows = ", ".join(sorted(left_out))
        print(f"note: the table had {rows}, which this call does not name; their answers are kept", file=sys.stderr)
    return text


if __name__ == "__main__":
    run_script(main, "stopped; the same command does what is left")
