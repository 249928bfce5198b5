"""Do adapters learn their user's habits, and nobody else's? A toy T5 and made-up users, through the example."""

import json
import os
import random

import datasets
import example
import made_users
import pytest
import tiny_models

import lamp_metric
from lamp_dataset import SAMPLE
from lamp_dataset.atomic import whole_folder
from lamp_dataset.formats.outputs import read_outputs

pytestmark = pytest.mark.models

NAME = made_users.DATED.name
USERS = [f"U{number}" for number in range(8)]
MARKS = [f"x{number}" for number in range(8)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A T5 that knows the words, and what people rate on average: 2, 3 or 4 by subject."""
    import torch

    torch.set_num_threads(1)  # several test processes share the machine
    folder = tmp_path_factory.mktemp("per_user")
    task = made_users.TASK
    words = " ".join([task.instruction, *made_users.SUBJECTS, "and", *made_users.KINDS, *task.labels, *MARKS])
    tokenizer = tiny_models.original_tokenizer([words], folder / "model")
    model, rng = tiny_models.tiny_t5(tokenizer, width=32), random.Random(0)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(150):
        subjects = rng.choices(made_users.SUBJECTS, k=32)
        inputs = [f"{made_users.TASK.instruction} {made_users.review(rng, subject)}" for subject in subjects]
        average = ["234"[made_users.SUBJECTS.index(subject) % 3] for subject in subjects]
        options = {"padding": True, "return_tensors": "pt"}
        model(**tokenizer(inputs, **options), labels=tokenizer(average, **options)["input_ids"]).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder / "model")
    return folder


@pytest.fixture(scope="module")
def data(folder):
    """Official files of three users, each with a word that nobody else writes."""
    made_users.write_dated(folder / "few", USERS[:3], marked=True)
    return folder / "few"


def given(folder, output, **options):
    known = {"config": NAME, "model": folder / "model", "data_dir": folder / "few", "output": output, "epochs": 12}
    known |= {"batch_size": 12, "learning_rate": 2e-2, "max_target": 4}
    return [*example.words(**known | options)]


def files(folder, name="adapter_model.safetensors"):
    return {str(path.parent.relative_to(folder)): path.read_bytes() for path in folder.rglob(name)}


def test_the_own_adapter_wins_and_with_swapped_histories_the_gain_is_lost(folder, tmp_path):
    made_users.write_dated(tmp_path / "data", USERS)
    systems, example_ = {}, example.load("per_user")
    for seed in range(3):
        output = tmp_path / f"run{seed}"
        found = example_.main(given(folder, output, swapped=True, data_dir=tmp_path / "data", seed=seed))
        assert json.loads((output / "comparison.json").read_text())["signature"] == found.signature
        assert f"|users:{len(USERS)}|" in found.signature
        for name in ("none", "pooled", "own", "swapped"):
            read = read_outputs(output / f"{name}.json", made_users.DATED)
            systems.setdefault(name, []).append(list(read.by_id.values()))
    options = {"cache_dir": str(tmp_path / "cache"), "splits": ("validation",)}
    rows = datasets.load_dataset("lamp", NAME, split="validation", data_dir=str(tmp_path / "data"), **options)
    golds = {"references": rows["output"][:], "users": rows["user_id"][:]}
    for baseline in ("none", "pooled", "swapped"):
        found = lamp_metric.compare(systems, task=NAME, baseline=baseline, **golds)
        low, high = found.contrasts["own"]["MAE"].difference_ci
        assert low <= high < 0, baseline
    assert found.systems["own"].scores["MAE"] < 0.5
    assert found.systems["swapped"].scores["MAE"] > 1.5


def test_no_training_sees_another_users_text_or_a_sample(folder, data, tmp_path, monkeypatch):
    per_user, seen, trained = example.load("per_user"), {}, []
    answers_of, collator = per_user.answers_of, per_user.DataCollatorForSeq2Seq

    def named(place, *others):
        trained.append(place.name)
        return answers_of(place, *others)

    def noting(tokenizer):
        """What makes batches, with a record of the texts that train each adapter."""
        collate = collator(tokenizer)

        def noted(pairs):
            texts = tokenizer.batch_decode([pair["input_ids"] for pair in pairs], skip_special_tokens=True)
            seen.setdefault(trained[-1], set()).update(texts)
            return collate(pairs)

        return noted

    monkeypatch.setattr(per_user, "answers_of", named)
    monkeypatch.setattr(per_user, "DataCollatorForSeq2Seq", noting)
    per_user.main(given(folder, tmp_path / "run"))
    for number, user in enumerate(USERS[:3]):
        pairs = list(made_users.dated_user(user, number, mark=f"x{number}"))
        asked = {row["input"] for row, _ in pairs}
        own = {f"{made_users.TASK.instruction} {item['text']}" for row, _ in pairs for item in row["profile"]} - asked
        assert seen[f"user-{user}"] == own
        assert len(own) == 12
        assert all(text.endswith(f" x{number}") for text in own)
    assert seen["pooled"] == set.union(*(seen[f"user-{user}"] for user in USERS[:3]))
    assert "none" not in seen


def test_an_adapter_does_not_depend_on_the_other_users(folder, data, tmp_path):
    per_user = example.load("per_user")
    per_user.main(given(folder, tmp_path / "three"))
    (tmp_path / "users.txt").write_text("U2\nU1\n")
    per_user.main(given(folder, tmp_path / "two", users=tmp_path / "users.txt"))
    three, two = files(tmp_path / "three"), files(tmp_path / "two")
    assert set(three) == {"pooled", *(f"own/user-{user}" for user in USERS[:3])}
    assert set(two) == {"pooled", "own/user-U1", "own/user-U2"}
    assert {name for name, weights in two.items() if three[name] == weights} == {"own/user-U1", "own/user-U2"}
    assert len(set(three.values())) == 4
    ids = list(read_outputs(tmp_path / "two" / "own.json").by_id)
    assert ids == [f"9{number}9{n}" for number in (1, 2) for n in range(4)]


def test_every_id_gives_a_folder_of_its_own_that_can_be_written(tmp_path):
    per_user = example.load("per_user")
    longest = "a" * (per_user.LONGEST - len("user-"))
    users = ["A/1", longest, longest + "a", longest + "b", "ü" * 60, "ü" * 61, "." * 300, "x/" * 5000]
    names = [per_user.folder_name(user) for user in users]
    assert names[:2] == ["user-A%2F1", f"user-{longest}"]
    assert len(set(names)) == len(users)
    for name in names:
        with whole_folder(tmp_path / name, lambda target: None) as new:
            (new / "answers.json").write_text("[]")
    assert sorted(os.listdir(tmp_path)) == sorted(names)


def test_a_stopped_run_goes_on_with_the_user_that_is_missing(folder, data, tmp_path, monkeypatch):
    per_user = example.load("per_user")
    expected = per_user.main(given(folder, tmp_path / "whole"))
    train, trained = per_user.Adapters.train, []

    def stop_at_the_third(adapters, pairs):
        trained.append(len(pairs))
        train(adapters, pairs)
        if len(trained) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(per_user.Adapters, "train", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        per_user.main(given(folder, tmp_path / "stopped"))
    assert set(files(tmp_path / "stopped")) == {"pooled", "own/user-U0"}
    assert per_user.main(given(folder, tmp_path / "stopped")) == expected
    assert trained == [36, 12, 12, 12, 12]
    assert per_user.main(given(folder, tmp_path / "stopped")) == expected
    assert len(trained) == 5, "all is there"
    for name in ("adapter_model.safetensors", "answers.json"):
        assert files(tmp_path / "stopped", name) == files(tmp_path / "whole", name)
    # and what another run made is not taken for its own
    with pytest.raises(ValueError, match="stopped holds another run, made with .*'epochs': 12"):
        per_user.main(given(folder, tmp_path / "stopped", epochs=1))


def test_what_another_history_taught_is_not_taken_for_its_own(folder, tmp_path):
    made_users.write_dated(tmp_path / "data", USERS[:2])
    options = {"data_dir": tmp_path / "data", "visible": "earlier", "max_steps": 1, "k": 1}
    words = given(folder, tmp_path / "run", **options)
    per_user = example.load("per_user")
    per_user.main(words)
    [path] = (tmp_path / "data").rglob("dev_questions.json")
    samples = json.loads(path.read_text())
    for sample in samples:
        dates = [item["date"] for item in sample["profile"]]
        for item, date in zip(sample["profile"], reversed(dates), strict=True):
            item["date"] = date
    path.write_text(json.dumps(samples))
    with pytest.raises(ValueError, match=r"run holds another run, made with \{'data': '\w+'\}"):
        per_user.main(words)


def test_names_of_users_stay_inside_the_folder_and_empty_histories_change_nothing(folder, tmp_path):
    names = ["../x", "a/b", "é\n", "."]
    rows = [pair for n, name in enumerate(names) for pair in made_users.dated_user(name, n)]
    empty = ({"id": "999", "user_id": "new", "input": rows[0][0]["input"], "profile": []}, "1")
    made_users.write_pairs(tmp_path / "data", made_users.DATED, "validation", [*rows, empty])
    example.load("per_user").main(given(folder, tmp_path / "run", data_dir=tmp_path / "data", epochs=1))
    made = {path.name for path in (tmp_path / "run" / "own").iterdir()}
    assert made == {"user-..%2Fx", "user-a%2Fb", "user-%C3%A9%0A", "user-.", "user-new"}
    assert {path.name for path in tmp_path.iterdir()} == {"data", "run"}
    own, none = (read_outputs(tmp_path / "run" / f"{name}.json").by_id for name in ("own", "none"))
    assert own["999"] == none["999"]


@pytest.fixture(scope="module")
def chat(folder):
    """An untrained decoder with a chat template."""
    tokenizer, model = tiny_models.tiny_chat([made_users.TASK.instruction, "headline article: the of 5"])
    tokenizer.save_pretrained(folder / "chat")
    model.save_pretrained(folder / "chat")
    return folder / "chat"


@pytest.mark.parametrize(
    ("name", "options"), [("LaMP_3", {"k": 1, "visible": "others"}), ("LaMP_1", {"style": "official"})]
)
def test_a_chat_model_learns_the_answer_alone(folder, chat, name, options, tmp_path):
    per_user = example.load("per_user")
    known = {"config": name, "data_dir": "sample", "model": chat, "max_steps": 1, "max_length": 300}
    per_user.main(given(folder, tmp_path / "run", **known, **options))
    rows = datasets.load_dataset("lamp", name, split="validation", data_dir=SAMPLE)
    for system in ("none", "pooled", "own"):
        assert list(read_outputs(tmp_path / "run" / f"{system}.json").by_id) == rows["id"][:]


def test_prompts_of_a_decoder_are_not_learned(chat):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(chat)
    row = {"source": "article: the", "target": "headline", "messages": [{"role": "user", "content": "article: the"}]}
    found = example.load("per_user").Encode(tokenizer, False, 100, 4)(row)
    words = tokenizer.convert_ids_to_tokens(found["input_ids"])
    assert words == ["<user>", "article:", "the", "<end>", "<assistant>", "headline", "<end>"]
    assert found["prompt"] == found["input_ids"][:5]
    assert found["labels"] == [-100] * 5 + found["input_ids"][5:]


def test_items_in_the_prompt_need_visible_items(folder, tmp_path):
    with pytest.raises(ValueError, match="-k 2 needs --visible earlier or others"):
        example.load("per_user").main(given(folder, tmp_path / "run", k=2))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["finetune", "per_user", "reproduce", "summaries", "zero_shot"])
@pytest.mark.parametrize("model", ["folder", "none/such"])
def test_a_model_out_of_reach_is_an_error_of_one_line(name, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    config = {"configs" if name == "reproduce" else "config": "LaMP_3"}
    with pytest.raises(OSError, match=f"^cannot load '{model}'") as caught:
        example.load(name).main([*example.words(**config, data_dir="sample", model=model, output="out")])
    assert "\n" not in str(caught.value)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_adapters_of_a_gated_task_are_for_their_owner_alone(folder, tmp_path):
    options = {"config": "LaMP_6", "data_dir": "sample", "max_steps": 1, "max_length": 64}
    example.load("per_user").main(given(folder, tmp_path / "run", **options))
    made = [tmp_path / "run", *(tmp_path / "run").rglob("*")]
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in made}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_the_real_model_trains_an_adapter_for_each_of_two_users(real_model, folder, tmp_path):
    options = {"config": "LaMP_3", "data_dir": "sample", "model": real_model, "max_steps": 2, "batch_size": 2}
    example.load("per_user").main(given(folder, tmp_path / "run", **options))
    weights = files(tmp_path / "run")
    assert set(weights) == {"pooled", "own/user-210", "own/user-2110"}
    assert len(set(weights.values())) == 3
