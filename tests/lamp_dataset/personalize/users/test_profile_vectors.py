import os
import signal
import subprocess
import sys

import datasets
import numpy as np
import pytest
from folders import mode_of, names
from made_up import write_all
from tastes import Letters, rows_of_tastes

from lamp_dataset import Personalizer, profile_vectors, similar_users
from lamp_dataset.hub.export import export
from lamp_dataset.personalize.retrieval.dense import Dense
from lamp_dataset.personalize.users import profile_vectors as module
from lamp_dataset.personalize.users.profile_vectors import write_vectors
from lamp_dataset.tasks import TASKS

TASK = TASKS["LaMP_3_time"]


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "v.parquet")


def test_every_item_has_a_row_and_the_file_says_the_same(path):
    rows, model = rows_of_tastes(), Letters()
    made = profile_vectors(rows, task=TASK, model=model)
    assert made["id"][:] == [f"u{user}/{user}{item}" for user in range(12) for item in range(8)]
    assert made["user_id"][:] == [f"u{user}" for user in range(12) for _ in range(8)]
    texts = [item["text"] for profile in rows["profile"] for item in profile]
    np.testing.assert_array_equal(np.array(made["vector"][:]), model.encode(texts))
    assert write_vectors(rows, TASK, path, Dense(model=Letters())) == 96
    assert datasets.Dataset.from_parquet(path)[:] == made[:]


@pytest.mark.parametrize("form", ["file", "data set"])
def test_nothing_is_embedded_twice_and_all_results_are_the_same(path, form):
    rows, model = rows_of_tastes(), Letters()
    write_vectors(rows, TASK, path, Dense(model=Letters()))
    vectors = path if form == "file" else profile_vectors(rows, task=TASK, model=Letters())
    expected = similar_users(rows, by="dense", model=Letters(), task=TASK)
    assert similar_users(rows, by="dense", model=model, vectors=vectors, task=TASK) == expected
    assert len(model.asked) == 1  # to compare
    personalize, plain = (
        Personalizer("LaMP_3_time", retriever="dense", model=model, **given) for given in ({"vectors": vectors}, {})
    )
    assert personalize(rows[:]) == plain(rows[:])
    assert personalize.ranker.embedded == 12  # the queries
    new = {**rows[0], "profile": [*rows[0]["profile"], {"id": "x", "date": "2013", "text": "new", "score": "1"}]}
    assert personalize({name: [value] for name, value in new.items()})["retrieved_ids"]
    assert personalize.ranker.embedded == 13


@pytest.mark.parametrize("model", [Letters(1.01), type("Other", (), {"encode": lambda *_, **__: np.ones((1, 3))})()])
def test_vectors_of_another_model_are_refused(path, model):
    rows = rows_of_tastes()
    write_vectors(rows, TASK, path, Dense(model=Letters()))
    with pytest.raises(ValueError, match=r"v.parquet: expected vectors of this model, found another one for '"):
        similar_users(rows, by="dense", model=model, vectors=path, task=TASK)
    rows.to_parquet(path)
    with pytest.raises(ValueError, match="v.parquet: expected a file of lamp-dataset vectors"):
        similar_users(rows, by="dense", model=model, vectors=path, task=TASK)


KILLED = """
import os, signal, sys, tastes
from lamp_dataset.personalize.retrieval.dense import Dense
from lamp_dataset.personalize.users import profile_vectors
class Letters(tastes.Letters):
    def encode(self, texts, **options):
        len(self.asked) >= 50 and os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts, **options)
profile_vectors.SIZE = 10
task = tastes.get_task("LaMP_3_time")
profile_vectors.write_vectors(tastes.rows_of_tastes(), task, sys.argv[1], Dense(model=Letters()))
"""


def test_after_a_kill_the_same_call_goes_on(path, tmp_path, monkeypatch):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", KILLED, path], env=environment)
    assert done.returncode == -signal.SIGKILL
    assert ".v.parquet.lamp-vectors" in names(tmp_path)
    assert "v.parquet" not in names(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(module, "SIZE", 10)
        dense = Dense(model=Letters())
        write_vectors(rows_of_tastes(), TASK, path, dense)
    assert dense.embedded == 96 - 50 + 5  # one of each part, to compare
    assert names(tmp_path) == ["v.parquet"]
    expected = profile_vectors(rows_of_tastes(), task=TASK, model=Letters())
    assert datasets.Dataset.from_parquet(path)[:] == expected[:]


def test_what_another_model_or_other_rows_left_is_not_used(path, tmp_path, monkeypatch):
    class Failing(Letters):
        def encode(self, texts, **options):
            if len(self.asked) >= 90:
                raise ValueError("stopped")
            return super().encode(texts, **options)

    monkeypatch.setattr(module, "SIZE", 10)
    with pytest.raises(ValueError, match="stopped"):
        write_vectors(rows_of_tastes(), TASK, path, Dense(model=Failing()))
    for rows, model in ((rows_of_tastes(seed=1), Letters()), (rows_of_tastes(), Letters(1.01))):
        dense = Dense(model=model)
        write_vectors(rows, TASK, path, dense)
        assert dense.embedded == 96
        assert similar_users(rows, by="dense", model=model, vectors=path) == similar_users(
            rows, by="dense", model=model
        )


def test_licensed_vectors_are_for_their_owner_and_no_export_takes_them(tmp_path, path):
    task = TASKS["LaMP_6_time"]
    write_vectors(rows_of_tastes("LaMP_6_time"), task, path, Dense(model=Letters()))
    assert mode_of(tmp_path / "v.parquet") == 0o600
    write_all(tmp_path, ["LaMP_2"], count=3)
    export("LaMP_2", tmp_path / "out", tmp_path)
    assert names(tmp_path / "out") == ["LaMP_2", "README.md"]
    assert not [name for name in names(tmp_path / "out" / "LaMP_2") if "-of-" not in name]
