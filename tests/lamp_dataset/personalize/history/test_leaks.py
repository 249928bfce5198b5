import numpy as np
import pyarrow as pa
import pytest

import lamp_dataset
from lamp_dataset import TASKS
from lamp_dataset.personalize.hashes import text_hashes
from lamp_dataset.personalize.history.declared import declared
from lamp_dataset.personalize.history.leaks import Leak, is_test, marks_of, own_leaks, questions, subject
from lamp_dataset.personalize.retrieval.queries import find_query


@pytest.mark.parametrize("name", TASKS)
def test_the_subject_of_an_input_is_the_text_after_its_instruction(name):
    task = TASKS[name]
    begin, end = task.subject_frame or (task.instruction, "")
    before = task.instruction if task.subject_frame else begin
    assert task.subject_frame is None or task.instruction.endswith(begin)
    assert subject(
        task, f"{before} On : \"foo\" 'article:' paper \u2003{end} and more" if end else f"{before} a: b "
    ) == ("On : \"foo\" 'article:' paper" if end else "a: b")


def test_subjects_of_the_sample_are_its_queries():
    from datasets import load_dataset

    for name, task in TASKS.items():
        for row in load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE, split="validation"):
            found = subject(task, row["input"])
            assert found
            assert found in row["input"]
            assert task.subject_frame or found == find_query(task, row["input"]).text


def test_an_input_without_its_instruction_is_its_own_subject():
    assert subject(TASKS["LaMP_2"], " x Overwhelmed by her") == "x Overwhelmed by her"
    assert subject(TASKS["LaMP_1"], "Which reference?") == "Which reference?"


def hashes(*texts):
    return text_hashes(pa.array(texts, pa.string()))


def test_only_the_users_own_questions_and_golds_are_tests():
    task = TASKS["LaMP_4"]
    rows = [
        {"id": "1", "input": f"{task.instruction} a", "output": " A ", "profile": []},
        {"id": "2", "input": f"{task.instruction} b", "output": None, "profile": []},
    ]
    owners = np.array([7, 8], np.uint64)
    tests = marks_of(owners, questions(task, declared(task, rows, 0)))
    assert len(tests) == 3
    texts, outputs = hashes("a", "b", "x", "y", "A", "z"), hashes("x", "y", "A", "A", "x", "b")
    of = np.array([7, 7, 7, 8, 7, 8], np.uint64)
    assert is_test(texts, outputs, of, tests).tolist() == [True, False, True, False, False, False]
    assert not is_test(texts, outputs, of, np.array([], np.uint64)).any()


def test_labels_and_ratings_are_no_tests():
    task = TASKS["LaMP_3"]
    rows = [{"id": "1", "input": "… review: so so", "output": "4", "profile": []}]
    tests = marks_of(np.array([1]), questions(task, declared(task, rows, 0)))
    found = is_test(hashes("so so", "4", "x"), hashes("1", "2", "4"), np.ones(3, np.uint64), tests)
    assert found.tolist() == [True, False, False]


def test_the_gold_of_a_tweet_is_a_whole_tweet():
    task = TASKS["LaMP_7"]
    rows = [{"id": "1", "input": "Paraphrase …: so tired", "output": "am so tired", "profile": []}]
    tests = marks_of(np.array([1]), questions(task, declared(task, rows, 0)))
    texts = hashes("am so tired", "so tired", "tired")
    assert is_test(texts, texts, np.ones(3, np.uint64), tests).tolist() == [True, True, False]


def test_leaks_of_a_sample_into_its_own_profile_are_listed():
    task = TASKS["LaMP_5"]
    profile = [
        {"id": "40", "title": "Rain", "abstract": "wet "},
        {"id": "41", "title": "Fog", "abstract": "gray"},
        {"id": "42", "title": "Sun", "abstract": None},
    ]
    rows = [
        {"id": "4", "input": f"{task.instruction} x", "output": "Fog ", "profile": profile},
        {"id": "5", "input": f"{task.instruction} wet", "output": None, "profile": profile},
        {"id": "6", "input": f"{task.instruction} y", "output": "Snow", "profile": []},
        {"id": "7", "input": f"{task.instruction} gray", "output": "Fog", "profile": profile},
    ]
    assert sorted(own_leaks(task, declared(task, rows, 0))) == [
        Leak("4", "41", "title"),
        Leak("5", "40", "abstract"),
        Leak("7", "41", "abstract"),
        Leak("7", "41", "title"),
    ]
