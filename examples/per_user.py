"""Train one LoRA adapter for each user, from that user's history alone, and compare: no adapter, one for all, one each.

    python examples/per_user.py --config LaMP_3_time --model google/flan-t5-base --users top100.json --output run
    python examples/per_user.py --config LaMP_3 --data-dir sample --model FOLDER --epochs 1 --output run

All adapters start from the same weights and see their pairs in the same way. If interrupted, the same command goes on
with the first user that is missing. Predictions go to OUTPUT/none.json, pooled.json and own.json in the official
format, the adapters to OUTPUT/pooled and OUTPUT/own/user-ID. Where the split has golds, the systems are compared user
by user.
Needs: pip install '.[adapters]'
"""

import argparse
import hashlib
import itertools
import json
import os
import sys
from pathlib import Path
from urllib.parse import quote

from lamp_dataset import PromptOptions

#: Characters of a folder's name. Systems take 255, and while a folder is written, its name has 28 more.
LONGEST = 227


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, help="such as LaMP_3_time")
    parser.add_argument("--model", required=True, help="name on the Hub or folder")
    parser.add_argument("--output", default="run", help="folder for adapters and predictions, by default run")
    parser.add_argument("--samples", help="file of samples, as lamp-dataset leaks writes it; by default all")
    parser.add_argument("--users", help="file of users, as lamp-dataset users writes it; by default all of the split")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--data-dir", help="folder with the official files, or the word sample; by default fetched")
    swapped = "a control: also train on another user's history, or with similar, on that of the most similar user"
    parser.add_argument("--swapped", nargs="?", const="other", choices=["other", "similar"], help=swapped)
    parser.add_argument("--style", default="task", help="task or official: what a pair's input looks like")
    parser.add_argument("--visible", default="none", help="none, earlier or others: the profile of a pair")
    parser.add_argument("--retriever", default="bm25")
    parser.add_argument("-k", "--k", type=int, default=0, help="items of the profile in a prompt; needs --visible")
    parser.add_argument("--rules", help="by default official for sequence-to-sequence models and fixed for others")
    parser.add_argument("--max-length", type=int, default=PromptOptions.max_length, help="tokens of a prompt")
    parser.add_argument("--max-target", type=int, default=128, help="tokens of an answer")
    parser.add_argument("--rank", type=int, default=8, help="of the adapters' matrices")
    parser.add_argument("--targets", default="all-linear", help="the layers that get an adapter")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--max-steps", type=int, help="of one adapter")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--extract-answers", action="store_true", help="find the answer in what is said (not official)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(given)


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    import peft
    import torch
    from tqdm import tqdm
    from transformers import (
        AutoConfig,
        AutoModelForCausalLM,
        AutoModelForSeq2SeqLM,
        AutoTokenizer,
        DataCollatorForSeq2Seq,
        set_seed,
    )

    import lamp_dataset
    import lamp_metric
    from lamp_dataset import decode, load_model, load_split, model_identity, positions_by_user, run_script, whole_folder
    from lamp_metric import content_digest, own_folder
except ModuleNotFoundError as error:
    print(f"error: {error.name} is not installed; from a checkout: pip install '.[adapters]'", file=sys.stderr)
    sys.exit(2)


def read_rows(args):
    """The samples of the chosen users, with a column user_id."""
    rows = load_split(args.config, args.split, lamp_dataset.SAMPLE if args.data_dir == "sample" else args.data_dir)
    if "user_id" not in rows.column_names:
        rows = rows.add_column("user_id", lamp_dataset.users_of(rows))
    rows = rows if args.users is None else lamp_dataset.select_users(rows, args.users)
    return rows if args.samples is None else lamp_dataset.select_samples(rows, args.samples)


