"""The README: short, with the generated table, and with links that work on a package index."""

import re

from blocks import ROOT

from lamp_dataset.task import SPLITS
from lamp_dataset.tasks import CITATION, LAMP, TASKS

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short_and_narrow_with_absolute_links_and_the_citation():
    lines = README.splitlines()
    assert len(lines) <= 130
    assert [line for line in lines if len(line) > 120] == []
    targets = re.findall(r"\]\(([^)]+)\)", README)
    assert targets
    assert [target for target in targets if not target.startswith("https://")] == []
    assert CITATION in README


def counts(task):
    return " / ".join("?" if count is None else f"{count:,}" for count in map(task.num_samples.get, SPLITS))


def test_the_table_of_tasks_is_that_of_the_package():
    """Narrower than the one of the card: name, scores and published samples."""
    for task in TASKS.values():
        if task.family is LAMP and not task.time_based:
            cells = [f"`{task.name}`", task.title.removeprefix("Personalized "), ", ".join(task.scores), counts(task)]
            line = f"| {' | '.join(cells)} | {counts(TASKS[f'{task.name}_time'])} |"
            assert f"\n{line}\n" in README, f"put this line into the README's table:\n{line}"
