"""The main job on the embedded sample: what the README's first command runs."""

import tempfile

import datasets
import evaluate

import avocado_builder
import lamp_dataset
import lamp_metric  # noqa: F401  (lets evaluate find the metric)
from lamp_metric.baselines import baseline
from lamp_metric.text_table import table

datasets.disable_progress_bars()

print("The embedded sample, one row of each config:\n")
for name, task in lamp_dataset.TASKS.items():
    sample = datasets.load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE, split="train")[0]
    print(f"{name} · {task.title} · profile of {len(sample['profile'])}")
    print(f"    input   …{sample['input'][-90:]!r}")
    print(f"    output  {sample['output']!r}\n")

print("The mail task, built from a tiny invented collection in the layout of the licensed one:\n")
collection = f"{lamp_dataset.SAMPLE}/avocado"
with tempfile.TemporaryDirectory() as folder:
    manifest = avocado_builder.build(collection, f"{collection}/ids", f"{folder}/built")
    built = datasets.load_dataset("lamp", manifest["config"], data_dir=f"{folder}/built", split="validation")
print(f"{manifest['config']} · {manifest['mails']} mails read in place, nothing extracted")
print(f"    input   {built[0]['input'][:90]!r}…")
print(f"    output  {built[0]['output']!r}\n")

print("Trivial baselines, scored on the sample's validation split:\n")
rows = [["config", "baseline", "score", "value"]]
for name in lamp_dataset.TASKS:
    splits = datasets.load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE)
    does, predictions = baseline(name, splits["validation"], splits["train"]["output"])
    scores = evaluate.load("lamp_metric", name).compute(
        predictions=predictions, references=splits["validation"]["output"]
    )
    for place, (key, value) in enumerate(scores.items()):
        rows.append([*((name, does) if place == 0 else ("", "")), key, f"{value:.4f}"])
print(table(rows, numeric=[3]))
