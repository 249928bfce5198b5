"""The README: short, with the generated table, and with links that work on a package index."""

import re

from blocks import ROOT

from lamp_dataset.hub.card import short_task_table
from lamp_dataset.tasks import CITATION, TASKS

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short_and_narrow():
    lines = README.splitlines()
    assert len(lines) <= 130
    assert [line for line in lines if len(line) > 120] == []


def test_the_table_of_tasks_is_generated():
    table = short_task_table(TASKS.values())
    assert table in README, f"put this table into the README:\n{table}"


def test_links_are_absolute():
    targets = re.findall(r"\]\(([^)]+)\)", README)
    assert targets
    assert [target for target in targets if not target.startswith("https://")] == []


def test_it_cites_the_paper():
    assert CITATION in README
