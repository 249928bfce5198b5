import datasets
import pytest

import lamp_dataset
from lamp_dataset import TASKS, History

STYLES = [
    (name, style)
    for name, task in TASKS.items()
    for style in ("task", "official")
    if style == "official" or task.pair.instruction is None
]


def sample(name, split="train"):
    return datasets.load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE, split=split)


@pytest.mark.parametrize(("name", "style"), STYLES)
def test_every_config_has_pairs_of_the_sample(name, style):
    history, train = History(name, style=style, visible="others"), sample(name)
    pairs = history.pairs(train, exclude=[sample(name, "validation")])
    assert pairs.features == history.features()
    assert history.counts.pairs == len(pairs) > 0
    assert len(set(pairs["id"])) == len({*zip(pairs["user_id"], pairs["input"], strict=True)}) == len(pairs)
    assert set(pairs["user_id"]) == set(lamp_dataset.users_of(train))
    asked = {row["input"] for split in ("train", "validation") for row in sample(name, split)}
    assert not asked & set(pairs["input"])
    again = history.pairs(train.shuffle(seed=1).to_list(), exclude=[sample(name, "validation").to_iterable_dataset()])
    assert again.to_list() == pairs.to_list()
