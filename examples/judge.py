"""Have a served model judge whose answers are better: each system's against the first's, sample by sample.

    python examples/judge.py --config LaMP_4 --data-dir D --preds none=n.json own=o.json --profile 4 \\
        --api http://127.0.0.1:8000/v1 --model NAME --output judged
    lamp-metric compare LaMP_4 --data-dir D --values none=judged/none.json own=judged/own.json

The judge sees each pair of answers twice, in both orders, and no names. OUTPUT/NAME.json holds a system's value for
each sample: 1 if the judge prefers its answer both times, 0 if the other both times, else 0.5, as for the first system.

The question is in judge_rubric.txt beside this script, or in --rubric, with {input}, {a}, {b} and {profile} in it. A
paragraph with {profile} is left out where no item is in view. The reply must be A, B or tie; others count as ties.

Each reply is in OUTPUT/answers.jsonl as soon as it has come. If interrupted, the same command asks for the rest, and
where the rubric or an answer has changed, again.
"""

import argparse
import json
import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, help="such as LaMP_4")
    parser.add_argument("--preds", required=True, nargs="+", metavar="[NAME=]FILE", help="two systems or more")
    parser.add_argument(
        "--api", required=True, metavar="URL", help="of the server; its key is read from OPENAI_API_KEY"
    )
    parser.add_argument("--model", required=True, help="the server's name for the judge")
    parser.add_argument("--output", required=True, help="folder to write")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--data-dir", help="folder with the official files, or the word sample; by default fetched")
    parser.add_argument("--samples", help="file of samples, as lamp-dataset leaks writes it; by default all")
    parser.add_argument("--users", help="file of users, as lamp-dataset users writes it; by default all of the split")
    parser.add_argument("--profile", type=int, default=0, metavar="K", help="items in view, by BM25; by default none")
    parser.add_argument("--max-length", type=int, default=2048, help="words of a sample's items and input")
    parser.add_argument("--rubric", default=Path(__file__).with_name("judge_rubric.txt"), help="text of the question")
    parser.add_argument("--max-answer", type=int, default=16, help="tokens of a reply; more for judges that reason")
    parser.add_argument("--concurrency", type=int, default=16, help="questions at the same time")
    parser.add_argument("--timeout", type=float, default=600, help="seconds until a question is asked again")
    parser.add_argument("--acknowledge-license", action="store_true", help="may send gated texts to another machine")
    return parser.parse_args(given)


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    from datasets import Dataset

    from lamp_dataset import (
        SAMPLE,
        Personalizer,
        get_task,
        load_split,
        one_run,
        open_gated,
        personalize_split,
        run_script,
        write_whole,
    )
    from lamp_metric import Journal, Server, ask_all, extract_answer, is_local, own_folder
except ModuleNotFoundError as error:
    print(f"error: {error.name} is not installed; from a checkout: pip install .", file=sys.stderr)
    sys.exit(2)

#: The judge's words where the system is A and where it is B -> the system's value; any other two words are a tie.
VALUES, TIE = {("A", "B"): 1, ("B", "A"): 0}, 0.5


def read_rubric(path, with_profile):
    """The question; ValueError if the judge would not see what it must."""
    text = Path(path).read_text(encoding="utf-8", errors="replace").strip()
    for place in ("{input}", "{a}", "{b}", *["{profile}"] * with_profile):
        if place not in text:
            raise ValueError(f"{path}: expected the text of a question with {place} in it, found none")
    return text


def fill(rubric, **values):
    """The rubric with the values, all at once: a text may itself hold braces."""
    shown = [part for part in re.split(r"\n\s*\n", rubric) if values["profile"] or "{profile}" not in part]
    return re.sub(r"\{(profile|input|a|b)\}", lambda found: values[found[1]], "\n\n".join(shown))


def load(args, task):
    """The samples; ``source`` is the input behind the best items, which are worded as in the benchmark's prompts."""
    task = replace(task, wording=replace(task.wording, template="{items}{input}", insert_after=None))
    personalize = Personalizer(task, k=args.profile, rules="fixed", max_length=args.max_length)
    folder = SAMPLE if args.data_dir == "sample" else args.data_dir
    rows = load_split(args.config, args.split, folder, users=args.users, samples=args.samples)
    return personalize_split(rows, personalize)


