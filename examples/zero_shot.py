"""Ask any model for the answers of a split, with personalized prompts and without training, and score them.

    python examples/zero_shot.py --config LaMP_3 --model google/flan-t5-xl --retriever bm25 -k 4 --output xl.json
    python examples/zero_shot.py --config LaMP_7 --model Qwen/Qwen2.5-1.5B-Instruct -k 2 --beams 1 --output qwen.json
    python examples/zero_shot.py --config LaMP_3 --api http://127.0.0.1:8000/v1 --model NAME --output served.json
    python examples/zero_shot.py --config LaMP_4 --model NAME --n 4 --temperature 0.7 --output four.json
    python examples/zero_shot.py --config LaMP_4 --model NAME --prompts items.parquet --output answers.json

A model of the Hub or a folder runs here: sequence-to-sequence models read the prompt, chat models the messages in their
own template, other models the prompt. With --api a server with the OpenAI protocol is asked instead: vLLM, llama.cpp,
TGI, Ollama, or a hosted one. It may have an adapter of each user: --model-of-user 'adapter-{user}' asks for it by name.

Each answer is on disk as soon as it has come, in OUTPUT.answers.jsonl; a served model's with its finish reason and its
name there. If interrupted, the same command asks for the rest, and where a question has changed, again. OUTPUT holds
the predictions in the official format; where the split has golds, their scores with 95% intervals go to the screen.
With --n, each output is a list of several answers, which lamp-metric compare reads, and each has scores.
Needs: pip install '.[models]' for models that run here
"""

import argparse
import contextlib
import functools
import os
import sys
import zlib
from collections import Counter
from pathlib import Path

from lamp_dataset import PromptOptions

EXAMPLE = """on the embedded sample, with a model that is served on this machine:
  python examples/zero_shot.py --config LaMP_3 --data-dir sample --api http://127.0.0.1:8000/v1 --model NAME -k 1 \\
      --output served.json"""


#: In a model's name, the place of the user's.
OF_USER = "{user}"


def of_user(name):
    if OF_USER not in name:
        raise argparse.ArgumentTypeError(f"expected a name with {OF_USER} in it, found {name!r}")
    return name


def arguments(given=None):
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", required=True, help="such as LaMP_3")
    model = parser.add_mutually_exclusive_group(required=True)
    model.add_argument("--model", help="name on the Hub or folder; with --api the server's name for it")
    model.add_argument(
        "--model-of-user", metavar="NAME", dest="model", type=of_user, help="with --api, such as adapter-{user}"
    )
    parser.add_argument("--output", required=True, help="file of predictions to write")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--data-dir", help="folder with the official files, or the word sample; by default fetched")
    parser.add_argument("--prompts", help="file of prompts that lamp-dataset personalize or items wrote")
    parser.add_argument("--retriever", default="bm25")
    parser.add_argument("--retriever-model", help="checkpoint of --retriever dense, such as facebook/contriever")
    parser.add_argument("-k", "--k", type=int, default=PromptOptions.k, help="items in a prompt; 0 for the input alone")
    parser.add_argument("--rules", help="by default official for sequence-to-sequence models and fixed for others")
    parser.add_argument("--use-date", action="store_true", help="retrieval reads the items' dates, too")
    parser.add_argument("--no-system", action="store_true", help="no system message, for chat models that refuse one")
    parser.add_argument("--max-length", type=int, default=PromptOptions.max_length, help="tokens of a prompt")
    parser.add_argument("--max-answer", type=int, default=128, help="tokens of an answer")
    parser.add_argument("--limit", type=int, help="the first so many samples only")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--beams", type=int, default=4, help="without --temperature")
    parser.add_argument(
        "-n", "--n", type=int, default=1, help="answers to each sample, drawn by chance (needs --temperature)"
    )
    parser.add_argument("--temperature", type=float, default=0, help="such as 0.7: draw the answers by chance")
    parser.add_argument("--extract-answers", action="store_true", help="find the answer in what is said (not official)")
    served = parser.add_argument_group("a served model", "Its key is read from OPENAI_API_KEY alone.")
    served.add_argument("--api", metavar="URL", help="of the server, such as http://127.0.0.1:8000/v1")
    served.add_argument("--completions", action="store_true", help="the bare prompt, for models without a template")
    served.add_argument("--concurrency", type=int, default=16, help="questions at the same time")
    served.add_argument(
        "--timeout", type=float, default=600, help="seconds until a question is asked again, also amid its answer"
    )
    served.add_argument("--tokenizer", help="counts the tokens of a prompt (needs transformers), else words count")
    served.add_argument("--acknowledge-license", action="store_true", help="may send gated texts to another machine")
    args = parser.parse_args(given)
    made = [name for name in ("retriever", "k", "rules", "use_date") if getattr(args, name) != parser.get_default(name)]
    if args.prompts and made:
        parser.error(f"--prompts are made already; leave out {', '.join(made)}")
    if OF_USER in args.model and not args.api:
        parser.error("--model-of-user needs --api, a server that has the adapters")
    if not 0 <= args.temperature < float("inf") or args.n < 1 or (args.n > 1 and not args.temperature):
        parser.error(f"--n {args.n} --temperature {args.temperature:g}: several answers need a temperature above 0")
    return args


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    import lamp_metric
    from lamp_dataset import (
        SAMPLE,
        Personalizer,
        decode,
        get_task,
        load_model,
        load_split,
        model_identity,
        one_run,
        open_gated,
        personalize_split,
        read_prompts,
        require,
        run_script,
        users_of,
    )
    from lamp_metric import Journal, Server, ask_all, ask_here, is_local, own_content
