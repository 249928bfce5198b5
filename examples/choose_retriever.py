"""Learn which of several systems answers a sample best, such as one for each retriever, and choose it.

    python examples/choose_retriever.py --config LaMP_4 --data-dir D --preds none=n.json bm25=b.json dense=d.json \\
        --model microsoft/deberta-v3-small --output chooser

The method is RSPG of arXiv 2404.05970: a small cross-encoder learns from how good each system's answer was. With --see
input it chooses before anything is answered, by the input and the system's name; with --see answers it reads what each
has said. The users are dealt into five folds, and the answers of each fold's users are chosen by a model that was
trained on the others': no sample is chosen by a model that saw its user.

OUTPUT/chosen.json holds the chosen answers in the official format, OUTPUT/choices.json each sample's system. The table
compares the systems, the chooser and "best of all", the best answer to each sample, which nobody can choose: the
ceiling. If interrupted, the same command goes on with the fold that is missing.
Needs: pip install '.[models,dense]'
"""

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path

#: Names of two rows of the table, which no system can have.
CHOOSER, CEILING = "chooser", "best of all"


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, help="such as LaMP_4")
    parser.add_argument("--preds", required=True, nargs="+", metavar="[NAME=]FILE", help="two systems or more")
    parser.add_argument("--model", required=True, help="encoder to begin with, name on the Hub or folder")
    parser.add_argument("--output", required=True, help="folder to write")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--data-dir", help="folder with the official files, or the word sample; by default fetched")
    parser.add_argument("--users", help="file of users, as lamp-dataset users writes it; by default all of the split")
    parser.add_argument("--samples", help="file of samples, as lamp-dataset leaks writes it; by default all")
    parser.add_argument("--see", choices=["input", "answers"], default="input", help="what the model chooses by")
    parser.add_argument("--score", help="by default the task's first, as in the paper")
    parser.add_argument("--temperature", type=float, default=1.0, help="of the softmax of the scores to learn")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--max-length", type=int, default=512, help="tokens that the model reads")
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--batch-size", type=int, default=16, help="samples in a step")
    parser.add_argument("--learning-rate", type=float, default=2e-5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(given)
    if args.folds < 2 or not 0 < args.temperature < float("inf"):
        parser.error("--folds must be 2 or more, and --temperature above 0")
    return args


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    import torch
    from datasets import Dataset
    from judge import answers_of, systems_of
    from sentence_transformers.cross_encoder import (
        CrossEncoder,
        CrossEncoderTrainer,
        CrossEncoderTrainingArguments,
        losses,
    )
    from transformers import AutoConfig, set_seed

    import lamp_metric
    from lamp_dataset import (
        SAMPLE,
        get_task,
        load_model,
        load_split,
        model_identity,
        run_script,
        write_whole,
    )
    from lamp_metric import content_digest, own_folder
except ModuleNotFoundError as error:
    print(f"error: {error.name} is not installed; from a checkout: pip install '.[models,dense]'", file=sys.stderr)
    sys.exit(2)


def folds_of(users, number, seed):
    """The fold of each sample: users are shuffled and dealt out."""
    names = sorted(set(users))
    if len(names) < number:
        raise ValueError(f"expected a user or more for each of {number} folds, found {len(names)} users")
    random.Random(seed).shuffle(names)
    dealt = {name: place % number for place, name in enumerate(names)}
    return [dealt[user] for user in users]


def read_rows(args):
    """The samples with their golds and users, which are inferred in the whole split."""
    folder = SAMPLE if args.data_dir == "sample" else args.data_dir
    some = {"users": args.users, "samples": args.samples}
    rows = load_split(args.config, args.split, folder, **some, name_users=True)
    if None in rows["output"]:
        raise ValueError(f"the golds of the split {args.split} are withheld: there is nothing to learn from")
    return rows.select_columns(["id", "user_id", "input", "output"])


def read_candidates(args, rows, systems):
    """For each sample: what the model reads of each system, and how good the system's answer is."""
    answers = {name: answers_of(path, rows["id"]) for name, path in systems.items()}
    reward = lamp_metric.reward(args.config, args.score)
    scores = [reward(completions=said, target=rows["output"][:]) for said in answers.values()]
    shown = [[name if args.see == "input" else f"{name}: {text}" for text in said] for name, said in answers.items()]
    columns = {"input": rows["input"][:], "systems": list(zip(*shown, strict=True))}
    columns["scores"] = list(zip(*scores, strict=True))
    return answers, Dataset.from_dict(columns)


def choose(args, candidates, fold, folds):
    """The place of the system chosen for each sample of a fold, by a model trained on the other folds."""
    set_seed(args.seed)
    train = candidates.select([place for place, other in enumerate(folds) if other != fold])
    held_out = candidates.select([place for place, other in enumerate(folds) if other == fold])
    model = load_model(CrossEncoder, args.model, num_labels=1, max_length=args.max_length)
    softened = train.map(lambda row: {"label": [score / args.temperature for score in row["scores"]]})
    with tempfile.TemporaryDirectory() as scratch:
        settings = CrossEncoderTrainingArguments(
            output_dir=scratch,
            num_train_epochs=args.epochs,
            per_device_train_batch_size=args.batch_size,
            learning_rate=args.learning_rate,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=torch.cuda.is_available(),
            seed=args.seed,
        )
        # the cross-entropy against the softmax of the scores: the KL divergence, but for a constant
        loss = losses.ListNetLoss(model)
        data = softened.select_columns(["input", "systems", "label"])
        CrossEncoderTrainer(model, settings, train_dataset=data, loss=loss).train()
    pairs = [(row["input"], system) for row in held_out for system in row["systems"]]
    logits = model.predict(pairs, batch_size=args.batch_size, activation_fn=torch.nn.Identity())
    return logits.reshape(len(held_out), -1).argmax(axis=1).tolist()


def choices_of(args, output, candidates, folds):
    """The place of the system chosen for each sample; a fold's are made once, and kept in the folder."""
    chosen = [None] * len(folds)
    for fold in range(args.folds):
        path = output / f"fold-{fold}.json"
        if not path.exists():
            found = choose(args, candidates, fold, folds)
            with write_whole(path) as file:
                json.dump(found, file)
        places = [place for place, other in enumerate(folds) if other == fold]
        for place, choice in zip(places, json.loads(path.read_text(encoding="utf-8")), strict=True):
            chosen[place] = choice
    return chosen


def settings_of(args, rows, candidates):
    """What decides the choices. The output folder of a stopped run is that of this one if they are the same."""
    left_out = ("output", "data_dir", "users", "samples", "preds")
    settings = {name: value for name, value in vars(args).items() if name not in left_out}
    config = load_model(AutoConfig.from_pretrained, args.model)
    identity = model_identity(args.model, getattr(config, "_commit_hash", None))
    return {"script": "choose_retriever", **settings, "model": identity, "data": content_digest(rows, candidates)}


def main(given=None):
    """Train, choose, write, compare; gives the comparison."""
    args = arguments(given)
    if get_task(args.config).gated:
        os.umask(0o077)  # all that is written from licensed texts is for their owner alone
    systems, rows, output = systems_of(args.preds), read_rows(args), Path(args.output)
    if {CHOOSER, CEILING} & {*systems}:
        raise ValueError(f"--preds: {CHOOSER!r} and {CEILING!r} are rows of the table; expected other names")
    answers, candidates = read_candidates(args, rows, systems)
    folds = folds_of(rows["user_id"][:], args.folds, args.seed)
    own_folder(output, settings_of(args, rows, candidates))
    chosen = choices_of(args, output, candidates, folds)
    best = [max(range(len(systems)), key=row.__getitem__) for row in candidates["scores"]]
    names, ids = list(systems), rows["id"][:]
    for name, places in ((CHOOSER, chosen), (CEILING, best)):
        answers[name] = [answers[names[system]][place] for place, system in enumerate(places)]
    lamp_metric.write_predictions(output / "chosen.json", args.config, ids, answers[CHOOSER])
    with write_whole(output / "choices.json") as file:
        json.dump({sample_id: names[system] for sample_id, system in zip(ids, chosen, strict=True)}, file, indent=0)
    found = lamp_metric.compare(
        answers, task=args.config, references=rows["output"][:], ids=ids, users=rows["user_id"][:]
    )
    print("\n".join([found.to_text(), *found.notes]))
    return found


if __name__ == "__main__":
    run_script(main)
