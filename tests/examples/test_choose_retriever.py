"""examples/choose_retriever.py, with a small encoder, on made-up users whose inputs say which system is right."""

import json
import random
import re

import example
import pytest
from made_users import write_pairs
from tiny_models import tiny_encoder

import lamp_metric
from lamp_dataset import TASKS

pytestmark = pytest.mark.models
TASK = TASKS["LaMP_4_time"]
#: What an article is about -> the system that answers it rightly.
RIGHT = {"robots": "none", "horses": "bm25"}
WORDS = ["tea", "ship", "map", "old", "new", "red", "sea", "walk", "song", "lamp", "door", "hill"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return tiny_encoder([TASK.instruction, *RIGHT, *RIGHT.values(), *WORDS, "saw by the"], tmp_path_factory.mktemp("e"))


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A folder with 20 users of 4 articles, and the answers of two systems; sample id -> the right one."""
    monkeypatch.chdir(tmp_path)
    rng, rows, right, answers = random.Random(5), [], {}, {"none": {}, "bm25": {}}
    for number in range(80):
        about, user, sample_id = rng.choice(list(RIGHT)), f"user{number % 20:02}", f"31{number}"
        gold, other = (" ".join(rng.sample(WORDS, 4)) for _ in range(2))
        text = f"{TASK.instruction} {user} saw {about} by the {rng.choice(WORDS)}"
        rows.append(({"id": sample_id, "user_id": user, "input": text, "profile": []}, gold))
        right[sample_id] = RIGHT[about]
        for name, of_system in answers.items():
            of_system[sample_id] = gold if name == RIGHT[about] else f"no {other} at all"
    write_pairs(tmp_path / "data", TASK, "validation", rows)
    for name, of_system in answers.items():
        lamp_metric.write_predictions(f"{name}.json", TASK.name, of_system.keys(), of_system.values())
    return right


def words(encoder, **options):
    known = {"config": TASK.name, "data_dir": "data", "model": encoder, "output": "chooser", "temperature": 0.2}
    known |= {"max_length": 48, "epochs": 40, "learning_rate": 5e-3, "batch_size": 32}
    return [*example.words(**known | options), "--preds", "none.json", "bm25.json"]


@pytest.fixture
def chooser(monkeypatch):
    """The example, and the users whose samples each of its models is trained on."""
    module, seen = example.load("choose_retriever"), []

    class Watched(module.CrossEncoderTrainer):
        def __init__(self, *args, train_dataset, **options):
            seen.append({re.search(r"user\d+", text).group() for text in train_dataset["input"]})
            super().__init__(*args, train_dataset=train_dataset, **options)

    monkeypatch.setattr(module, "CrossEncoderTrainer", Watched)
    return module, seen


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_right_system_is_chosen_by_models_that_saw_no_user_of_theirs(encoder, made, chooser, tmp_path, seed):
    module, seen = chooser
    found = module.main(words(encoder, seed=seed))
    choices = json.loads((tmp_path / "chooser" / "choices.json").read_text())
    assert sum(choices[name] == right for name, right in made.items()) >= 68  # by chance 40
    golds = json.loads((tmp_path / "data" / TASK.path / "dev" / "dev_outputs.json").read_text())["golds"]
    chosen = json.loads((tmp_path / "chooser" / "chosen.json").read_text())["golds"]
    assert [one["id"] for one in chosen] == [one["id"] for one in golds]
    scores = {name: system.scores["rouge-1"] for name, system in found.systems.items()}
    assert list(scores) == ["none", "bm25", "chooser", "best of all"]
    assert scores["best of all"] == 1 >= scores["chooser"] > 0.8 > max(scores["none"], scores["bm25"])
    assert found.users == 20
    users = [f"user{number:02}" for number in range(20)]
    folds = module.folds_of(users, 5, seed)
    assert len(seen) == 5
    for fold, trained in enumerate(seen):
        assert trained == {user for user, other in zip(users, folds, strict=True) if other != fold}


def test_a_stopped_run_goes_on_with_the_next_fold(encoder, made, chooser, monkeypatch, tmp_path):
    module, seen = chooser
    few = list(made)[:70]
    (tmp_path / "few.json").write_text(json.dumps({"samples": few}))
    options = {"see": "answers", "epochs": 0.1, "folds": 3, "samples": "few.json"}
    choose = module.choose
    monkeypatch.setattr(module, "choose", lambda *args: choose(*args) if len(seen) < 2 else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        module.main(words(encoder, **options))
    kept = [(tmp_path / "chooser" / f"fold-{fold}.json").read_bytes() for fold in range(2)]
    monkeypatch.setattr(module, "choose", choose)
    module.main(words(encoder, **options))
    assert len(seen) == 3
    assert kept == [(tmp_path / "chooser" / f"fold-{fold}.json").read_bytes() for fold in range(2)]
    chosen = json.loads((tmp_path / "chooser" / "chosen.json").read_text())["golds"]
    assert [one["id"] for one in chosen] == few
    with pytest.raises(ValueError, match="another run, made with.*'folds': 3"):
        module.main(words(encoder, **options | {"folds": 4}))


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"folds": 21}, "a user or more for each of 21 folds, found 20 users"),
        ({"model": "data"}, "cannot load 'data', a folder here"),
        ({"score": "f1"}, "expected a measure"),
        ({"split": "test"}, "test"),
    ],
)
def test_what_cannot_be_chosen_is_named_before_anything_is_written(encoder, made, chooser, tmp_path, options, facts):
    with pytest.raises((ValueError, OSError), match=facts):
        chooser[0].main(words(encoder, **options))
    with pytest.raises(ValueError, match="'chooser' and 'best of all' are rows of the table"):
        chooser[0].main([*words(encoder), "chooser=none.json"])
    assert not (tmp_path / "chooser").exists()
