"""The main job on the embedded sample: what the README's first command runs."""

import datasets

import lamp_dataset

datasets.disable_progress_bars()

print("The embedded sample, one row of each config:\n")
for name, task in lamp_dataset.TASKS.items():
    sample = datasets.load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE, split="train")[0]
    print(f"{name} · {task.title} · profile of {len(sample['profile'])}")
    print(f"    input   …{sample['input'][-90:]!r}")
    print(f"    output  {sample['output']!r}\n")
