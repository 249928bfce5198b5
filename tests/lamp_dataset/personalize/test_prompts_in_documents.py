"""The sample that the tutorial shows whole, and the tables of the manual."""

import re
from pathlib import Path

import datasets

import lamp_dataset
from lamp_dataset import Personalizer
from lamp_dataset.personalize.retrieval.rankers import RANKERS

DOCS = Path(__file__).parents[3] / "docs"
TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")
RULES = (DOCS / "explanation" / "prompts.md").read_text(encoding="utf-8")


def test_the_tutorial_shows_ranking_and_prompt_of_a_sample_as_they_are():
    rows = datasets.load_dataset("lamp", "LaMP_3", data_dir=lamp_dataset.SAMPLE, split="validation")
    ranked = Personalizer("LaMP_3", k=5)(rows[1:2])
    items = {item["id"]: item for item in rows[1]["profile"]}
    table = [
        f"| {rank} | {item_id} | {score:.3f} | {items[item_id]['text']} | {items[item_id]['score']} |"
        for rank, (item_id, score) in enumerate(
            zip(ranked["retrieved_ids"][0], ranked["retrieved_scores"][0], strict=True), start=1
        )
    ]
    assert "\n".join(table) in TUTORIAL
    found = Personalizer("LaMP_3", k=2)(rows[1:2])
    assert f"```text\n{found['source'][0]}\n```" in TUTORIAL
    assert re.findall(r"^\| `(\w+)` \|", RULES, re.MULTILINE)[: len(RANKERS)] == list(RANKERS)
