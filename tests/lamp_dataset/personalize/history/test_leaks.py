import pytest

import lamp_dataset
from lamp_dataset import TASKS
from lamp_dataset.personalize.history.leaks import own_leaks, questions, subject
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


@pytest.mark.parametrize(
    ("name", "given", "output", "found"),
    [
        ("LaMP_4", "{instruction} a", " A ", [("text", "a"), ("title", "A")]),
        ("LaMP_4", "{instruction} a", None, [("text", "a")]),
        ("LaMP_3", "… review: so so", "4", [("text", "so so")]),  # a rating gives nothing away
        ("LaMP_7", "Paraphrase …: so tired", "am so tired", [("text", "so tired"), ("text", "am so tired")]),
    ],
)
def test_a_sample_asks_about_a_text_and_in_generation_has_a_gold(name, given, output, found):
    row = {"id": "1", "input": given.format(instruction=TASKS[name].instruction), "output": output, "profile": []}
    assert list(questions(TASKS[name], row)) == found


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
    assert sorted(own_leaks(task, rows)) == [
        ("4", "41", "title"),
        ("5", "40", "abstract"),
        ("7", "41", "abstract"),
        ("7", "41", "title"),
    ]
