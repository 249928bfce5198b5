"""Ask any model of the Hub for the answers of a split, with personalized prompts and without training, and score them.

    python examples/zero_shot.py --config LaMP_3 --model google/flan-t5-xl --retriever bm25 -k 4 --output xl.json
    python examples/zero_shot.py --config LaMP_7 --model Qwen/Qwen2.5-1.5B-Instruct -k 2 --beams 1 --output qwen.json

Sequence-to-sequence models read the prompt, chat models the messages in their own template, other models the prompt.
Answers are kept as they come in OUTPUT.part: the same command after a stop goes on where it stopped. OUTPUT holds the
predictions in the official format; where the split has golds, their scores with 95 % intervals go to the screen.
Needs: pip install '.[models]'
"""

import argparse
import json
import os
import sys


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, help="such as LaMP_3")
    parser.add_argument("--model", required=True, help="name on the Hub or folder")
    parser.add_argument("--output", required=True, help="file of predictions to write")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--data-dir", help="folder with the official files; by default they are fetched")
    parser.add_argument("--retriever", default="bm25")
    parser.add_argument("-k", type=int, default=4, help="items of the profile in a prompt; 0 for the input alone")
    parser.add_argument("--rules", help="by default official for sequence-to-sequence models and fixed for others")
    parser.add_argument("--max-length", type=int, default=512, help="tokens of a prompt")
    parser.add_argument("--max-answer", type=int, default=64, help="tokens of an answer")
    parser.add_argument("--limit", type=int, help="the first so many samples only")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--extract-answers", action="store_true", help="find the label in a sentence (not official)")
    return parser.parse_args(given)


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    import datasets
    import torch
    from tqdm import tqdm
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

    import lamp_metric
    from lamp_dataset import Personalizer, get_task
    from lamp_dataset.personalize.prompts.decoding import decode
except ModuleNotFoundError as error:
    print(f"error: this needs the package {error.name}; from a checkout: pip install '.[models]'", file=sys.stderr)
    sys.exit(2)


def load(name):
    """Tokenizer and model, on the GPU if there is one."""
    both_ways = AutoConfig.from_pretrained(name).is_encoder_decoder
    # A decoder continues at the end of its input, so the padding must come before it.
    tokenizer = AutoTokenizer.from_pretrained(name, padding_side="right" if both_ways else "left")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    kind = AutoModelForSeq2SeqLM if both_ways else AutoModelForCausalLM
    model = kind.from_pretrained(name, dtype="auto")
    return tokenizer, model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def prompts(args, tokenizer, model):
    """The rows with their prompts.

    An official prompt can exceed the budget and lose its end: in a chat, that is where the model is told to begin.
    """
    rules = args.rules or ("official" if model.config.is_encoder_decoder else "fixed")
    rows = datasets.load_dataset("lamp", args.config, split=args.split, splits=(args.split,), data_dir=args.data_dir)
    rows = rows if args.limit is None else rows.select(range(min(args.limit, len(rows))))
    personalize = Personalizer(
        args.config,
        retriever=args.retriever,
        k=args.k,
        tokenizer=tokenizer,
        max_length=args.max_length,
        rules=rules,
    )
    features = personalize.features(rows.features)
    return rows.map(personalize, batched=True, remove_columns=["profile"], features=features)


@torch.inference_mode()
def answer(batch, tokenizer, model, args):
    """What the model says to each prompt of a batch."""
    if tokenizer.chat_template:
        options = {"tokenize": False, "add_generation_prompt": True}
        texts = [tokenizer.apply_chat_template(messages, **options) for messages in batch["messages"]]
    else:
        texts = batch["source"]
    tokens = tokenizer(
        texts,
        add_special_tokens=not tokenizer.chat_template,  # the template writes them
        max_length=args.max_length,
        truncation=True,
        padding=True,
        return_tensors="pt",
    ).to(model.device)
    tokens.pop("token_type_ids", None)
    found = model.generate(
        **tokens,
        max_new_tokens=args.max_answer,
        num_beams=args.beams,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
    )
    if not model.config.is_encoder_decoder:
        found = found[:, tokens["input_ids"].shape[1] :]
    return decode(tokenizer, found)  # as the official answers were decoded, whatever the version of transformers


def resume(path, settings):
    """The answers so far; ValueError where they are of another run."""
    if not os.path.exists(path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(settings) + "\n")
        return {}
    with open(path, encoding="utf-8") as file:
        # a line without its end was cut off by the stop
        lines = [json.loads(line) for line in file if line.endswith("\n")]
    if not lines or lines[0] != settings:
        raise ValueError(f"{path}: answers of another run, made with {lines[:1]}; remove it or choose another output")
    return dict(lines[1:])


def settings_of(args):
    """What decides the answers."""
    return {
        name: value for name, value in vars(args).items() if name not in ("output", "batch_size", "extract_answers")
    }


def ask_all(rows, tokenizer, model, args):
    """Sample id -> answer, for all rows; each batch is written down before the next is asked."""
    part = args.output + ".part"
    answers = resume(part, settings_of(args))
    left = rows.select([n for n, sample_id in enumerate(rows["id"]) if sample_id not in answers])
    with open(part, "a", encoding="utf-8") as file, tqdm(total=len(rows), initial=len(answers), unit=" samples") as bar:
        for batch in left.iter(args.batch_size):
            found = dict(zip(batch["id"], answer(batch, tokenizer, model, args), strict=True))
            file.writelines(json.dumps(pair) + "\n" for pair in found.items())
            file.flush()
            answers |= found
            bar.update(len(found))
    return answers


def main(given=None):
    """Ask, write, score. Returns the scores, or None without golds."""
    args = arguments(given)
    if get_task(args.config).gated:
        os.umask(0o077)  # all that is written from licensed texts is for their owner alone
    tokenizer, model = load(args.model)
    rows = prompts(args, tokenizer, model)
    answers = ask_all(rows, tokenizer, model, args)
    ids, golds = rows["id"][:], rows["target"][:]
    predictions = [answers[sample_id] for sample_id in ids]
    lamp_metric.write_predictions(args.output, args.config, ids, predictions)
    os.remove(args.output + ".part")
    if None in golds:
        print(f"{args.output}: {len(ids)} predictions; the golds of this split are withheld")
        return None
    scores = lamp_metric.score(
        args.config, predictions, golds, ids=ids, confidence_level=0.95, extract_answers=args.extract_answers
    )
    print(scores)
    return scores


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
