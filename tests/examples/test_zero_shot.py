import shutil
from pathlib import Path

import datasets
import example
import made_users
import pytest
import tiny_models

from lamp_dataset import Personalizer
from lamp_dataset.formats.outputs import read_outputs

pytestmark = pytest.mark.models
transformers = pytest.importorskip("transformers", reason="transformers is not installed: make test-models has it")

NAME = made_users.TASK.name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Official files of 11 users, and two untrained models: a T5 and a decoder with a chat template."""
    folder = tmp_path_factory.mktemp("zero_shot")
    made_users.write(folder / "data", {"train": 3, "validation": 11})
    (folder / "data" / made_users.TASK.path / "train" / "train_outputs.json").rename(folder / "kept.json")
    rows = datasets.load_dataset(
        "lamp", NAME, data_dir=str(folder / "data"), splits=("validation",), cache_dir=str(folder / "cache")
    )["validation"]
    prompts = Personalizer(NAME, k=4)(rows[:])["source"]
    tokenizer = tiny_models.original_tokenizer(prompts, folder / "t5")
    tiny_models.tiny_t5(tokenizer).save_pretrained(folder / "t5")
    tokenizer, model = tiny_models.tiny_chat(prompts)
    tokenizer.save_pretrained(folder / "chat")
    model.save_pretrained(folder / "chat")
    return folder


def given(folder, model, output, **options):
    known = {"config": NAME, "model": folder / model, "output": output, "data_dir": folder / "data", "k": 2}
    known |= {"max_answer": 4, "batch_size": 4, "beams": 2, "max_length": 100}
    return [*example.words(**known | options)]


@pytest.mark.parametrize("model", ["t5", "chat"])
def test_answers_are_written_in_the_official_format_and_scored(folder, model, tmp_path):
    output = tmp_path / "predictions.json"
    scores = example.load("zero_shot").main(given(folder, model, output))
    found = read_outputs(output, made_users.TASK)
    assert list(found.by_id) == [f"21{number}" for number in range(11)]
    assert set(scores) == {"MAE", "RMSE", "MAE_ci", "RMSE_ci"}
    assert {path.name for path in tmp_path.iterdir()} == {"predictions.json", "predictions.json.answers.jsonl"}
    assert all(len(answer.split()) <= 4 for answer in found.by_id.values())  # the prompt is no part of the answer


@pytest.mark.parametrize("model", ["t5", "chat"])
def test_several_answers_are_drawn_the_same_in_each_run(folder, model, tmp_path):
    zero_shot, found = example.load("zero_shot"), []
    for name in ("a.json", "b.json"):
        zero_shot.main(given(folder, model, tmp_path / name, n=3, temperature=5.0, limit=4))
        found.append(dict(read_outputs(tmp_path / name, made_users.TASK).by_id))
    assert found[0] == found[1]
    assert [len(answers) for answers in found[0].values()] == [3] * 4
    assert any(len(set(answers)) > 1 for answers in found[0].values())


@pytest.mark.parametrize("model", ["t5", "chat"])
def test_a_stopped_run_goes_on_where_it_stopped(folder, model, tmp_path, monkeypatch):
    zero_shot = example.load("zero_shot")
    whole, output = tmp_path / "whole.json", tmp_path / "stopped.json"
    zero_shot.main(given(folder, model, whole))
    asked, ask = [], zero_shot.answer

    def stop_at_the_second(batch, *others):
        asked.append(batch["id"])
        if len(asked) == 2:
            raise KeyboardInterrupt
        return ask(batch, *others)

    monkeypatch.setattr(zero_shot, "answer", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        zero_shot.main(given(folder, model, output))
    assert not output.exists()
    with open(f"{output}.answers.jsonl", "a", encoding="utf-8") as file:
        file.write('{"id": "214", "output": "half a li')  # the stop came while a line was written
    zero_shot.main(given(folder, model, output))
    assert [len(batch) for batch in asked] == [4, 4, 4, 3]
    assert asked[2] == asked[1]
    assert output.read_bytes() == whole.read_bytes()


def test_a_model_that_was_trained_again_is_asked_again(folder, tmp_path, caplog):
    zero_shot, output = example.load("zero_shot"), tmp_path / "predictions.json"
    shutil.copytree(folder / "t5", tmp_path / "t5")
    entries = []
    for change in (lambda: None, lambda: None, lambda: _retrain(tmp_path / "t5")):
        change()
        zero_shot.load.cache_clear()
        zero_shot.main(given(tmp_path, "t5", output, data_dir=folder / "data"))
        entries.append(len(Path(f"{output}.answers.jsonl").read_bytes().splitlines()))
    assert entries == [12, 12, 24]
    assert "11 answers to another prompt, model or option" in caplog.text


def _retrain(path):
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(path)
    model.shared.weight.data += 1
    model.save_pretrained(path)


def test_a_split_without_golds_gives_predictions_and_no_scores(folder, tmp_path):
    output = tmp_path / "predictions.json"
    place = folder / "data" / made_users.TASK.path / "test"
    place.mkdir(exist_ok=True)
    questions = folder / "data" / made_users.TASK.path / "dev" / "dev_questions.json"
    (place / "test_questions.json").write_bytes(questions.read_bytes())
    assert example.load("zero_shot").main(given(folder, "t5", output, split="test", limit=3)) is None
    assert len(read_outputs(output, made_users.TASK).by_id) == 3


def test_a_chat_model_reads_the_messages_in_its_template(folder, tmp_path, monkeypatch):
    zero_shot = example.load("zero_shot")
    seen = []
    tokenizer, model = zero_shot.load(str(folder / "chat"))
    generate = model.generate
    monkeypatch.setattr(model, "generate", lambda **tokens: seen.append(tokens["input_ids"]) or generate(**tokens))
    args = zero_shot.arguments(given(folder, "chat", tmp_path / "p.json", limit=2))
    rows = zero_shot.prompts(args, tokenizer, model)
    zero_shot.answer(rows[:2], tokenizer, model, args)
    texts = tokenizer.batch_decode(seen[0])
    for text, messages, length in zip(texts, rows["messages"], rows["source_length"], strict=True):
        expected = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        assert text.endswith("<assistant>")
        assert text.split()[-4:] == expected.split()[-4:]
        assert len(expected.split()) == length <= 100


def test_a_template_that_refuses_a_system_role_is_told_and_gets_none(folder, tmp_path):
    shutil.copytree(folder / "chat", tmp_path / "chat")
    template = tmp_path / "chat" / "chat_template.jinja"
    refuse = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no such role') }}{% endif %}"
    template.write_text(refuse + template.read_text(encoding="utf-8"), encoding="utf-8")
    words = given(tmp_path, "chat", tmp_path / "p.json", data_dir="sample", limit=1)
    with pytest.raises(ValueError, match="no such role.*system"):
        example.load("zero_shot").main(words)
    example.load("zero_shot").main([*words, "--no-system"])
    assert len(read_outputs(tmp_path / "p.json").by_id) == 1
