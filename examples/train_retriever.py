"""Train a dense retriever on what each item of a profile was worth to a model, so that it ranks the helpful ones first.

    python examples/train_retriever.py --config LaMP_4 --feedback feedback.json --model facebook/contriever --output R
    lamp-dataset rank LaMP_4 --retriever dense --model R --output learned.json

The method is ROPG of arXiv 2404.05970. Queries and documents are those of lamp-dataset rank; texts are pooled by their
mean and compared by the dot product, without normalization. With --loss kd, the KL divergence between the softmax of
the feedback and that of the similarities falls; with --loss rl, the expected gain over the first item rises.
If interrupted, the same command resumes from the last checkpoint.
Needs: pip install '.[dense]'
"""

import argparse
import functools
import os
import shutil
import sys
from pathlib import Path

EXAMPLE = """on the embedded sample, with feedback on it:
  python examples/train_retriever.py --config LaMP_4 --data-dir sample --feedback feedback.json \\
      --model facebook/contriever --steps 10 --output retriever"""


def arguments(given=None):
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", required=True, help="such as LaMP_4")
    parser.add_argument("--feedback", required=True, help="file that lamp-metric feedback wrote")
    parser.add_argument("--model", required=True, help="encoder to begin with, name on the Hub or folder")
    parser.add_argument("--output", required=True, help="folder for checkpoints and the trained retriever")
    parser.add_argument("--data-dir", help="folder with the official files, or the word sample; fetched by default")
    parser.add_argument("--split", default="train", help="whose samples the feedback is on")
    parser.add_argument("--samples", help="file of samples, as lamp-dataset leaks writes it; by default all")
    parser.add_argument("--use-date", action="store_true", help="documents end with the items' dates, as in the paper")
    parser.add_argument("--rules", default="official", help="official or fixed: what the query is")
    parser.add_argument("--loss", choices=["kd", "rl"], default="kd", help="ROPG-KD or ROPG-RL")
    parser.add_argument("--ctx-size", type=int, default=20, help="items of a sample, the first in the feedback")
    parser.add_argument("--temperature", type=float, default=1.0, help="of both softmaxes")
    parser.add_argument("--max-length", type=int, default=512, help="tokens of a query or a document")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--warmup", type=int, default=1000, help="steps until the learning rate is reached")
    parser.add_argument("--learning-rate", type=float, default=1e-5)
    parser.add_argument("--batch-size", type=int, default=1, help="samples in a step")
    parser.add_argument("--save-steps", type=int, default=100, help="steps between checkpoints")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(given)
    if args.ctx_size < 2 or args.temperature <= 0:
        parser.error("--ctx-size must be 2 or more, and --temperature above 0")
    return args


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    import torch
    from datasets import Features, Value
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from transformers import set_seed
    from transformers.trainer_utils import get_last_checkpoint

    try:
        from sentence_transformers.sentence_transformer.losses import DistillKLDivLoss
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    except ModuleNotFoundError:  # before sentence-transformers 6
        from sentence_transformers.losses import DistillKLDivLoss
        from sentence_transformers.models import Pooling, Transformer

    from lamp_dataset import (
        SAMPLE,
        Personalizer,
        Ranking,
        get_task,
        load_model,
        load_split,
        model_identity,
        run_script,
    )
    from lamp_metric import content_digest, own_folder, read_feedback
except ModuleNotFoundError as error:
    print(f"error: {error.name} is not installed; from a checkout: pip install '.[dense]'", file=sys.stderr)
    sys.exit(2)


class Reader:
    """A retriever that keeps what retrieval sees of a sample, its query and documents, and any order."""

    needs_query, needs_dates, scored = True, False, False

    def rank(self, samples):
        self.seen = samples
        return [Ranking(range(sample.size)) for sample in samples]


