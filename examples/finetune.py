"""Fine-tune a sequence-to-sequence model on personalized prompts and score it on the validation split.

    python examples/finetune.py --config LaMP_3 --model google/flan-t5-base --retriever bm25 -k 4 --output run
    python examples/finetune.py --config LaMP_3 --model google/flan-t5-base -k 0 --output baseline    # no profile

transformers' own Trainer does the work. If interrupted, the same command resumes from the last checkpoint.
The scores go to the screen, the predictions in the official format to OUTPUT/predictions.json.
Needs: pip install '.[models]'
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

from lamp_dataset import PromptOptions

EXAMPLE = """on the embedded sample:
  python examples/finetune.py --config LaMP_3 --data-dir sample --model google/flan-t5-small --epochs 1 --output run"""


def arguments(given=None):
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", required=True, help="such as LaMP_3")
    parser.add_argument("--model", required=True, help="name on the Hub or folder")
    parser.add_argument("--output", required=True, help="folder for checkpoints, model and predictions")
    parser.add_argument("--data-dir", help="folder with the official files, or the word sample; fetched by default")
    parser.add_argument("--retriever", default="bm25")
    parser.add_argument("-k", "--k", type=int, default=PromptOptions.k, help="items in a prompt; 0 for the input alone")
    parser.add_argument("--rules", default=PromptOptions.rules, help="official or fixed")
    parser.add_argument("--max-length", type=int, default=PromptOptions.max_length, help="tokens of a prompt")
    parser.add_argument("--max-target", type=int, default=128, help="tokens of an answer")
    parser.add_argument("--limit", type=int, help="samples of each split")
    parser.add_argument("--epochs", type=float, default=10)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(given)


if __name__ == "__main__":
    arguments()  # already here: a wrong option, or --help, needs neither the time nor the packages of what follows

try:
    import torch
    from huggingface_hub import snapshot_download
    from transformers import (
        AutoModelForSeq2SeqLM,
        AutoTokenizer,
        DataCollatorForSeq2Seq,
        Seq2SeqTrainer,
        Seq2SeqTrainingArguments,
        TrainerCallback,
        set_seed,
    )
    from transformers.trainer_utils import get_last_checkpoint

    import lamp_metric
    from lamp_dataset import (
        SAMPLE,
        Personalizer,
        decode,
        get_task,
        load_model,
        load_split,
        model_identity,
        run_script,
    )
    from lamp_metric import content_digest, own_folder
except ModuleNotFoundError as error:
    print(f"error: {error.name} is not installed; from a checkout: pip install '.[models]'", file=sys.stderr)
    sys.exit(2)


def prepare(rows, personalize, tokenizer, args):
    """Rows of the dataset -> tokens of prompt and gold."""
    features = personalize.features(rows.features)
    prompts = rows.map(personalize, batched=True, remove_columns=["profile"], features=features)

    def tokens(batch):
        sources = tokenizer(batch["source"], max_length=args.max_length, truncation=True)
        golds = tokenizer(text_target=batch["target"], max_length=args.max_target, truncation=True)
        return {**sources, "labels": golds["input_ids"]}

    return prompts, prompts.map(tokens, batched=True, remove_columns=prompts.column_names)


#: A tokenizer's own files.
TOKENIZER_FILES = ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "*.model", "vocab.*", "merges.txt")


class OriginalTokenizer(TrainerCallback):
    """Puts the tokenizer's own files into every checkpoint.

    transformers 5 saves the tokenizer that it rebuilt from them. Official prompts cannot be made with that one.
    """

    def __init__(self, model):
        folder = model if os.path.isdir(model) else snapshot_download(model, allow_patterns=list(TOKENIZER_FILES))
        self.files = [path for pattern in TOKENIZER_FILES for path in Path(folder).glob(pattern) if path.is_file()]

    def copy(self, folder):
        for path in self.files:
            shutil.copyfile(path, os.path.join(folder, path.name))

    def on_save(self, args, state, control, **others):
        self.copy(os.path.join(args.output_dir, f"checkpoint-{state.global_step}"))


def make_trainer(args, model, tokenizer, train, validation):
    settings = Seq2SeqTrainingArguments(
        output_dir=args.output,
        num_train_epochs=args.epochs,
        per_device_train_batch_size=args.batch_size,
        per_device_eval_batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        weight_decay=1e-4,
        eval_strategy="no",
        save_strategy="epoch",
        save_total_limit=1,
        predict_with_generate=True,
        generation_max_length=args.max_target,
        generation_num_beams=args.beams,
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to="none",
        seed=args.seed,
    )
    return Seq2SeqTrainer(
        model,
        settings,
        data_collator=DataCollatorForSeq2Seq(tokenizer, model=model),
        train_dataset=train,
        eval_dataset=validation,
        processing_class=tokenizer,
        compute_metrics=lamp_metric.compute_metrics(args.config, tokenizer),
        callbacks=[OriginalTokenizer(args.model)],
    )


def settings_of(args, model, *data):
    """What decides what is learned. The output folder of a stopped run is that of this one if they are the same."""
    settings = {name: value for name, value in vars(args).items() if name not in ("output", "data_dir")}
    settings["model"] = model_identity(args.model, getattr(model.config, "_commit_hash", None))
    return {**settings, "data": content_digest(*data)}


def main(given=None):
    """Train, score, write; gives the trainer and the scores."""
    args = arguments(given)
    if get_task(args.config).gated:
        os.umask(0o077)  # all that is written from licensed texts is for their owner alone
    set_seed(args.seed)
    folder = SAMPLE if args.data_dir == "sample" else args.data_dir
    tokenizer = load_model(AutoTokenizer.from_pretrained, args.model)
    personalize = Personalizer(
        args.config,
        retriever=args.retriever,
        k=args.k,
        tokenizer=tokenizer,
        max_length=args.max_length,
        rules=args.rules,
    )
    (_, train), (held_out, validation) = (
        prepare(load_split(args.config, split, folder, args.limit), personalize, tokenizer, args)
        for split in ("train", "validation")
    )
    model = AutoModelForSeq2SeqLM.from_pretrained(args.model)
    own_folder(args.output, settings_of(args, model, train, validation))
    trainer = make_trainer(args, model, tokenizer, train, validation)
    for path in Path(args.output).glob("checkpoint-*"):
        if not (path / "trainer_state.json").exists():  # which is written last: a run was killed before
            shutil.rmtree(path)
    trainer.train(resume_from_checkpoint=get_last_checkpoint(args.output))
    trainer.save_model()
    OriginalTokenizer(args.model).copy(args.output)
    found = trainer.predict(validation)
    ids = [[token for token in row if token >= 0] for row in found.predictions.tolist()]  # -100 fills rows up
    answers = decode(tokenizer, ids)  # as the official answers were decoded, whatever the version of transformers
    lamp_metric.write_predictions(
        os.path.join(args.output, "predictions.json"), args.config, held_out["id"][:], answers
    )
    scores = lamp_metric.score(args.config, answers, held_out["target"][:], confidence_level=0.95)
    print(scores)
    return trainer, scores


if __name__ == "__main__":
    run_script(main)
