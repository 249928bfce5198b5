"""The main job on the embedded sample: what the README's first command runs."""

import tempfile

import datasets
import evaluate

import avocado_builder
import lamp_dataset
import lamp_metric

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
print(f"{'config':22} {'baseline':31} {'score':9}  value")
for name, task in lamp_dataset.TASKS.items():
    splits = datasets.load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE)
    does, predictions = lamp_metric.baseline(name, splits["validation"], splits["train"]["output"])
    without = [key for key in task.scores if key == "meteor"]  # which needs WordNet
    scores = evaluate.load("lamp_metric", name).compute(
        predictions=predictions, references=splits["validation"]["output"], without=without
    )
    for place, (key, value) in enumerate(scores.items()):
        print(f"{'' if place else name:22} {'' if place else does:31} {key:9} {value:6.4f}")