def systems_of(preds):
    """System -> its file."""
    named = [(value.rpartition("=")[0] or Path(value).stem, value.rpartition("=")[2]) for value in preds]
    for name, _ in named:
        if name == "settings" or not re.fullmatch(r"\w[\w=.+-]*", name):
            raise ValueError(f"--preds: expected FILE or NAME=FILE, the name fit for a file, found {name!r}")
    if len(dict(named)) < max(2, len(named)):
        raise ValueError(f"--preds: expected two systems or more, each of another name, found {' '.join(preds)}")
    return dict(named)


def answers_of(path, ids):
    """The answers in a file of predictions to the samples. ValueError or OSError if it does not have them."""
    try:
        found = {entry["id"]: entry["output"] for entry in json.loads(Path(path).read_bytes())["golds"]}
    except (ValueError, LookupError, TypeError):
        raise ValueError(f"{path}: expected a file of predictions that lamp-metric check accepts") from None
    for name in ids:
        if not isinstance(found.get(name), str):
            raise ValueError(f"{path}: expected a text for sample {name!r}, found {found.get(name, 'none')!r}")
    return [found[name].strip() for name in ids]


def questions(rows, name, pairs, rubric):
    """Two for each sample with two different answers: the system's is A in the first, B in the second."""
    for row, (own, other) in zip(rows, pairs, strict=True):
        shown = {"profile": row["source"].removesuffix(row["input"]), "input": row["input"]}
        for place, a, b in (("A", own, other), ("B", other, own)) if own != other else ():
            text = fill(rubric, **shown, a=a, b=b)
            yield {"id": f"{row['id']}, {name} as {place}", "messages": [{"role": "user", "content": text}]}


def verdict(reply):
    """A, B, tie, or other. Case, reasoning, quotation marks, full stops and the like do not matter."""
    word = extract_answer("LaMP_4", reply) or ""  # as of a title: without reasoning and what surrounds it
    return {"a": "A", "b": "B", "tie": "tie"}.get(word.strip(" \n.:,;()[]*").lower(), "other")


def values_of(replies, ids, pairs):
    """Sample id -> value, from the replies to the questions."""
    left = map(verdict, replies)
    twice = [(next(left), next(left)) if own != other else None for own, other in pairs]
    return {name: VALUES.get(two, TIE) for name, two in zip(ids, twice, strict=True)}


def tell(name, replies, values):
    """Say how the system did, and what the judge said."""
    won, tied, lost = (list(values).count(value) for value in (1, TIE, 0))
    said = Counter(map(verdict, replies))
    words = ", ".join(f"{word} {number}" for word, number in sorted(said.items()))
    print(f"{name}: won {won}, tied {tied}, lost {lost}; the judge said {words or 'nothing'}")
    for odd in [reply for reply in replies if verdict(reply) == "other"][:1]:
        print(f"note: {said['other']} of {len(replies)} replies count as ties, such as {odd[:80]!r}", file=sys.stderr)


def main(given=None):
    """Ask and write; gives system -> sample id -> value."""
    args = arguments(given)
    task, rubric = get_task(args.config), read_rubric(args.rubric, args.profile > 0)
    open_gated(task, args.data_dir, args.acknowledge_license, lambda: is_local(args.api))
    server = Server(args.api, args.model, max_answer=args.max_answer, timeout=args.timeout)
    systems, rows, folder = systems_of(args.preds), load(args, task), Path(args.output)
    answers = {name: answers_of(path, rows["id"]) for name, path in systems.items()}
    own_folder(folder, {"script": "judge", "config": args.config, "split": args.split})
    journal, settings = folder / "answers.jsonl", {"model": args.model, "max_answer": args.max_answer}
    values, first = {}, next(iter(answers.values()))
    with one_run(journal), Journal(journal, settings) as journal:
        for name, own in answers.items():
            pairs = [*zip(own, first, strict=True)]
            asked = Dataset.from_list([*questions(rows, name, pairs, rubric)])
            entries = ask_all(server, asked, journal, concurrency=args.concurrency, unit=" questions") if asked else []
            replies = [entry["output"] for entry in entries]
            values[name] = values_of(replies, rows["id"], pairs)
            with write_whole(folder / f"{name}.json", permissions=0o666) as file:
                json.dump(values[name], file, indent=0)
            if own is not first:
                tell(name, replies, values[name].values())
    return values


if __name__ == "__main__":
    run_script(main, "stopped; the same command asks for the rest")
