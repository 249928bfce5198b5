import dataclasses

import pytest

from lamp_dataset import SAMPLE, TASKS


def prompt(name, item):
    wording = TASKS[name].wording
    return wording.template.format(items=wording.item.format(**item), input="INPUT", insert_after=wording.insert_after)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LaMP_1", 'title, and "T"'),
        ("LaMP_2", 'the tag for the movie: "D" is "G" . INPUT'),
        ("LaMP_2_news", 'the category for the article: "X" is "C" . INPUT'),
        ("LaMP_3", '4 is the score for "X" . INPUT'),
        ("LaMP_4", '"T" is the title for "X" . INPUT'),
        ("LaMP_5", '"T" is a title for "A" . Following the given patterns INPUT'),
        ("LaMP_6", '"T" is the title for "X" . INPUT'),
        ("LaMP_7", '"X"  are written by a person. Following the given patterns INPUT'),
    ],
)
def test_the_official_strings(name, expected):
    item = {"title": "T", "abstract": "A", "text": "X", "description": "D", "tag": "G", "category": "C", "score": "4"}
    assert prompt(name, item) == expected
    assert TASKS[f"{name}_time"].wording == TASKS[name].wording


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"template": "{items}"}, "template needs items, input"),
        ({"truncated_field": "score "}, "lacks 'score '"),
        ({"item": '{stars} for "{text}"', "item_cost": (0, "")}, "field"),
        ({"item_cost": (0, "{text}")}, "measures the truncated field"),
    ],
)
def test_a_bad_wording_fails_at_import_by_name(change, message):
    row = TASKS["LaMP_3"]
    with pytest.raises(ValueError, match=f"row 'LaMP_3': .*{message}"):
        dataclasses.replace(row, wording=dataclasses.replace(row.wording, **change))


def test_a_bad_row_fails_by_name():
    row = TASKS["LaMP_3"]
    for change, message in [
        ({"kind": "regression"}, "kind 'regression'"),
        ({"labels": ()}, "labels"),
        ({"document_fields": ("title",)}, "document field"),
        ({"num_samples": {"train": 1}}, "needs the splits"),
        ({"setting": "month"}, "setting 'month'"),
        ({"query_marker": "tweet:"}, "marker"),
    ]:
        with pytest.raises(ValueError, match=f"row 'LaMP_3': .*{message}"):
            dataclasses.replace(row, **change)
    with pytest.raises(ValueError, match="row 'LaMP_3': either a query marker or a query frame"):
        dataclasses.replace(TASKS["LaMP_3"], query_marker=None)
    with pytest.raises(ValueError, match="row 'LaMP_1': either"):
        dataclasses.replace(TASKS["LaMP_1"], query_frame=None)


@pytest.mark.parametrize("name", ["LaMP_6", "LaMP_6_time"])
def test_file_names_in_place_of_gated_texts_are_recognized(name):
    task = TASKS[name]
    stubs = ["147-000874-EM.txt", " 147-000874-EM.txt\n", f"{task.instruction} 147-000874-EM.txt"]
    texts = [
        "",
        None,
        147,
        "147-000874-EM.txt is attached",
        "147-000874-AT-01.txt",
        "147-000874-EM_txt",
        "14-000874-EM.txt",
    ]
    assert [task.is_stub(text) for text in stubs] == [True, True, True]
    assert not any(task.is_stub(text) for text in texts)
    assert not TASKS["LaMP_5"].is_stub(stubs[0])


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("LaMP_4", {"text": "abstract"}, "profile lacks a field of the training pair"),
        ("LaMP_7", {"lead": None}, "a lead is for pairs of one field"),
        ("LaMP_7", {"instruction": None}, "instruction of its own"),
        ("LaMP_1", {"lead": (0.1, 0.2)}, "a lead is for pairs of one field"),
    ],
)
def test_a_bad_training_pair_fails_at_import_by_name(name, change, message):
    row = TASKS[name]
    with pytest.raises(ValueError, match=f"row '{name}': .*{message}"):
        dataclasses.replace(row, pair=dataclasses.replace(row.pair, **change))


@pytest.mark.parametrize(
    ("frame", "message"), [(None, "subject .* cannot be found"), (("title", "x"), "does not end with the words before")]
)
def test_a_subject_is_what_follows_the_instruction(frame, message):
    with pytest.raises(ValueError, match=f"row 'LaMP_1': .*{message}"):
        dataclasses.replace(TASKS["LaMP_1"], subject_frame=frame)


@pytest.mark.parametrize("name", TASKS)
def test_the_subject_of_an_input_is_the_text_after_its_instruction(name):
    task = TASKS[name]
    begin, end = task.subject_frame or (task.instruction, "")
    before = task.instruction if task.subject_frame else begin
    if task.subject_frame is not None and not task.instruction.endswith(begin):
        before = task.pair.asks.partition(begin)[0] + begin
    assert task.subject_of(
        f"{before} On : \"foo\" 'article:' paper \u2003{end} and more" if end else f"{before} a: b "
    ) == ("On : \"foo\" 'article:' paper" if end else "a: b")


def test_subjects_of_the_sample_are_its_queries():
    from datasets import load_dataset

    from lamp_dataset.personalize.retrieval.queries import find_query

    for name, task in TASKS.items():
        for row in load_dataset("lamp", name, data_dir=SAMPLE, split="validation"):
            found = task.subject_of(row["input"])
            assert found
            assert found in row["input"]
            assert task.subject_frame or found == find_query(task, row["input"]).text
    assert TASKS["LaMP_2"].subject_of(" x Overwhelmed by her") == "x Overwhelmed by her"
    assert TASKS["LaMP_1"].subject_of("Which reference?") == "Which reference?"