except ModuleNotFoundError as error:
    print(f"error: {error.name} is not installed; from a checkout: pip install .", file=sys.stderr)
    sys.exit(2)


def prompts(args, tokenizer, model=None):
    """The rows with their prompts, and where each is asked of the user's own model, with its name.

    An official prompt can exceed the budget and lose its end: in a chat, that is where the model is told to begin.
    """
    personalize = Personalizer(
        args.config,
        retriever=args.retriever,
        k=args.k,
        tokenizer=tokenizer,
        max_length=args.max_length,
        rules=args.rules or ("official" if model is not None and model.config.is_encoder_decoder else "fixed"),
        use_date=args.use_date,
        **({"system": None} if args.no_system else {}),
        **({"model": args.retriever_model} if args.retriever == "dense" else {}),
    )
    if args.limit is not None and args.limit < 1:
        raise ValueError(f"limit: expected at least 1, found {args.limit}")
    folder = SAMPLE if args.data_dir == "sample" else args.data_dir
    rows = read_prompts(args.prompts, args.config) if args.prompts else load_split(args.config, args.split, folder)
    if OF_USER in args.model:  # users are told from the whole split
        rows = rows.add_column("model", [args.model.replace(OF_USER, user) for user in users_of(rows)])
    rows = rows.select(range(len(rows))[: args.limit])
    if not args.prompts:
        return personalize_split(rows, personalize)
    if "messages" in rows.column_names and not args.no_system:
        return rows
    return rows.map(lambda row: {"messages": personalize.messages(row["source"])})


def settings_of(args, model=None):
    """What decides the answer to a prompt. A server may come back under another address."""
    drawn = {"temperature": args.temperature} if args.temperature else {}
    if model is None:
        return {"model": args.model, "completions": args.completions, "max_answer": args.max_answer, **drawn}
    identity = model_identity(args.model, getattr(model.config, "_commit_hash", None))
    options = {"max_answer": args.max_answer, "max_length": args.max_length, "beams": args.beams}
    return {"model": identity, **options, **drawn}


@functools.cache
def load(name):
    """Tokenizer and model, on the GPU if there is one."""
    torch, transformers = require("torch", "models"), require("transformers", "models")
    both_ways = load_model(transformers.AutoConfig.from_pretrained, name).is_encoder_decoder
    # A decoder continues at the end of its input, so the padding must come before it.
    tokenizer = transformers.AutoTokenizer.from_pretrained(name, padding_side="right" if both_ways else "left")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    kind = transformers.AutoModelForSeq2SeqLM if both_ways else transformers.AutoModelForCausalLM
    model = kind.from_pretrained(name, dtype="auto")
    return tokenizer, model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


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
    how = {"num_beams": args.beams, "do_sample": False}
    if args.temperature:
        how = {"num_beams": 1, "do_sample": True, "temperature": args.temperature}
        # the same batch gets the same answers, also in a run that goes on where another stopped
        require("torch", "models").manual_seed(zlib.crc32(repr((batch["id"], batch.get("draw"))).encode()))
    found = model.generate(**tokens, max_new_tokens=args.max_answer, pad_token_id=tokenizer.pad_token_id, **how)
    if not model.config.is_encoder_decoder:
        found = found[:, tokens["input_ids"].shape[1] :]
    return decode(tokenizer, found)  # as the official answers were decoded, whatever the version of transformers


