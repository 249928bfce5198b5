import numpy as np
import official_prompts
import pytest

import lamp_metric

WORDS = ["<pad>", "</s>", "the", "cat", "sat", "down", "3", "4", "5"]
PAD, END = -100, 1


class Tokenizer:
    """Words as ids; what batch_decode of a real one does, special tokens left out."""

    def batch_decode(self, rows, skip_special_tokens, clean_up_tokenization_spaces=None):
        assert skip_special_tokens
        assert clean_up_tokenization_spaces is False  # done by transformers 4's rule afterwards
        assert all(0 <= i < len(WORDS) for row in rows for i in row)
        return [" ".join(WORDS[i] for i in row if i > END) for row in rows]


def logits_of(ids):
    """Logits whose best token is the one given."""
    ids = np.asarray(ids)
    return np.eye(len(WORDS))[ids] + 0.1


class Evaluated:
    def __init__(self, predictions, label_ids):
        self.predictions, self.label_ids = predictions, label_ids


LABELS = np.array([[2, 3, 4, END], [2, 3, END, PAD]])


def test_generated_ids_and_logits_count_only_where_the_gold_has_a_token():
    ids = np.array([[0, 2, 3, END, PAD], [0, 2, 3, 5, END]])
    expected = lamp_metric.score("LaMP_4", ["the cat", "the cat down"], ["the cat sat", "the cat"])
    scores = lamp_metric.compute_metrics("LaMP_4", Tokenizer())
    assert scores(Evaluated(ids, LABELS)) == expected
    assert scores((ids, LABELS)) == expected
    best = [[2, 3, 3, END], [2, 3, END, 5]]  # the last 5 stands where the second gold is padding
    expected = lamp_metric.score("LaMP_4", ["the cat cat", "the cat"], ["the cat sat", "the cat"])
    scores = lamp_metric.compute_metrics("LaMP_4", Tokenizer())
    assert scores((logits_of(best), LABELS)) == expected
    assert scores(((logits_of(best), "the encoder's states"), LABELS)) == expected


def test_causal_logits_are_one_place_ahead():
    labels = np.array([[PAD, PAD, 2, 3, END], [PAD, 2, 3, 4, END]])
    best = [[5, 2, 3, END, 5], [2, 3, 4, END, 5]]
    assert lamp_metric.compute_metrics("LaMP_4", Tokenizer(), causal=True)((logits_of(best), labels)) == {
        "rouge-1": 1.0,
        "rouge-L": 1.0,
    }
    assert lamp_metric.compute_metrics("LaMP_4", Tokenizer())((logits_of(best), labels))["rouge-L"] < 1


@pytest.mark.parametrize("causal", [False, True])
def test_best_tokens_give_the_scores_of_the_logits(causal):
    rng = np.random.default_rng(0)
    labels = rng.integers(2, len(WORDS), (6, 5))
    labels[2:, 3:] = PAD
    logits = rng.normal(size=(6, 5, len(WORDS)))
    scores = lamp_metric.compute_metrics("LaMP_7", Tokenizer(), causal=causal)
    kept = lamp_metric.best_tokens(causal=causal)((logits, "states"), labels)
    assert scores((kept, labels)) == scores((logits, labels))


def test_ratings_heads_and_answers_in_sentences():
    assert lamp_metric.compute_metrics("LaMP_3", Tokenizer())(
        (np.array([[7, END], [3, END]]), np.array([[8, END]] * 2))
    ) == {"MAE": 2.5, "RMSE": pytest.approx(((1 + 16) / 2) ** 0.5, abs=1e-15)}
    logits = np.array([[0.1, 0.9, 0, 0, 0], [0, 0, 0, 0, 3.0]])
    assert lamp_metric.compute_metrics("LaMP_3")((logits, np.array([1, 2])))["MAE"] == 1.0
    assert lamp_metric.compute_metrics("LaMP_3")((np.array([[3.5], [2.0]]), np.array([4.0, 2.0])))["MAE"] == 0.25
    assert lamp_metric.compute_metrics("LaMP_1")((logits[:, :2], np.array([1, 0])))["accuracy"] == 1.0
    ids, labels = np.array([[2, 3, 7]]), np.array([[7]])
    assert lamp_metric.compute_metrics("LaMP_3", Tokenizer())((ids, labels))["MAE"] == 3.0
    assert lamp_metric.compute_metrics("LaMP_3", Tokenizer(), extract_answers=True)((ids, labels))["MAE"] == 0.0


@pytest.mark.parametrize(
    ("task", "tokenizer", "evaluated", "message"),
    [
        ("LaMP_4", None, (LABELS, LABELS), "tokenizer"),
        ("LaMP_4", Tokenizer(), (LABELS.astype(float), LABELS), r"float64 of shape \(2, 4\)"),
        ("LaMP_4", Tokenizer(), (logits_of([[2, 3]]), LABELS), r"shape \(1, 2, 9\) and labels of shape \(2, 4\)"),
        ("LaMP_4", Tokenizer(), (LABELS, None), "labels.*None"),
        ("LaMP_2", None, (np.zeros((2, 3)), np.array([0, 1])), r"15 .*LaMP_2.* shape \(2, 3\)"),
        ("LaMP_4", None, (np.zeros((2, 3)), np.array([0, 1])), r"compute_metrics: .*0 .*\(2, 3\)"),
        ("LaMP_1", None, (np.zeros((1, 2)), np.array([2])), "0 to 1.* 2"),
        ("LaMP_3", Tokenizer(), (LABELS, LABELS), "'the cat sat'.*LaMP_3"),
    ],
)
def test_other_arrays_are_named(task, tokenizer, evaluated, message):
    with pytest.raises(ValueError, match=message):
        lamp_metric.compute_metrics(task, tokenizer)(evaluated)


