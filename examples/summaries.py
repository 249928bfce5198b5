"""Ask a chat model of the Hub to describe each user of a split in a few sentences, from their history.

    python examples/summaries.py --config LaMP_3 --model Qwen/Qwen2.5-1.5B-Instruct --output summaries.json
    python examples/summaries.py --config LaMP_3 --data-dir sample --model FOLDER --items 2 --output summaries.json
    lamp-dataset personalize LaMP_3 --rules fixed --summary summaries.json --output prompts.parquet

OUTPUT is a JSON file {"user": "summary"}, which lamp_dataset.Personalizer(summary=…) takes. Summaries are kept as they
come in OUTPUT.part: the same command after a stop goes on where it stopped. The questions below are ours: change them.
Needs: pip install '.[models]'
"""

import argparse
import dataclasses
import json
import os
import sys


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, help="such as LaMP_3")
    parser.add_argument("--model", required=True, help="name on the Hub or folder")
    parser.add_argument("--output", required=True, help="JSON file to write")
    parser.add_argument("--users", help="file of users, as lamp-dataset users writes it; by default all of the split")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--data-dir", help="folder with the official files, or the word sample; fetched by default")
    parser.add_argument("--items", type=int, default=16, help="items of the history in a question, the newest first")
    parser.add_argument("--max-length", type=int, default=2048, help="tokens of a question")
    parser.add_argument("--max-answer", type=int, default=128, help="tokens of a summary")
    parser.add_argument("--limit", type=int, help="the first so many users only")
    parser.add_argument("--batch-size", type=int, default=8)
    return parser.parse_args(given)


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    import datasets
    import torch
    from tqdm import tqdm
    from transformers import pipeline

    import lamp_dataset
    from lamp_dataset.atomic import write_whole
    from lamp_dataset.lazy import load_model
    from lamp_dataset.personalize.prompts.fixed import fixed_prompts
    from lamp_dataset.personalize.prompts.parts import clean_item
    from lamp_dataset.personalize.prompts.tokens import Tokens
except ModuleNotFoundError as error:
    print(f"error: this needs the package {error.name}; from a checkout: pip install '.[models]'", file=sys.stderr)
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
}
ENDING = "Answer in two or three sentences about this person in general. Quote nothing."


def histories(rows):
    """User -> items that all profiles of the user have, newest first; no more than one user's at a time.

    Profiles of one user are copies of each other in which each sample misses its own item. What is in all of them
    answers none of the samples.
    """
    of_user = {}
    for position, user in enumerate(lamp_dataset.users_of(rows)):
        of_user.setdefault(user, []).append(position)
    for user, positions in of_user.items():
        profiles = [{content(item): item for item in rows[position]["profile"]} for position in positions]
        items = [item for key, item in profiles[0].items() if all(key in profile for profile in profiles)]
        yield user, sorted(items, key=lambda item: item.get("date") or "", reverse=True)


def content(item):
    return tuple(value for name, value in item.items() if name not in ("id", "date"))


def messages(prompt):
    return [{"role": "user", "content": prompt}]


def questions(args, rows, tokenizer):
    """User -> what to ask, "" for a user without items. Items are worded as in the benchmark's prompts."""
    task = lamp_dataset.get_task(args.config)
    wording = dataclasses.replace(task.wording, template="{items}\n\nThese {input}", insert_after=None)
    tokens, asked = Tokens(tokenizer, messages), {}
    for user, items in histories(rows):
        if len(asked) == args.limit:
            break
        items = [clean_item(wording, item, f"user {user}")[0] for item in items[: args.items]]
        sample = (f"{QUESTIONS[task.base]} {ENDING}", items)
        asked[user] = fixed_prompts(wording, [sample], tokens, args.max_length)[0].text if items else ""
    return asked


def answer(prompts, ask, args):
    """What the model says to each prompt of a batch."""
    chats = [messages(prompt) for prompt in prompts] if ask.tokenizer.chat_template else prompts
    options = {"max_new_tokens": args.max_answer, "do_sample": False, "return_full_text": False}
    return [found[0]["generated_text"].strip() for found in ask(chats, batch_size=len(chats), **options)]


def resume(path, settings):
    """The summaries so far; ValueError where they are of another run."""
    if not os.path.exists(path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(settings) + "\n")
        return {}
    with open(path, encoding="utf-8") as file:
        whole = [line for line in file if line.endswith("\n")]  # one without its end was cut off by the stop
    lines = [json.loads(line) for line in whole]
    if not lines or lines[0] != settings:
        raise ValueError(f"{path}: summaries of another run, made with {lines[:1]}; remove it or choose another output")
    with write_whole(path) as file:
        file.writelines(whole)
    return dict(lines[1:])


def ask_all(asked, ask, args):
    """User -> summary; each batch is written down before the next is asked."""
    part = args.output + ".part"
    settings = {name: value for name, value in vars(args).items() if name not in ("output", "batch_size")}
    found = resume(part, settings) | {user: "" for user, prompt in asked.items() if not prompt}
    left = [user for user in asked if user not in found]
    with open(part, "a", encoding="utf-8") as file, tqdm(total=len(asked), initial=len(found), unit=" users") as bar:
        for start in range(0, len(left), args.batch_size):
            users = left[start : start + args.batch_size]
            new = dict(zip(users, answer([asked[user] for user in users], ask, args), strict=True))
            file.writelines(json.dumps(pair) + "\n" for pair in new.items())
            file.flush()
            found |= new
            bar.update(len(new))
    return {user: found[user] for user in asked}


def main(given=None):
    """Ask and write; gives user -> summary."""
    args = arguments(given)
    if lamp_dataset.get_task(args.config).gated:
        os.umask(0o077)  # all that is written from licensed texts is for their owner alone
    folder = lamp_dataset.SAMPLE if args.data_dir == "sample" else args.data_dir
    rows = datasets.load_dataset("lamp", args.config, split=args.split, splits=(args.split,), data_dir=folder)
    rows = rows if args.users is None else lamp_dataset.select_users(rows, args.users)
    device = 0 if torch.cuda.is_available() else -1
    ask = load_model(lambda name: pipeline("text-generation", name, dtype="auto", device=device), args.model)
    ask.tokenizer.padding_side = "left"  # a decoder continues at the end of its input
    ask.tokenizer.pad_token = ask.tokenizer.pad_token or ask.tokenizer.eos_token
    found = ask_all(questions(args, rows, ask.tokenizer), ask, args)
    with write_whole(args.output, permissions=0o666) as file:
        json.dump(found, file, ensure_ascii=False, indent=0)
    os.remove(args.output + ".part")
    print(f"{args.output}: summaries of {len(found)} users")
    return found


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
