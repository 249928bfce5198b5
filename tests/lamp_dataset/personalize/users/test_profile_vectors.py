import os
import signal
import subprocess
import sys

import datasets
import numpy as np
import pytest
from folders import mode_of, names
from made_up import write_all
from made_users import rows_of_tastes
from stand_ins import Letters

from lamp_dataset import Personalizer, profile_vectors, similar_users
from lamp_dataset.hub.export import export
from lamp_dataset.personalize.retrieval.dense import Dense
from lamp_dataset.personalize.users import near as module

TASK = "LaMP_3_time"


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "v.parquet")


def test_every_item_has_a_row_and_a_file_says_the_same(path):
    rows, model = rows_of_tastes(), Letters()
    made = profile_vectors(rows, task=TASK, model=model)
    assert made["id"][:] == [f"u{user}/{user}{item}" for user in range(12) for item in range(8)]
    assert made["user_id"][:] == [f"u{user}" for user in range(12) for _ in range(8)]
    texts = [item["text"] for profile in rows["profile"] for item in profile]
    np.testing.assert_array_equal(np.array(made["vector"][:]), model.encode(texts))
    made.to_parquet(path)
    assert datasets.Dataset.from_parquet(path)[:] == made[:]
    nothing = rows.map(lambda _: {"profile": []}, features=rows.features)
    assert (len(profile_vectors(nothing, model=model)), profile_vectors(nothing, model=model).features) == (
        0,
        made.features,
    )


@pytest.mark.parametrize("form", ["file", "data set"])
def test_nothing_is_embedded_twice_and_all_results_are_the_same(path, form):
    rows, model = rows_of_tastes(), Letters()
    vectors = profile_vectors(rows, task=TASK, model=Letters())
    vectors.to_parquet(path, batch_size=10)
    vectors = path if form == "file" else vectors
    expected = similar_users(rows, by="dense", model=Letters(), task=TASK)
    assert similar_users(rows, by="dense", model=model, vectors=vectors, task=TASK) == expected
    assert len(model.asked) == (4 * 10 if form == "file" else 4)  # to compare: some of each part
    personalize, plain = (
        Personalizer(TASK, retriever="dense", model=model, **given) for given in ({"vectors": vectors}, {})
    )
    assert personalize(rows[:]) == plain(rows[:])
    assert personalize.ranker.embedded == 12  # the queries
    new = {**rows[0], "profile": [*rows[0]["profile"], {"id": "x", "date": "2013", "text": "new", "score": "1"}]}
    assert personalize({name: [value] for name, value in new.items()})["retrieved_ids"]
    assert personalize.ranker.embedded == 13


@pytest.mark.parametrize("model", [Letters(1.01), type("Other", (), {"encode": lambda *_, **__: np.ones((1, 3))})()])
def test_vectors_of_another_model_are_refused(path, model):
    rows = rows_of_tastes()
    profile_vectors(rows, task=TASK, model=Letters()).to_parquet(path)
    with pytest.raises(ValueError, match=r"v.parquet: expected vectors of this model, found another one for '"):
        similar_users(rows, by="dense", model=model, vectors=path, task=TASK)
    rows.to_parquet(path)
    with pytest.raises(ValueError, match="v.parquet: expected a file of lamp-dataset vectors"):
        similar_users(rows, by="dense", model=model, vectors=path, task=TASK)


@pytest.mark.parametrize("named", [True, False])
def test_a_set_of_two_models_is_refused(path, monkeypatch, named):
    rows, sets = rows_of_tastes(), []
    for factor, name in ((1, "letters"), (1.01, "others")):
        monkeypatch.setattr(Dense, "_load", lambda _, factor=factor: Letters(factor))
        sets.append(profile_vectors(rows, task=TASK, model=name))
    monkeypatch.setattr(Dense, "_load", lambda _: Letters())
    half = len(sets[0]) // 2
    mixed = datasets.concatenate_datasets([sets[0].select(range(half)), sets[1].select(range(half, 2 * half))])
    (mixed if named else mixed.remove_columns("model")).to_parquet(path, batch_size=half)
    said = (
        "vectors of letters@, found vectors of others@: embed again"
        if named
        else "vectors of this model, found another one"
    )
    with pytest.raises(ValueError, match=rf"v\.parquet: expected {said}"):
        Personalizer(TASK, retriever="dense", model="letters", vectors=path)(rows[:])
    sets[0].to_parquet(path)
    expected = Personalizer(TASK, retriever="dense", model="letters")(rows[:])
    assert Personalizer(TASK, retriever="dense", model="letters", vectors=path)(rows[:]) == expected


#: Makes the vectors of the rows in the folder ARGV[1] in parts of ten, and is killed before the sixth.
KILLED = """
import os, signal, sys, datasets, stand_ins
from lamp_dataset.personalize.retrieval.dense import Dense
from lamp_dataset.personalize.users import near as profile_vectors
class Letters(stand_ins.Letters):
    def encode(self, texts, **options):
        len(self.asked) >= 50 and os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts, **options)
Dense._load = lambda self: Letters()
profile_vectors.SIZE = 10
profile_vectors.profile_vectors(datasets.load_from_disk(sys.argv[1]), task="LaMP_3_time", model="letters")
"""


def test_after_a_kill_the_same_call_goes_on(tmp_path, monkeypatch):
    rows_of_tastes().save_to_disk(tmp_path)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], env=environment)
    assert done.returncode == -signal.SIGKILL
    parts = [name for name in names(tmp_path) if name.startswith("cache-")]
    assert len(parts) == 5
    assert {mode_of(tmp_path / name) for name in parts} == {0o600}
    monkeypatch.setattr(module, "SIZE", 10)
    rows, other = datasets.load_from_disk(str(tmp_path)), rows_of_tastes(seed=1)
    for some, name, texts in (
        (rows, "letters", 46),
        (rows, "letters", 0),
        (rows, "others", 96),
        (other, "letters", 96),
    ):
        model = Letters(1.01 if name == "others" else 1)
        monkeypatch.setattr(Dense, "_load", lambda _, model=model: model)
        found = profile_vectors(some, task=TASK, model=name)
        assert len(model.asked) == texts
        assert set(found["model"]) == {f"{name}@"}
        unnamed = profile_vectors(some, task=TASK, model=Letters(model.factor))
        assert found.remove_columns("model")[:] == unnamed.remove_columns("model")[:]


def test_no_export_takes_a_file_of_vectors(tmp_path):
    write_all(tmp_path, ["LaMP_2"], count=3)
    profile_vectors(rows_of_tastes(), model=Letters()).to_parquet(tmp_path / "v.parquet")
    export("LaMP_2", tmp_path / "out", tmp_path)
    assert names(tmp_path / "out") == ["LaMP_2", "README.md"]
    assert not [name for name in names(tmp_path / "out" / "LaMP_2") if "-of-" not in name]
