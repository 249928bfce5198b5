import dataclasses

import datasets
import pytest
from personal import row

import lamp_dataset
from lamp_dataset import Personalizer
from lamp_dataset.personalize.split import load_split, personalize_split, rank_split


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def test_the_first_rows_of_one_split_are_loaded():
    whole = load_split("LaMP_3", "train", lamp_dataset.SAMPLE)
    assert load_split("LaMP_3", "train", lamp_dataset.SAMPLE, limit=2).to_list() == whole.to_list()[:2]
    assert load_split("LaMP_3", "train", lamp_dataset.SAMPLE, limit=10**6).to_list() == whole.to_list()
    task = lamp_dataset.TASKS["LaMP_3"]
    named, given = (load_split(config, "train", lamp_dataset.SAMPLE) for config in ("LaMP_3", task))
    assert named.to_list() == given.to_list()
    with pytest.raises(ValueError, match="no such task as 'Ratings'; lamp_dataset.register adds it"):
        load_split(dataclasses.replace(task, name="Ratings"), "train", lamp_dataset.SAMPLE)


def test_every_row_is_personalized_and_ranked_in_order():
    rows = datasets.Dataset.from_list([row("LaMP_4", number, size=number % 4) for number in range(300)])
    personalizer = Personalizer("LaMP_4", k=2)
    prompts = personalize_split(rows, personalizer)
    assert prompts["source"][:] == personalizer(rows[:])["source"]
    assert "profile" not in prompts.column_names
    ranked = dict(rank_split(rows, personalizer))
    assert ranked == personalizer.rank(rows[:])
