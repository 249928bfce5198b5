"""Ask a chat model to describe each user of a split in a few sentences, from their history.

    python examples/summaries.py --config LaMP_3 --model Qwen/Qwen2.5-1.5B-Instruct --output summaries.json
    python examples/summaries.py --config LaMP_3 --data-dir sample --model FOLDER --items 2 --output summaries.json
    python examples/summaries.py --config LaMP_3 --api http://127.0.0.1:8000/v1 --model NAME --output summaries.json
    lamp-dataset personalize LaMP_3 --rules fixed --summary summaries.json --output prompts.parquet

A model of the Hub or a folder runs here; with --api a server with the OpenAI protocol is asked. OUTPUT is a JSON file
{"user": "summary"}, which lamp_dataset.Personalizer(summary=...) takes. Each summary is in OUTPUT.answers.jsonl
as soon as it has come: if interrupted, the same command asks for the rest. The questions below are ours: change them,
and they are asked again.
zero_shot.py belongs in the same folder.
Needs: pip install '.[models]' for models that run here
"""

import argparse
import dataclasses
import itertools
import json
import sys


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, help="such as LaMP_3")
    parser.add_argument("--model", required=True, help="name on the Hub or folder; with --api the server's name for it")
    parser.add_argument("--output", required=True, help="JSON file to write")
    parser.add_argument("--samples", help="file of samples, as lamp-dataset leaks writes it; by default all")
    parser.add_argument("--users", help="file of users, as lamp-dataset users writes it; by default all of the split")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--data-dir", help="folder with the official files, or the word sample; by default fetched")
    parser.add_argument("--items", type=int, default=16, help="items of the history in a question, the newest first")
    parser.add_argument("--max-length", type=int, default=2048, help="tokens of a question; with --api, words")
    parser.add_argument("--max-answer", type=int, default=128, help="tokens of a summary")
    parser.add_argument("--limit", type=int, help="the first so many users only")
    parser.add_argument("--batch-size", type=int, default=8, help="questions at the same time")
    served = parser.add_argument_group("a served model", "Its key is read from OPENAI_API_KEY alone.")
    served.add_argument("--api", metavar="URL", help="of the server, such as http://127.0.0.1:8000/v1")
    served.add_argument("--acknowledge-license", action="store_true", help="may send gated texts to another machine")
    parser.set_defaults(beams=1, completions=False, temperature=0, timeout=600, tokenizer=None)
    args = parser.parse_args(given)
    args.concurrency = args.batch_size
    return args


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    import zero_shot
    from datasets import Dataset

    import lamp_dataset
    from lamp_dataset import Personalizer, load_split, positions_by_user, run_script, write_whole
    from lamp_metric import Journal
except ModuleNotFoundError as error:
    missing = (
        "zero_shot.py belongs in the same folder" if error.name == "zero_shot" else "from a checkout: pip install ."
    )
    print(f"error: this needs {error.name}; {missing}", file=sys.stderr)
    sys.exit(2)

#: Task -> what the items are, and what to say of the person.
QUESTIONS = {
    "LaMP_1": "are papers of one researcher. Which topics, methods and kinds of work does this researcher build on?",
    "LaMP_2": "are one person's tags for movies. Which tags come often, and what in a movie leads this person to them?",
    "LaMP_2_news": "are one author's articles by category. Which categories come often, and for which subjects?",
    "LaMP_3": "are one person's ratings of products. How generous is this person, and what brings high or low ratings?",
    "LaMP_4": "are headlines of one author. What are their usual subjects, length, tone and form?",
    "LaMP_5": "are titles of papers by one researcher. What are their usual subjects, length, wording and form?",
    "LaMP_6": "are subjects of mails by one person. What are their usual matters, length, tone and form?",
    "LaMP_7": "are tweets of one person. What are their usual subjects, tone, spelling and turns of phrase?",
    "LongLaMP_abstract": "are abstracts by one researcher. What are their usual subjects, length, order and wording?",
    "LongLaMP_review": "are product reviews by one person. What does this person look for, and how do they write?",
    "LongLaMP_topic": "are posts of one person. What are their usual subjects, length, tone and turns of phrase?",
    "LongLaMP_email": "are mails by one person. What are their usual matters, length, tone, greeting and closing?",
}
ENDING = "Answer in two or three sentences about this person in general. Quote nothing."


def histories(rows, task):
    """User -> items that tell nothing of the user's samples, newest first; no more than one user's at a time.

    Profiles of one user are copies of each other in which each sample misses its own item. So what is in all of them
    answers none of the samples, but for the few whose own profile has what they ask about, or their gold.
    """
    for user, positions in positions_by_user(rows).items():
        samples = [rows[position] for position in positions]
        profiles = [{content(item): item for item in sample["profile"]} for sample in samples]
        told = {task.subject_of(sample["input"]) for sample in samples}
        told |= set() if task.labels else {(sample["output"] or "").strip() for sample in samples}
        items = [item for key, item in profiles[0].items() if all(key in profile for profile in profiles)]
        items = [item for item in items if not {part.strip() for part in content(item) if part} & told]
        yield user, sorted(items, key=lambda item: item.get("date") or "", reverse=True)


def content(item):
    return tuple(value for name, value in item.items() if name not in ("id", "date"))


def questions(args, rows, tokenizer):
    """User -> what to ask, "" for a user without items. Items are worded as in the benchmark's prompts."""
    if args.limit is not None and args.limit < 1:
        raise ValueError(f"limit: expected at least 1, found {args.limit}")
    task = lamp_dataset.get_task(args.config)
    wording = dataclasses.replace(task.wording, template="{items}\n\nThese {input}", insert_after=None)
    options = {"k": args.items, "max_length": args.max_length, "rules": "fixed", "system": None}
    question = f"{QUESTIONS[task.base]} {ENDING}"
    ask = Personalizer(dataclasses.replace(task, wording=wording), retriever="first", tokenizer=tokenizer, **options)
    return {
        user: ask({"id": user, "input": question, "profile": items})["source"] if items else ""
        for user, items in itertools.islice(histories(rows, task), args.limit)
    }


def run(args, folder):
    """User -> summary, from the journal or the model."""
    tokenizer, model, ask = zero_shot.asker(args)
    rows = load_split(args.config, args.split, folder, users=args.users, samples=args.samples)
    asked = questions(args, rows, tokenizer)
    wanted = [
        {"id": user, "source": text, "messages": [{"role": "user", "content": text}]}
        for user, text in asked.items()
        if text
    ]
    with Journal(zero_shot.journal_of(args.output), zero_shot.settings_of(args, model)) as journal:
        entries = ask(Dataset.from_list(wanted), journal=journal, unit=" users") if wanted else []
    return dict.fromkeys(asked, "") | {entry["id"]: entry["output"].strip() for entry in entries}


def main(given=None):
    """Ask and write; gives user -> summary."""
    args = arguments(given)
    folder = lamp_dataset.SAMPLE if args.data_dir == "sample" else args.data_dir
    with zero_shot.writing(args, args.data_dir):
        found = run(args, folder)
        with write_whole(args.output, permissions=0o666) as file:
            json.dump(found, file, ensure_ascii=False, indent=0)
    print(f"{args.output}: summaries of {len(found):,} user{'s' * (len(found) != 1)}")
    return found


if __name__ == "__main__":
    run_script(main, "stopped; the same command asks for the rest")