def test_a_wrong_task_fails_before_the_training():
    with pytest.raises(ValueError, match="no config named 'LaMP_9'"):
        lamp_metric.compute_metrics("LaMP_9")


# The real Trainer, on tiny models made here.


@pytest.fixture(scope="module")
def transformers():
    return pytest.importorskip("transformers", reason="needs the models extra")


@pytest.fixture
def tokenizer(transformers):
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="<pad>")
    )
    model.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=model, pad_token="<pad>", eos_token="</s>")


ROWS = [
    {"input_ids": [2, 3, 4, 1], "attention_mask": [1] * 4, "labels": [2, 3, 1]},
    {"input_ids": [5, 4, 1], "attention_mask": [1] * 3, "labels": [2, 3, 4, 5, 1]},
    {"input_ids": [3, 1], "attention_mask": [1] * 2, "labels": [5, 1]},
]


@pytest.fixture
def t5(transformers):
    transformers.set_seed(0)
    config = transformers.T5Config(
        vocab_size=len(WORDS), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, decoder_start_token_id=0,
        pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    return transformers.T5ForConditionalGeneration(config)


def arguments(kind, tmp_path, **more):
    return kind(
        output_dir=str(tmp_path), per_device_eval_batch_size=2, report_to=[], use_cpu=True, seed=0, **more
    )  # fmt: skip


@pytest.mark.models
def test_a_real_trainer_scores_generated_text(transformers, tokenizer, t5, tmp_path):
    trainer = transformers.Seq2SeqTrainer(
        model=t5,
        args=arguments(transformers.Seq2SeqTrainingArguments, tmp_path, predict_with_generate=True),
        data_collator=transformers.DataCollatorForSeq2Seq(tokenizer, model=t5),
        compute_metrics=lamp_metric.compute_metrics("LaMP_4", tokenizer),
    )
    found = trainer.evaluate(ROWS, max_length=7)
    torch = pytest.importorskip("torch")
    said = []
    for row in ROWS:
        ids = t5.generate(input_ids=torch.tensor([row["input_ids"]]), max_length=7)
        said += tokenizer.batch_decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=True)
    golds = tokenizer.batch_decode([row["labels"] for row in ROWS], skip_special_tokens=True)
    assert golds == ["the cat", "the cat sat down", "down"]
    expected = lamp_metric.score("LaMP_4", said, golds)
    assert {key: found[f"eval_{key}"] for key in expected} == expected


@pytest.mark.models
def test_real_ids_are_decoded_as_by_the_default_of_transformers_4(transformers):
    tokenizers = pytest.importorskip("tokenizers")
    words = ["<pad>", "</s>", "do", "n't", "sit", "here", "."]
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel({word: n for n, word in enumerate(words)}, "<pad>"))
    model.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=model, pad_token="<pad>", eos_token="</s>")
    predictions, labels = np.array([[2, 3, 4, 6, END]]), np.array([[2, 4, 5, 6, END]])
    found = lamp_metric.compute_metrics("LaMP_4", tokenizer)((predictions, labels))
    assert found == lamp_metric.score("LaMP_4", ["don't sit."], ["do sit here."])
    assert found != lamp_metric.score("LaMP_4", ["do n't sit ."], ["do sit here ."])


@pytest.mark.models
@pytest.mark.tokenizers
@pytest.mark.parametrize("kind", official_prompts.KINDS)
def test_every_kind_of_tokenizer_is_cleaned_up_on_transformers_4_and_5(kind):
    tokenizer = official_prompts.load(kind, False, pytest.importorskip("transformers").AutoTokenizer)
    said, meant = tokenizer(["they do n't sail", "good tea ."])["input_ids"]
    width = max(len(said), len(meant))
    rows = np.array([ids + [PAD] * (width - len(ids)) for ids in (said, meant)])
    found = lamp_metric.compute_metrics("LaMP_4", tokenizer)((rows, rows[::-1]))
    assert found == lamp_metric.score("LaMP_4", ["they don't sail", "good tea."], ["good tea.", "they don't sail"])
    found = lamp_metric.compute_metrics("LaMP_4", tokenizer)((rows[:1], rows[:1]))
    assert found == {"rouge-1": 1.0, "rouge-L": 1.0}


@pytest.mark.models
def test_a_real_causal_model_that_has_learnt_its_golds_scores_one(transformers, tokenizer, tmp_path):
    transformers.set_seed(0)
    config = transformers.GPT2Config(vocab_size=len(WORDS), n_positions=16, n_embd=32, n_layer=1, n_head=2)
    model = transformers.GPT2LMHeadModel(config)
    rows = [{"input_ids": [3, 2, 4, 5, 1], "labels": [-100, -100, 4, 5, 1], "attention_mask": [1] * 5}] * 8
    trainer = transformers.Trainer(
        model=model,
        args=arguments(
            transformers.TrainingArguments, tmp_path, num_train_epochs=30, learning_rate=1e-2, save_strategy="no"
        ),
        train_dataset=rows,
        eval_dataset=rows,
        compute_metrics=lamp_metric.compute_metrics("LaMP_4", tokenizer, causal=True),
        preprocess_logits_for_metrics=lamp_metric.best_tokens(causal=True),
    )
    trainer.train()
    assert trainer.evaluate()["eval_rouge-L"] == 1.0
