"""Does the profile help a model that reads it? A toy T5 learns made-up users' habits through the example."""

import warnings

import datasets
import example
import made_users
import pytest
import tiny_models

from lamp_dataset import Personalizer
from lamp_dataset.formats.outputs import read_outputs

pytestmark = pytest.mark.models

NAME = made_users.TASK.name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Official files of 800 and 100 users, and a T5 that knows their words."""
    import torch

    torch.set_num_threads(1)  # several test processes share the machine
    folder = tmp_path_factory.mktemp("habits")
    made_users.write(folder / "data", {"train": 800, "validation": 100})
    rows = datasets.load_dataset("lamp", NAME, data_dir=str(folder / "data"), cache_dir=str(folder / "cache"))
    prompts = Personalizer(NAME, k=4)(rows["train"][:100])["source"]
    tokenizer = tiny_models.original_tokenizer(prompts, folder / "model")
    tiny_models.tiny_t5(tokenizer).save_pretrained(folder / "model")
    return folder


def finetune(folder, k, output):
    options = {"config": NAME, "model": folder / "model", "data_dir": folder / "data", "output": folder / output}
    options |= {"k": k, "epochs": 8, "batch_size": 32, "learning_rate": 3e-3, "beams": 1, "max_target": 4}
    return example.load("finetune").main([*example.words(**options)])


def accuracy(golds, answers):
    return sum(gold == answer.strip() for gold, answer in zip(golds, answers, strict=True)) / len(golds)


def of_file(folder, output, rows):
    """The accuracy of the predictions file, matched by id."""
    found = read_outputs(folder / output / "predictions.json", made_users.TASK)
    assert list(found.by_id) == rows["id"][:]
    return accuracy(rows["output"][:], found.by_id.values())


def answers_with(trainer, folder, rows):
    """The trained model's answers to rows, prepared as in training."""
    args = example.load("finetune").arguments(
        ["--config", NAME, "--model", "", "--output", "", "-k", "1", "--max-target", "4"]
    )
    tokenizer = trainer.processing_class
    personalize = Personalizer(NAME, k=1, tokenizer=tokenizer)
    _, prepared = example.load("finetune").prepare(rows, personalize, tokenizer, args)
    ids = trainer.predict(prepared).predictions
    return tokenizer.batch_decode([row[row >= 0].tolist() for row in ids], skip_special_tokens=True)


def test_the_own_profile_tells_and_nothing_else_does(folder):
    rows = datasets.load_dataset(
        "lamp", NAME, split="validation", data_dir=str(folder / "data"), cache_dir=str(folder / "cache")
    )
    trainer, scores = finetune(folder, 1, "own")
    own = of_file(folder, "own", rows)
    assert trainer.evaluate()["eval_MAE"] == pytest.approx(scores["MAE"], abs=1e-12)

    profiles = rows["profile"][:]
    others = rows.remove_columns("profile").add_column(
        "profile", profiles[1:] + profiles[:1], feature=rows.features["profile"]
    )
    other = accuracy(rows["output"][:], answers_with(trainer, folder, others))
    assert answers_with(trainer, folder, rows) == list(read_outputs(folder / "own" / "predictions.json").by_id.values())

    _, without_scores = finetune(folder, 0, "none")
    without = of_file(folder, "none", rows)
    assert own >= 0.9
    assert without <= 0.4
    assert other <= 0.4
    assert scores["MAE"] < without_scores["MAE"]
    low, high = scores["MAE_ci"]
    assert low <= scores["MAE"] <= high

    # the tokenizer's own files are there, not those of a rebuilt one: official prompts can still be made with them
    files = [folder / "own", *(folder / "own").glob("checkpoint-*")]
    assert len(files) == 2
    for place in files:
        for name in ("tokenizer.json", "tokenizer_config.json"):
            assert (place / name).read_bytes() == (folder / "model" / name).read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            Personalizer(NAME, tokenizer=str(place))

    # a second call finds the last checkpoint and has nothing left to learn
    again, repeated = finetune(folder, 1, "own")
    assert again.state.global_step == trainer.state.global_step
    assert repeated == scores
    # and what another call learned is not taken for its own
    with pytest.raises(ValueError, match="own holds another run, made with"):
        finetune(folder, 0, "own")


def test_the_example_in_the_help_runs(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = example.load("finetune")
    words = module.EXAMPLE.splitlines()[1].partition("finetune.py")[2].split()
    words[words.index("--model") + 1] = str(folder / "model")
    _, scores = module.main([*words, "--beams", "1", "--max-target", "4"])
    assert set(scores) == {"MAE", "RMSE", "MAE_ci", "RMSE_ci"}