class Encode:
    """From a row's prompt to its ids, and to what training takes: input_ids and labels."""

    def __init__(self, tokenizer, both_ways, max_length, max_target):
        self.tokenizer, self.both_ways = tokenizer, both_ways
        self.max_length, self.max_target = max_length, max_target

    def __call__(self, row):
        gold = {"max_length": self.max_target, "truncation": True, "add_special_tokens": self.both_ways}
        labels = self.tokenizer(text_target=row["target"] or "", **gold)["input_ids"]
        if self.both_ways:
            prompt = self.tokenizer(row["source"], max_length=self.max_length, truncation=True)["input_ids"]
            return {"prompt": prompt, "input_ids": prompt, "labels": labels}
        prompt, labels = self.of_decoder(row), [*labels, self.tokenizer.eos_token_id]
        return {"prompt": prompt, "input_ids": prompt + labels, "labels": [-100] * len(prompt) + labels}

    def of_decoder(self, row):
        if not self.tokenizer.chat_template:
            return self.tokenizer(row["source"] + "\n")["input_ids"]
        options = {"tokenize": False, "add_generation_prompt": True}
        text = self.tokenizer.apply_chat_template(row["messages"], **options)
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]  # the template writes them


class Adapters:
    """A model that never changes, and one adapter on top of it that is trained again and again from the same start."""

    def __init__(self, args):
        self.args, self.both_ways = args, load_model(AutoConfig.from_pretrained, args.model).is_encoder_decoder
        self.tokenizer = AutoTokenizer.from_pretrained(args.model)
        self.tokenizer.pad_token = self.tokenizer.pad_token or self.tokenizer.eos_token
        kind = AutoModelForSeq2SeqLM if self.both_ways else AutoModelForCausalLM
        # most processors train with the 16 bits of many models' weights several times more slowly than with 32
        device, dtype = ("cuda", "auto") if torch.cuda.is_available() else ("cpu", torch.float32)
        base = kind.from_pretrained(args.model, dtype=dtype).to(device)
        set_seed(args.seed)
        task = peft.TaskType.SEQ_2_SEQ_LM if self.both_ways else peft.TaskType.CAUSAL_LM
        shape = {"r": args.rank, "lora_alpha": 2 * args.rank, "target_modules": args.targets}
        self.model = peft.get_peft_model(base, peft.LoraConfig(task_type=task, **shape))
        self.weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        self.start = [weight.detach().clone() for weight in self.weights]

    def train(self, pairs):
        """Train the adapter on these pairs and nothing else. What an earlier call learned is forgotten."""
        with torch.no_grad():
            for weight, start in zip(self.weights, self.start, strict=True):
                weight.copy_(start)
        if not len(pairs):
            return  # untrained, an adapter changes nothing
        set_seed(self.args.seed)
        self.model.train()
        pairs, collate = pairs.select_columns(["input_ids", "labels"]), DataCollatorForSeq2Seq(self.tokenizer)
        batches = torch.utils.data.DataLoader(pairs, self.args.batch_size, shuffle=True, collate_fn=collate)
        optimizer = torch.optim.AdamW(self.weights, self.args.learning_rate)
        every = (batch for _ in range(self.args.epochs) for batch in batches)
        for batch in itertools.islice(every, self.args.max_steps):
            self.model(**batch.to(self.model.device)).loss.backward()
            torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
            optimizer.step()
            optimizer.zero_grad()

    @torch.inference_mode()
    def answer(self, prompts):
        """The answers to prompts."""
        self.model.eval()
        found = []
        for start in range(0, len(prompts), self.args.batch_size):
            ids = {"input_ids": prompts[start : start + self.args.batch_size]}
            # A decoder continues at the end of its input, so the padding must come before it.
            side = "right" if self.both_ways else "left"
            batch = self.tokenizer.pad(ids, padding_side=side, return_tensors="pt").to(self.model.device)
            options = {"max_new_tokens": self.args.max_target, "pad_token_id": self.tokenizer.pad_token_id}
            made = self.model.generate(**batch, do_sample=False, num_beams=1, **options)
            made = made if self.both_ways else made[:, batch["input_ids"].shape[1] :]
            found += decode(self.tokenizer, made)
        return found


def settings_of(args, model, *data):
    """What decides the adapters and the answers: the model, what it reads, and the options."""
    left_out = ("output", "data_dir", "users", "samples", "extract_answers")
    settings = {name: value for name, value in vars(args).items() if name not in left_out}
    settings["model"] = model_identity(args.model, getattr(model.config, "_commit_hash", None))
    return {**settings, "data": content_digest(*data)}