def read_pairs(args, feedback, rows):
    """A row for each sample with feedback: the query, --ctx-size documents, and the scores of these.

    Where there are fewer, the documents are filled up with empty ones, whose scores are 0, as in the official code.
    """
    width = min(args.ctx_size, max(2, *(len(values.keys() - {""}) for values in feedback.values())))
    names = [f"document {place}" for place in range(width)]
    kinds = {name: Value("string") for name in ("query", *names)} | {"label": [Value("float32")]}
    rows = rows.select([place for place, sample_id in enumerate(rows["id"]) if sample_id in feedback])

    def pairs(batch):
        reader = Reader()
        ids = Personalizer(args.config, retriever=reader, rules=args.rules, use_date=args.use_date).rank(batch)
        for sample in reader.seen:
            documents = dict(zip(ids[sample.id], sample.documents, strict=True))
            values = [(item_id, score) for item_id, score in feedback[sample.id].items() if item_id][:width]
            for item_id, _ in values:
                if item_id not in documents:
                    where = f"{args.feedback}: sample {sample.id!r}"
                    raise ValueError(f"{where}: item {item_id!r} is not in its profile; is it feedback on other files?")
            texts = [documents[item_id] for item_id, _ in values]
            missing = width - len(values)
            yield {
                "query": sample.query.text,
                **dict(zip(names, texts + [""] * missing, strict=True)),
                "label": [score for _, score in values] + [0.0] * missing,
            }

    def columns(batch):
        found = list(pairs(batch))
        return {name: [pair[name] for pair in found] for name in kinds}

    options = {"batched": True, "batch_size": 64, "features": Features(kinds), "desc": "Pairs"}
    made = rows.with_format("arrow").map(columns, remove_columns=rows.column_names, **options)
    return made.with_format(None)


class Reinforce(torch.nn.Module):
    """ROPG-RL: a document is drawn by the softmax of the similarities; its gain over the first one is the reward."""

    def __init__(self, model, temperature):
        super().__init__()
        self.model, self.temperature = model, temperature

    def forward(self, features, labels):
        query, *documents = [self.model(texts)["sentence_embedding"] for texts in features]
        similar = torch.stack([(query * document).sum(-1) for document in documents], dim=1)
        chances = torch.log_softmax(similar / self.temperature, dim=1)
        drawn = torch.multinomial(chances.exp().detach(), 1)
        reward = labels.gather(1, drawn) - labels[:, :1]
        return -(chances.gather(1, drawn) * reward).mean()


def load_encoder(name, max_length):
    """The encoder with mean pooling, without the normalization that a checkpoint may have."""
    words = load_model(Transformer, name, max_seq_length=max_length)
    size = words.auto_model.config.hidden_size
    return SentenceTransformer(modules=[words, Pooling(size, "mean")], similarity_fn_name="dot")


def main(given=None):
    """Train and write the retriever; gives it."""
    args = arguments(given)
    if get_task(args.config).gated:
        os.umask(0o077)  # all that is written from licensed texts is for their owner alone
    set_seed(args.seed)
    folder = SAMPLE if args.data_dir == "sample" else args.data_dir
    rows = load_split(args.config, args.split, folder)
    feedback = read_feedback(args.feedback, rows)
    rows = rows if args.samples is None else load_split(args.config, args.split, folder, samples=args.samples)
    kept = set(rows["id"])
    feedback = {name: values for name, values in feedback.items() if name in kept and values.keys() - {""}}
    if not feedback:
        raise ValueError(f"{args.feedback}: expected feedback on items, found none on these samples")
    pairs = read_pairs(args, feedback, rows)
    encoder = load_encoder(args.model, args.max_length)
    if get_task(args.config).gated:  # the card that would be pushed with the model quotes the training data
        encoder.save_pretrained = functools.partial(encoder.save_pretrained, create_model_card=False)
    left_out = ("output", "data_dir", "feedback", "samples", "save_steps")
    settings = {name: value for name, value in vars(args).items() if name not in left_out}
    settings["model"] = model_identity(args.model, getattr(encoder[0].auto_model.config, "_commit_hash", None))
    own_folder(args.output, {**settings, "data": content_digest(pairs)})
    loss = Reinforce if args.loss == "rl" else DistillKLDivLoss
    trainer = SentenceTransformerTrainer(
        model=encoder,
        args=SentenceTransformerTrainingArguments(
            output_dir=args.output,
            max_steps=args.steps,
            warmup_steps=args.warmup,
            learning_rate=args.learning_rate,
            per_device_train_batch_size=args.batch_size,
            save_steps=args.save_steps,
            save_total_limit=1,
            logging_steps=50,
            dataloader_pin_memory=torch.cuda.is_available(),
            report_to="none",
            seed=args.seed,
        ),
        train_dataset=pairs,
        loss=loss(encoder, temperature=args.temperature),
    )
    for path in Path(args.output).glob("checkpoint-*"):
        if not (path / "trainer_state.json").exists():  # which is written last: a run was killed before
            shutil.rmtree(path)
    trainer.train(resume_from_checkpoint=get_last_checkpoint(args.output))
    trainer.save_model()
    print(f"{args.output}: trained on feedback on {len(pairs):,} samples")
    return encoder


if __name__ == "__main__":
    run_script(main, "stopped; the same command goes on from the last checkpoint")
