import json

import datasets
import example
import pytest
import tiny_models
from made_up import row

from lamp_dataset import SAMPLE, TASKS, Personalizer, users_of

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """An untrained decoder with a chat template that knows the words of the questions."""
    folder = tmp_path_factory.mktemp("summaries") / "chat"
    tokenizer, model = tiny_models.tiny_chat(example.load("summaries").QUESTIONS.values())
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return str(folder)


def given(model, output, **options):
    known = {"max_answer": 4, "items": 2, "config": "LaMP_3", "data_dir": SAMPLE, "model": model, "output": output}
    return [*example.words(**known | options)]


@pytest.mark.parametrize("name", ["LaMP_3", "LaMP_5_time"])
def test_each_user_gets_a_text_that_goes_in_front_of_the_prompts(model, name, tmp_path):
    output = tmp_path / "summaries.json"
    found = example.load("summaries").main(given(model, output, config=name))
    rows = datasets.load_dataset("lamp", name, split="validation", splits=("validation",), data_dir=SAMPLE)
    users = users_of(rows)
    assert json.loads(output.read_text(encoding="utf-8")) == found
    assert list(found) == list(dict.fromkeys(users))
    assert all(0 < len(text.split()) <= 4 for text in found.values())  # the question is no part of the answer
    assert {path.name for path in tmp_path.iterdir()} == {"summaries.json", "summaries.json.answers.jsonl"}
    named = rows if "user_id" in rows.column_names else rows.add_column("user_id", users)
    sources = named.map(Personalizer(name, k=1, rules="fixed", summary=output), batched=True)["source"]
    assert [source.partition("\n")[0] for source in sources] == [found[user] for user in users]


def test_some_users_are_asked_about_alone(model, tmp_path):
    (tmp_path / "users.txt").write_text("2110\n")
    found = example.load("summaries").main(given(model, tmp_path / "s.json", users=tmp_path / "users.txt"))
    assert list(found) == ["2110"]


def test_no_question_holds_an_item_that_is_a_sample_of_the_user():
    made = row("LaMP_4_time", size=6)
    items, samples = made["profile"][2:], made["profile"][:2]
    rows = [
        {**made, "id": str(number), "profile": [item for item in samples if item is not own] + items}
        for number, own in enumerate(samples)
    ]
    histories = example.load("summaries").histories
    newest_first = sorted(items, key=lambda item: item["date"], reverse=True)
    assert dict(histories(datasets.Dataset.from_list(rows), TASKS["LaMP_4_time"])) == {"U0": newest_first}
    # the gold of a sample in its own profile, and what another asks about
    rows[0]["output"] = f" {newest_first[0]['title']}"
    rows[1]["input"] = f"{TASKS['LaMP_4_time'].instruction} {newest_first[1]['text']}"
    assert dict(histories(datasets.Dataset.from_list(rows), TASKS["LaMP_4_time"])) == {"U0": newest_first[2:]}


def test_a_user_without_items_is_not_asked_about():
    summaries = example.load("summaries")
    rows = datasets.Dataset.from_list([row("LaMP_3_time", 0), row("LaMP_3_time", 1, size=0)])
    args = summaries.arguments(given("", "", config="LaMP_3_time"))
    asked = summaries.questions(args, rows, None)
    assert asked["U1"] == ""
    assert asked["U0"].count("is the score for") == 2
    assert asked["U0"].endswith(f"These {summaries.QUESTIONS['LaMP_3']} {summaries.ENDING}")
    assert set(summaries.QUESTIONS) == {task.base for task in TASKS.values()}


@pytest.mark.parametrize("more", [(), ("--limit", "1")])
def test_a_served_model_is_asked(real_model, served_model, tmp_path, more):
    options = {"api": served_model, "max_answer": 8}
    found = example.load("summaries").main([*given(real_model, tmp_path / "s.json", **options), *more])
    assert list(found) == (["210"] if more else ["210", "2110"])
    assert all(found.values())
    assert {path.name for path in tmp_path.iterdir()} == {"s.json", "s.json.answers.jsonl"}


@pytest.mark.parametrize("output", ["", "none/s.json"])
def test_an_output_that_cannot_be_written_shows_before_the_work(output, tmp_path):
    with pytest.raises(FileNotFoundError, match="expected the name of a file in a folder that exists"):
        example.load("summaries").main(given("m", tmp_path / output))
    assert not list(tmp_path.iterdir())


def test_gated_texts_go_to_no_other_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    options = {"api": "https://models.example/v1", "config": "LaMP_6", "data_dir": tmp_path}
    with pytest.raises(ValueError, match="LaMP_6"):
        example.load("summaries").main(given("m", tmp_path / "s.json", **options))
    assert not list(tmp_path.iterdir())