def answers_of(folder, adapters, pairs, questions):
    """The answers of an adapter trained on ``pairs``, or for None of the model alone; made once, kept in the folder."""
    path = folder / "answers.json"
    if not path.exists():
        folder.parent.mkdir(exist_ok=True)
        with whole_folder(folder, lambda target: None) as new:
            if pairs is None:
                with adapters.model.disable_adapter():
                    answers = adapters.answer(questions)
            else:
                adapters.train(pairs)
                adapters.model.save_pretrained(new)
                answers = adapters.answer(questions)
            (new / path.name).write_text(json.dumps(answers), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def folder_name(user):
    """A name for a user's folder: an id may hold what a file's name may not, and be longer than one."""
    name = f"user-{quote(user, safe='')}"
    return name if len(name) <= LONGEST else f"{name[:100]}-{hashlib.sha256(user.encode()).hexdigest()}"


def one_each(folder, adapters, pairs, questions):
    """The answers of each user's own adapter, in the order of the questions."""
    of_pairs, answers = positions_by_user(pairs), [None] * len(questions)
    for user, positions in tqdm(positions_by_user(questions).items(), desc=folder.name, unit=" users"):
        own = pairs.select(of_pairs.get(user, []))
        asked = questions.select(positions)["prompt"][:]
        found = answers_of(folder / folder_name(user), adapters, own, asked)
        for position, answer in zip(positions, found, strict=True):
            answers[position] = answer
    return answers


def main(given=None):
    """Train, answer, write, compare; gives the comparison, or None without golds or with a single user."""
    args = arguments(given)
    if args.k and args.visible == "none":
        raise ValueError(f"-k {args.k} needs --visible earlier or others: the pairs have no items to retrieve from")
    if lamp_dataset.get_task(args.config).gated:
        os.umask(0o077)  # all that is written from licensed texts is for their owner alone
    history = lamp_dataset.History(args.config, visible=args.visible, style=args.style)
    rows = read_rows(args)
    pairs = {"own": history.pairs(rows)}
    print(f"{len(rows):,} samples; histories: {history.counts}")
    if args.swapped:
        swap = {"seed": args.seed} if args.swapped == "other" else {"by": "similar", "task": args.config}
        pairs["swapped"] = history.pairs(lamp_dataset.swap_profiles(rows, **swap))
    adapters = Adapters(args)
    personalize = lamp_dataset.Personalizer(
        args.config,
        retriever=args.retriever,
        k=args.k,
        tokenizer=adapters.tokenizer,
        max_length=args.max_length,
        rules=args.rules or ("official" if adapters.both_ways else "fixed"),
    )

    encode = Encode(adapters.tokenizer, adapters.both_ways, args.max_length, args.max_target)

    def prepare(data):
        options = {"remove_columns": ["profile"], "features": personalize.features(data.features)}
        prompts = data.map(personalize, batched=True, **options)
        return prompts.map(encode, remove_columns=[name for name in prompts.column_names if name != "user_id"])

    questions, output = prepare(rows), Path(args.output)
    pairs = {name: prepare(made) for name, made in pairs.items()}
    own_folder(output, settings_of(args, adapters.model, questions, *pairs.values()))
    prompts = questions["prompt"][:]
    systems = {
        "none": answers_of(output / "none", adapters, None, prompts),
        "pooled": answers_of(output / "pooled", adapters, pairs["own"], prompts),
        **{name: one_each(output / name, adapters, made, questions) for name, made in pairs.items()},
    }
    for name, answers in systems.items():
        lamp_metric.write_predictions(output / f"{name}.json", args.config, rows["id"][:], answers)
    return compare(args, rows, systems)


def compare(args, rows, systems):
    golds, users = rows["output"][:], rows["user_id"][:]
    if None in golds or len(set(users)) < 2:
        print(f"{args.output}: predictions of {', '.join(systems)}; to compare them takes golds and two users or more")
        return None
    options = {"ids": rows["id"][:], "users": users, "extract_answers": args.extract_answers}
    found = lamp_metric.compare(systems, task=args.config, references=golds, **options)
    with lamp_dataset.write_whole(Path(args.output, "comparison.json")) as file:
        json.dump(found.as_dict(), file, indent=1)
    print("\n".join([found.to_text(), *found.notes]))
    return found


if __name__ == "__main__":
    run_script(main)
