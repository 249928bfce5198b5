"""Personalized prompts for a whole split on many processes or machines, with Ray Data: Parquet in, Parquet out.

    python examples/distributed.py --config LaMP_3 --rows export/LaMP_3/validation --output prompts --workers 4

The rows are Parquet files with the columns of the data set (``load_dataset("lamp", …)[split].to_parquet(…)``, or an
export). The callable is the one that ``map`` takes. Started so, Ray uses this machine; on a cluster one line changes:

    ray.init()  ->  ray.init(address="auto")

A dense retriever (--retriever dense --model …) joins as a pool of actors: each loads the model once and keeps its
vectors; --gpus gives each a share of a GPU. Generation joins the same way: a class that loads the model in __init__
and answers a batch in __call__, behind this step as another ``map_batches(Answers, concurrency=…, num_gpus=1)``.
Needs: pip install '.[ray]', and for dense '.[dense]'
"""

import argparse
import sys


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, help="such as LaMP_3")
    parser.add_argument("--rows", required=True, help="Parquet file or folder")
    parser.add_argument("--output", required=True, help="folder for the Parquet files of the result")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--blocks", type=int, help="cut the rows into so many blocks: of small files Ray makes one")
    parser.add_argument("--gpus", type=float, default=0, help="GPUs of one worker, such as 1 or 0.5")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--retriever", default="bm25")
    parser.add_argument("--model", help="checkpoint of the dense retriever")
    parser.add_argument("-k", type=int, default=4)
    parser.add_argument("--tokenizer", help="name or folder; without one, words count")
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--rules", default="official")
    return parser.parse_args(given)


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    import ray

    from lamp_dataset import Personalizer
except ModuleNotFoundError as error:
    print(f"error: this needs the package {error.name}; from a checkout: pip install '.[ray]'", file=sys.stderr)
    sys.exit(2)


def stage(rows, task, options, args):
    """The prompts of ``rows``: by tasks, or, where a model has to be loaded, by actors that keep it."""
    sizes = {"batch_format": "pyarrow", "batch_size": args.batch_size}
    if args.model is None:
        tasks = ray.data.TaskPoolStrategy(size=args.workers)
        return rows.map_batches(Personalizer(task, **options), compute=tasks, **sizes)
    if args.workers >= ray.cluster_resources()["CPU"]:
        raise ValueError(f"{args.workers} actors leave no CPU to read the rows; take fewer, or more machines")
    pool = ray.data.ActorPoolStrategy(size=args.workers)
    return rows.map_batches(Worker, fn_constructor_args=(task, options), compute=pool, num_gpus=args.gpus, **sizes)


class Worker:
    """An actor: makes its personalizer once, then takes batch after batch."""

    def __init__(self, task, options):
        self.personalize = Personalizer(task, **options)

    def __call__(self, table):
        return self.personalize(table)


def main(given=None):
    """Read, personalize and write each row once. Ray promises no order of the files it writes."""
    args = arguments(given)
    names = ("retriever", "k", "tokenizer", "max_length", "rules", "model")
    options = {name: value for name, value in vars(args).items() if name in names and value is not None}
    Personalizer(args.config, **options)  # what is wrong with the options shows here, not on a worker
    if not ray.is_initialized():
        ray.init()
    ray.data.DataContext.get_current().execution_options.preserve_order = True
    rows = ray.data.read_parquet(args.rows)
    if args.blocks is not None:
        rows = rows.repartition(args.blocks)
    stage(rows, args.config, options, args).write_parquet(args.output)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
