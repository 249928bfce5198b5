"""The main job on the embedded sample: what the README's first command runs."""

from lamp_dataset import TASKS

for task in TASKS.values():
    print(f"{task.name:18} {task.title} ({task.kind}: {', '.join(task.scores)})")
