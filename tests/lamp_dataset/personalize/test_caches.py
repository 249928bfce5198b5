"""Whatever was edited since the last run, a cache answers as an empty one would."""

import dataclasses
import importlib
import json
import os
import random
import sys

import datasets
import made_up
import pytest

from lamp_dataset import Personalizer, add_neighbor_items, load_split, similar_users, swap_profiles
from lamp_dataset.personalize.split import item_prompts, personalize_split
from lamp_dataset.tasks import TASKS

NAME = "Diary"
#: How often all of it is edited at random: more by hand, with this variable.
STEPS = int(os.environ.get("LAMP_CACHE_EDITS", "25"))
RETRIEVER = """
from own_base import Base
class Own(Base):
    needs_query, needs_dates, scored, sign = False, False, False, {sign}
"""
BASE = """
from own_kit import key
from lamp_dataset.personalize.retrieval.rankers import Ranking
class Base:
    def rank(self, samples):
        return [Ranking(sorted(range(s.size), key=lambda n: -self.sign * key(str(s.texts[n])))) for s in samples]
"""
KIT = "def key(text): return {key}"


def task_of(state):
    """A task of one's own; what it says is part of the state."""
    plain = TASKS["LaMP_4"]
    wording = dataclasses.replace(plain.wording, item=state["item"])
    pair = dataclasses.replace(plain.pair, asks=state["asks"])
    own = {"name": NAME, "base": NAME, "official_name": NAME, "path": NAME, "aliases": (), "hub": None}
    own |= {"num_samples": dict.fromkeys(plain.num_samples), "verified_splits": (), "questions_mb": {}}
    return dataclasses.replace(
        plain, wording=wording, pair=pair, document_fields=state["document_fields"], query_marker=state["marker"], **own
    )


CHOICES = {
    "item": (TASKS["LaMP_4"].wording.item, 'the words "{text}" under "{title}"'),
    "asks": (TASKS["LaMP_4"].pair.asks, "What heads this? {text}"),
    "document_fields": (("title", "text"), ("text",)),
    "marker": (TASKS["LaMP_4"].query_marker, "article:"),
    "sign": (1, -1),
    "key": ("len(text)", "text[-9:].count('e')"),
    "data": (1, 2),
    "retriever": ("bm25", "own_ranker:Own", "rrf"),
    "k": (1, 2),
}


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Puts a state in place: files of data and of code, the task in the table, and the modules as a new process has."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "data").mkdir()

    def put(state):
        (tmp_path / "own_ranker.py").write_text(RETRIEVER.format(**state))
        (tmp_path / "own_base.py").write_text(BASE)
        (tmp_path / "own_kit.py").write_text(KIT.format(**state))
        for name in ("own_ranker", "own_base", "own_kit"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        monkeypatch.setitem(TASKS.rows, NAME, task := task_of(state))
        rows = made_up.rows(task, 6, seed=state["data"])
        golds = {"task": NAME, "golds": [{"id": row["id"], "output": f"a title {row['id']}"} for row in rows]}
        (tmp_path / "data/dev_questions.json").write_text(json.dumps(rows))
        (tmp_path / "data/dev_outputs.json").write_text(json.dumps(golds))
        return tmp_path / "data"

    return put


def answers(state, data_dir):
    """What users see of this state."""
    rows = load_split(NAME, "validation", str(data_dir))
    retriever = importlib.import_module("own_ranker").Own() if ":" in state["retriever"] else state["retriever"]
    if retriever == "rrf":
        from lamp_dataset.personalize.retrieval.rankers import BM25, RRF

        retriever = RRF(rankers=(BM25(), importlib.import_module("own_ranker").Own()))
    personalizer = Personalizer(NAME, retriever=retriever, k=state["k"])
    near = similar_users(rows, 1, task=NAME)
    return [
        personalize_split(rows, personalizer)[:],
        rows.map(personalizer, batched=True, remove_columns="profile")["source"],
        item_prompts(rows, personalizer, top=2)[:],
        add_neighbor_items(rows, near, 3, task=NAME)["profile"],
        swap_profiles(rows, by="similar", task=NAME)["profile"],
    ]


def test_a_cache_answers_as_an_empty_one_whatever_was_edited(put):
    chance, state = random.Random(7), {name: values[0] for name, values in CHOICES.items()}
    for _ in range(STEPS):
        for name in chance.sample(sorted(CHOICES), chance.choice((0, 1, 1, 2))):
            state[name] = chance.choice(CHOICES[name])
        data_dir = put(state)
        cached = answers(state, data_dir)
        datasets.disable_caching()
        try:
            assert cached == answers(state, data_dir), state
        finally:
            datasets.enable_caching()
