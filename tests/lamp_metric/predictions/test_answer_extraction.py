import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.answer_extraction import WrappedAnswers, extract_answer


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task.labels])
def test_every_label_is_found_alone_and_in_a_sentence(name):
    for label in TASKS[name].labels:
        assert extract_answer(name, label) == label
        assert extract_answer(name, f"\n{label.upper()}.") == label
        assert extract_answer(name, f"After some thought, the answer is {label}.") == label


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        ("LaMP_1", "Both [1] and [2] fit, but the answer is [2].", "[2]"),
        ("LaMP_1", "The answer is **[2]**", "[2]"),
        ("LaMP_1", "1", "[1]"),
        ("LaMP_1", "Between [1] and [2] I cannot choose.", None),
        ("LaMP_1", "1. Neural networks for titles", None),
        ("LaMP_1", "", None),
        ("LaMP_2", "It is a Dark Comedy.", "dark comedy"),
        ("LaMP_2", "Not comedy. The tag is action, not comedy.", "action"),
        ("LaMP_2", "classical", None),
        ("LaMP_2_news", "The category would be style & beauty", "style & beauty"),
        ("LaMP_3", "I would give this 4 out of 5 stars.", "4"),
        ("LaMP_3", "On a scale of 1 to 5, I'd say 3.", "3"),
        ("LaMP_3", "**Rating:** 4.5 stars", "4.5"),
        ("LaMP_3", "Four stars!", "4"),
        ("LaMP_3", "one of the best", None),
        ("LaMP_3", "Somewhere between 2 and 4.", None),
        ("LaMP_3", "10/10", None),
        ("LaMP_3", "3,5", None),
    ],
)
def test_answers_in_sentences(name, text, answer):
    assert extract_answer(name, text) == answer


def test_texts_are_taken_out_of_reasoning_and_wrappers():
    for name, answer in (("LaMP_2", "comedy"), ("LaMP_3", "4"), ("LaMP_5", "A Title")):
        assert extract_answer(name, f"<think>The answer is action, or 2?</think>\n{answer}") == answer
        assert extract_answer(name, f"<think>The answer is {answer}") is None
        assert extract_answer(name, "") is None
    assert extract_answer("LaMP_5", 'Here is a title: "Rain, Again"') == "Rain, Again"
    assert extract_answer("LaMP_7", " Here Is What Changed: all\n") == " Here Is What Changed: all\n"
    assert extract_answer("LaMP_4", "Title:") is None
    assert extract_answer("LaMP_4", '{"title": " "}') is None
    wrapped = WrappedAnswers(TASKS["LaMP_4"])
    wrapped.look([("8", "Rain")])
    assert wrapped.line("x") is None
    line = "1 of 2 answers look wrapped (JSON 1), such as sample '7': '{\"a\": \"b\"}'; x takes that off"
    wrapped.look([("7", '{"a": "b"}')])
    assert wrapped.line("x") == line
