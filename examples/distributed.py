"""Personalized prompts for a whole split on many machines, with Ray Data, and a model's answers to them if you like.

    python examples/distributed.py --config LaMP_3 --rows export/LaMP_3/validation --output prompts --address auto
    python examples/distributed.py --config LaMP_3 --rows export/LaMP_3/validation --output answers --address auto \\
        --ask Qwen/Qwen2.5-1.5B-Instruct --actors 8 --gpus 1 --rules fixed --predictions predictions.json

The rows are Parquet files with the columns of the dataset, such as those of `lamp-dataset export`. Without --address,
Ray uses this machine alone. OUTPUT appears when every row is in it once: what a stopped run had written is thrown away,
and the rows of a machine that fails are made again by another. Rows and OUTPUT must be in a folder that all machines
share; a retriever of your own must be installed on each. Models, of a dense retriever or one that answers (--ask), are
loaded once by each of their actors; --gpus is the share of a GPU that each takes.
Needs: pip install '.[ray]', for a dense retriever '.[dense]', too
Needs: pip install '.[models]' as well, to ask a model
"""

import argparse
import functools
import glob
import os
import socket
import sys
from collections import Counter

from lamp_dataset import PromptOptions

SAMPLE = """On the embedded sample:
  lamp-dataset export LaMP_3 --data-dir sample --output export
  python examples/distributed.py --config LaMP_3 --rows export/LaMP_3/validation --output prompts
"""


def arguments(given=None):
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog=SAMPLE, formatter_class=layout)
    parser.add_argument("--config", required=True, help="such as LaMP_3")
    parser.add_argument("--rows", required=True, help="Parquet file, folder, or the beginning of an export's files")
    parser.add_argument("--output", required=True, help="folder to make, for the Parquet files of the result")
    here = os.environ.get("RAY_ADDRESS", "local")  # without an address, Ray joins whatever cluster it finds
    parser.add_argument("--address", default=here, help="auto, or HOST:PORT of a head (RAY_ADDRESS, or this machine)")
    parser.add_argument("--workers", type=int, default=2, help="processes that make prompts")
    parser.add_argument("--blocks", type=int, help="cut the rows into so many blocks: of small files Ray makes one")
    parser.add_argument("--gpus", type=float, default=0, help="GPUs of one actor with a model, such as 1 or 0.5")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--retriever", default="bm25")
    parser.add_argument("--model", help="checkpoint of the dense retriever")
    parser.add_argument("-k", "--k", type=int, default=PromptOptions.k)
    parser.add_argument("--tokenizer", help="name or folder; without one, words count")
    parser.add_argument("--max-length", type=int, default=PromptOptions.max_length)
    parser.add_argument("--rules", default=PromptOptions.rules)
    parser.add_argument("--ask", metavar="MODEL", help="chat model or decoder that answers the prompts, name or folder")
    parser.add_argument("--no-system", action="store_true", help="no system message, for chat models that refuse one")
    parser.add_argument("--actors", type=int, default=1, help="actors that ask, each with a model of its own")
    parser.add_argument("--max-answer", type=int, default=128, help="tokens of an answer")
    parser.add_argument("--predictions", help="file for the answers in the official format")
    args = parser.parse_args(given)
    if (args.ask is None) != (args.predictions is None):
        parser.error("--ask and --predictions need each other")
    return args


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    import pyarrow
    import pyarrow.dataset
    import ray

    import lamp_metric
    from lamp_dataset import Personalizer, get_task, load_model, require, whole_folder
except ModuleNotFoundError as error:
    print(f"error: {error.name} is not installed; from a checkout: pip install '.[ray]'", file=sys.stderr)
    sys.exit(2)


class Answers:
    """An actor: loads its model once, then answers batch after batch."""

    def __init__(self, model, max_answer):
        torch, transformers = require("torch", "models"), require("transformers", "models")
        load = functools.partial(transformers.pipeline, "text-generation")
        self.ask = load_model(load, model, dtype="auto", device=0 if torch.cuda.is_available() else -1)
        self.ask.tokenizer.padding_side = "left"  # a decoder continues at the end of its input
        self.ask.tokenizer.pad_token = self.ask.tokenizer.pad_token or self.ask.tokenizer.eos_token
        self.refusal = require("jinja2", "models").TemplateError
        self.column = "messages" if self.ask.tokenizer.chat_template else "source"
        self.options = {"max_new_tokens": max_answer, "do_sample": False, "return_full_text": False, "batch_size": 8}

    def __call__(self, table):
        try:
            found = self.ask(table[self.column].to_pylist(), **self.options)
        except self.refusal as error:
            message = f"the model's chat template fails on the messages ({error})"
            raise ValueError(f"{message}; if it has no system role, add --no-system") from error
        return table.append_column("answer", pyarrow.array([answer[0]["generated_text"].strip() for answer in found]))


