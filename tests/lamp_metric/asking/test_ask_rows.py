import threading

import datasets
import pytest
from fake_model import NAME

from lamp_metric.asking.ask_rows import ask_all, ask_here
from lamp_metric.asking.journal import Journal
from lamp_metric.asking.server import Server


def rows(count):
    texts = [f"question {n}" for n in range(count)]
    messages = [[{"role": "user", "content": text}] for text in texts]
    columns = {"id": [f"21{n}" for n in range(count)], "messages": messages, "source": texts}
    return datasets.Dataset.from_dict(columns)


def outputs(entries):
    return [entry["output"] for entry in entries]


def test_all_rows_are_asked_several_at_a_time_and_no_known_one_again(fake, tmp_path):
    together = threading.Barrier(4)

    def answer(text):
        together.wait(30)  # passes only while four questions are there at the same time
        return text.upper()

    fake.answer = answer
    with Journal(tmp_path / "j", {}) as journal:
        journal.keep({journal.key("210", rows(1)["messages"][0]): {"output": "known"}})
        found = ask_all(Server(fake.url, NAME), rows(9), journal, concurrency=4)
    assert outputs(found) == ["known", *(f"QUESTION {n}" for n in range(1, 9))]
    assert len(fake.questions) == 8


def test_a_model_here_is_asked_in_batches_for_what_is_missing(tmp_path):
    asked = []

    def answer(batch):
        asked.append(batch["source"])
        return [text.upper() for text in batch["source"]]

    with Journal(tmp_path / "j", {}) as journal:
        ask_here(answer, rows(2), journal, column="source")
    with Journal(tmp_path / "j", {}) as journal:
        found = ask_here(answer, rows(5), journal, column="source", batch_size=2)
    assert asked == [["question 0", "question 1"], ["question 2", "question 3"], ["question 4"]]
    assert outputs(found) == [f"QUESTION {n}" for n in range(5)]


def test_several_answers_to_a_question_have_seeds_of_their_own_and_are_kept_apart(fake, tmp_path):
    twice = rows(2).select([0, 0, 1, 1]).add_column("draw", [0, 1, 0, 1])
    server = Server(fake.url, NAME, temperature=0.7)
    with Journal(tmp_path / "j", {}) as journal:
        ask_all(server, rows(2), journal)
        found = ask_all(server, twice, journal)
    assert [(entry["id"], entry["sent"]["seed"]) for entry in found] == [("210", 0), ("210", 1), ("211", 0), ("211", 1)]
    assert {entry["sent"]["temperature"] for entry in found} == {0.7}
    assert len(fake.questions) == 4
    with Journal(tmp_path / "j", {}) as journal:
        assert ask_here(None, twice, journal, column="messages") == found


def test_each_row_may_name_its_own_model_and_answers_of_two_models_are_kept_apart(fake, tmp_path):
    fake.adapters = ("adapter-7", "adapter-8")
    names = ["adapter-7", "adapter-8", "adapter-7"]
    with Journal(tmp_path / "j", {}) as journal:
        for _ in range(2):
            ask_all(Server(fake.url, "adapter"), rows(3).add_column("model", names), journal)
        assert sorted(question["model"] for question in fake.questions) == sorted(names)
        swapped = rows(3).add_column("model", ["adapter-8", "adapter-8", "adapter-7"])
        ask_all(Server(fake.url, "adapter"), swapped, journal)
        assert [question["model"] for question in fake.questions[3:]] == ["adapter-8"]
        ask_all(Server(fake.url, NAME), rows(3), journal)
    assert len(fake.questions) == 7
    with Journal(tmp_path / "k", {}) as journal, pytest.raises(ValueError, match=r"'210'.*404.*has the models .*-7,"):
        ask_all(Server(fake.url, NAME), rows(1).add_column("model", ["adapter-9"]), journal)


def test_when_one_fails_answers_on_their_way_are_kept_and_the_others_are_not_asked(fake, tmp_path):
    failed = threading.Event()

    def answer(text):
        if text == "question 1":
            failed.set()
            return "\n" * 5
        failed.wait(30)
        return "4"

    fake.answer = answer
    fake.change = lambda found: {} if found["choices"][0]["message"]["content"] == "\n" * 5 else found
    with Journal(tmp_path / "j", {}) as journal:
        with pytest.raises(ValueError, match=r"sample '211': .*expected an answer.*; kept \d+ answers?, the same"):
            ask_all(Server(fake.url, NAME), rows(50), journal, concurrency=2)
        assert "210" in {name for name, _ in journal.entries}
    assert len(fake.questions) < 50  # some were on their way, or went out until the failure arrived


def test_nothing_asks_for_no_question_at_a_time(fake, tmp_path):
    with Journal(tmp_path / "j", {}) as journal, pytest.raises(ValueError, match="at least 1 .*found 0"):
        ask_all(Server(fake.url, NAME), rows(1), journal, concurrency=0)
