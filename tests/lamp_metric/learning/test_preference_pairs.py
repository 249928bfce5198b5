import pytest

from lamp_dataset import SAMPLE, Personalizer, load_split
from lamp_metric import preferences

MESSAGES = [{"role": "user", "content": "Stars?"}]


def pairs(answers, reference="5", **options):
    """Of the answers to one prompt, chosen and rejected."""
    found = preferences("LaMP_3", ["p"], [answers], [reference], **options)
    return [(pair["chosen"], pair["rejected"]) for pair in found]


@pytest.mark.parametrize(
    ("answers", "options", "expected"),
    [
        (["4", "1", "4 "], {}, [("4", "1")]),
        (["3", "1", "4"], {}, [("4", "1"), ("3", "1"), ("4", "3")]),
        (["3", "1", "4"], {"max_pairs": 2}, [("4", "1"), ("3", "1")]),
        (["3", "1", "4"], {"margin": 0.5}, [("3", "1"), ("4", "1")][::-1]),
        (["3", "1", "4"], {"margin": 0.75}, [("4", "1")]),
        (["3", "5", "no"], {"gold": True}, [("5", "no"), ("5", "3")]),
        (["4", "4"], {}, []),
        ([5, 1], {}, [("5", "1")]),
        (["I say 4.", "It is 1."], {"extract_answers": True}, [("I say 4.", "It is 1.")]),
        (["4", "6"], {"score": "accuracy"}, []),
    ],
)
def test_pairs_as_counted_by_hand(answers, options, expected):
    assert pairs(answers, **options) == expected


def test_whole_rows_as_texts_and_as_messages():
    found = list(preferences("LaMP_4", ["p", MESSAGES], [["a b", "a"], ["b", "c"]], ["a b", "b"]))
    said = [[{"role": "assistant", "content": text}] for text in "bc"]
    assert found == [
        {"prompt": "p", "chosen": "a b", "rejected": "a"},
        {"prompt": MESSAGES, "chosen": said[0], "rejected": said[1]},
    ]


@pytest.mark.parametrize(
    ("answers", "gold", "options", "facts"),
    [
        (["4", None], "5", {}, "answer to prompt 0 of sample 1: expected a string or a number for LaMP_3, found None"),
        (["4"], None, {}, "gold of sample 0: None"),
        (["4"], "7", {}, "'7' is not a label of LaMP_3"),
        (["4"], "5", {"margin": -0.1}, "a margin of 0 or more.*-0.1"),
        (["4"], "5", {"margin": float("nan")}, "nan"),
        (["4"], "5", {"max_pairs": 0}, "at least 1 pair"),
        (["4"], "5", {"score": "f1"}, "f1"),
    ],
)
def test_what_makes_no_pairs_is_named(answers, gold, options, facts):
    with pytest.raises(ValueError, match=facts):
        pairs(answers, gold, **options)


@pytest.mark.models
@pytest.mark.parametrize("column", ["source", "messages"])
def test_trl_trains_three_steps_on_them(column, real_model, tmp_path):
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    rows = load_split("LaMP_4", "train", SAMPLE)
    asked = rows.map(Personalizer("LaMP_4", k=0, rules="fixed"), batched=True)
    answers = [[gold, gold.split()[0]] for gold in asked["target"]]
    made = Dataset.from_list(list(preferences("LaMP_4", asked[column], answers, asked["target"])))
    made.to_parquet(tmp_path / "pairs.parquet")
    settings = DPOConfig(
        str(tmp_path / "run"), max_steps=3, per_device_train_batch_size=1, logging_steps=1, save_strategy="no",
        report_to="none", use_cpu=True, bf16=False, gradient_checkpointing=False,
        model_init_kwargs={"dtype": "float32"},
    )  # fmt: skip
    data = Dataset.from_parquet(str(tmp_path / "pairs.parquet"))
    trainer = DPOTrainer(real_model, args=settings, train_dataset=data)
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert len(losses) == 3
    assert losses[0] == pytest.approx(0.6931, abs=1e-3)  # log 2: at the first step the model is its own reference