def stages(rows, options, args):
    """Prompts by tasks, or, where a model has to be loaded, by actors that keep it; behind them, the answers."""
    sizes = {"batch_format": "pyarrow", "batch_size": args.batch_size}
    actors = (args.workers if args.model else 0) + (args.actors if args.ask else 0)
    if actors and actors >= ray.cluster_resources()["CPU"]:
        more = "take fewer (--workers, --actors) or more machines"
        raise ValueError(f"{actors} actors leave no CPU to read the rows; {more}")
    if args.model is None:
        tasks = ray.data.TaskPoolStrategy(size=args.workers)
        prompts = rows.map_batches(Personalizer(args.config, **options), compute=tasks, **sizes)
    else:
        made = {"task": args.config, **options}
        prompts = by_actors(rows, Personalizer, args.workers, made, args.gpus, sizes)
    if args.ask is None:
        return prompts
    return by_actors(
        prompts, Answers, args.actors, {"model": args.ask, "max_answer": args.max_answer}, args.gpus, sizes
    )


def by_actors(rows, actor, number, options, gpus, sizes):
    """Each actor is made once, with these options, and then takes batch after batch."""
    pool = ray.data.ActorPoolStrategy(size=number)
    return rows.map_batches(actor, fn_constructor_kwargs=options, compute=pool, num_gpus=gpus, **sizes)


def files_of(path):
    """The Parquet file or folder; or, as an export has it, the files of a split by their common beginning."""
    found = [path] if os.path.exists(path) else sorted(glob.glob(f"{glob.escape(path)}-*.parquet"))
    if not found:
        raise FileNotFoundError(f"{path}: no such file or folder, and no files {path}-*.parquet")
    return found if len(found) > 1 else found[0]


def ids_in(files):
    """The ids of Parquet files, in order, each once."""
    ids = pyarrow.dataset.dataset(files, format="parquet").to_table(columns=["id"])["id"].to_pylist()
    twice = [sample_id for sample_id, number in Counter(ids).items() if number > 1]
    if twice:
        raise ValueError(f"{files}: duplicate id {twice[0]!r}; ids must be unique")
    return ids


def connect(address):
    """Join the cluster, once; where nobody answers, Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if port.isdigit():
        try:
            socket.create_connection((host.rpartition("/")[2], int(port)), timeout=10).close()
        except OSError as error:
            raise ConnectionError(f"no Ray cluster at {address}: {error}") from error
    if not ray.is_initialized():
        ray.init(address=address)


def predict(folder, args, ids):
    """Write the answers in the official format, in the order of the rows."""
    answers = pyarrow.dataset.dataset(folder, format="parquet").to_table(columns=["id", "answer"]).to_pydict()
    of_id = dict(zip(answers["id"], answers["answer"], strict=True))
    lamp_metric.write_predictions(args.predictions, args.config, ids, [of_id[sample_id] for sample_id in ids])


def reason(error):
    """What is wrong, in a line. An actor that could not be made tells it at the end of its traceback."""
    lines = str(getattr(error, "cause", error)).strip().splitlines() or [type(error).__name__]
    return lines[-1].partition(": ")[2] or lines[-1] if isinstance(error, ray.exceptions.RayActorError) else lines[0]


def main(given=None):
    """Read, personalize, ask and write each row once. Ray promises no order of the files it writes."""
    args = arguments(given)
    names = ("retriever", "k", "tokenizer", "max_length", "rules", "model")
    options = {name: value for name, value in vars(args).items() if name in names and value is not None}
    options |= {"system": None} if args.no_system else {}
    Personalizer(args.config, **options)  # what is wrong with the options shows here, not on a worker
    files = files_of(args.rows)
    ids = ids_in(files)
    if args.predictions and os.path.exists(args.predictions):
        raise FileExistsError(f"{args.predictions}: is there already; remove it or choose another output")
    permissions = 0o700 if get_task(args.config).gated else 0o777
    with whole_folder(args.output, permissions=permissions) as new:
        connect(args.address)
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.raise_original_map_exception = True  # what is wrong with a row, as `map` would raise it
        rows = ray.data.read_parquet(files)
        rows = rows if args.blocks is None else rows.repartition(args.blocks)
        stages(rows, options, args).write_parquet(str(new))
        if set(ids_in(str(new))) != set(ids):
            raise ValueError(f"{args.output}: expected each of the {len(ids)} rows of {args.rows} once, found others")
        if args.ask is not None:
            predict(str(new), args, ids)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError, ImportError, ray.exceptions.RayError) as error:
        print("error:", reason(error), file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        sys.exit(130)