def tell(entries):
    """Say how the answers ended."""
    reasons = Counter(ascii(str(entry.get("finish_reason")))[1:-1] for entry in entries)
    empty = sum(not entry["output"].strip() for entry in entries)
    print("finish reasons:", ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()), file=sys.stderr)
    for what, number in (("cut off by their length (see --max-answer)", reasons["length"]), ("empty", empty)):
        if number:
            print(f"note: {number:,} answer{'s' * (number > 1)} {what}", file=sys.stderr)


def asker(args):
    """Tokenizer, model (None for a served one), and what answers rows into a journal."""
    if args.api:
        names = ("completions", "max_answer", "temperature", "timeout")
        server = Server(args.api, args.model, **{name: getattr(args, name) for name in names})
        return args.tokenizer, None, functools.partial(ask_all, server, concurrency=args.concurrency)
    tokenizer, model = load(args.model)
    reads = {"column": "messages" if tokenizer.chat_template else "source", "batch_size": args.batch_size}
    return tokenizer, model, functools.partial(ask_here, lambda batch: answer(batch, tokenizer, model, args), **reads)


def run(args):
    """The rows with their prompts, and the journal's entry of each; with --n as many for each."""
    tokenizer, model, ask = asker(args)
    rows = prompts(args, tokenizer, model)
    with Journal(journal_of(args.output), settings_of(args, model)) as journal:
        return rows, ask(repeated(rows, args.n), journal=journal)


def repeated(rows, n):
    """Each row n times, with the number of its answer."""
    if n == 1:
        return rows
    asked = rows.select_columns(["id", "source", "messages", *(["model"] if "model" in rows.column_names else [])])
    again = asked.select([row for row in range(len(rows)) for _ in range(n)])
    return again.add_column("draw", list(range(n)) * len(rows))


def journal_of(output):
    """The file of answers."""
    return f"{output}.answers.jsonl"


def check_output(output):
    """The real path. FileNotFoundError, FileExistsError or ValueError where nothing can or may be written."""
    target = Path(output).resolve()
    if target.is_dir() or not target.parent.is_dir():
        raise FileNotFoundError(f"{output}: expected the name of a file in a folder that exists")
    if target.is_file() and target.stat().st_size and not own_content(journal_of(output), Journal.FORMAT):
        reason = f"there are no answers in {os.path.basename(journal_of(output))}, so no run of this script made it"
        raise FileExistsError(f"{output}: is there already, and {reason}; move it or choose another output")
    return target


@contextlib.contextmanager
def writing(args, texts):
    """One run at a time that writes --output. FileNotFoundError or ValueError if it can or may not be written.

    ``texts``: where those of a gated task are.
    """
    # all that is written from licensed texts is for their owner alone, and it stays here unless the license allows more
    acknowledged = args.acknowledge_license
    open_gated(get_task(args.config), texts, acknowledged, lambda: not args.api or is_local(args.api))
    with one_run(check_output(args.output)):
        yield


def main(given=None):
    """Ask, write, score. Returns the scores, a list of them with --n, or None without golds."""
    args = arguments(given)
    with writing(args, args.prompts or args.data_dir):
        rows, entries = run(args)
        ids, golds = rows["id"][:], rows["target"][:]
        said = [entry["output"] for entry in entries]
        answers = [said[place :: args.n] for place in range(args.n)]
        predictions = answers[0] if args.n == 1 else list(map(list, zip(*answers, strict=True)))
        lamp_metric.write_predictions(args.output, args.config, ids, predictions)
        if args.api:
            tell(entries)
    if None in golds:
        print(f"{args.output}: {len(ids):,} predictions; the golds of this split are withheld")
        return None
    options = {"ids": ids, "confidence_level": 0.95, "extract_answers": args.extract_answers}
    scores = [lamp_metric.score(args.config, texts, golds, **options) for texts in answers]
    print(*scores, sep="\n")
    return scores if args.n > 1 else scores[0]


if __name__ == "__main__":
    run_script(main, "stopped; the same command asks for the rest")
