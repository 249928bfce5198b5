import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.check import Report, check_predictions


def check(name, by_id, ids=None, official_name=None):
    pairs = by_id.items() if isinstance(by_id, dict) else by_id
    golds = [{"id": key, "output": value} for key, value in pairs]
    document = {"task": official_name or TASKS[name].official_name, "golds": golds}
    return check_predictions(document, "p.json", TASKS[name], ids)


def test_a_verdict_is_the_worst_that_was_found():
    assert (Report("p").exit_status, Report("p", 3).text()) == (0, "p: 3 predictions, fit")
    assert Report("p", warnings=["w"]).exit_status == 0
    assert Report("p", doubts=["d"], warnings=["w"]).exit_status == 1
    report = Report("p", 1, ["e"], ["d"], ["w"])
    assert report.exit_status == 2
    assert report.text().split("\n") == ["p: 1 prediction, unfit", "  error: e", "  doubt: d", "  warning: w"]


def test_ids_are_compared_only_where_they_are_known():
    found = [("1", "a"), ("1", "b"), ("9", "c")]
    assert check("LaMP_4", found).errors == ["1 duplicate id: 1"]
    assert check("LaMP_4", found, ["1", "2"]).errors == [
        "1 duplicate id: 1",
        "1 sample has no prediction: 2",
        "1 prediction has an id that no sample has: 9",
    ]


def test_another_task_is_an_error():
    (error,) = check("LaMP_5", {"1": "a"}, official_name="LaMP_4").errors
    assert "'LaMP_5'" in error
    assert "'LaMP_4'" in error


def test_outputs_that_cannot_be_scored_are_warned_of():
    report = check("LaMP_2", {"1": "Comedy", "2": "comedy", "3": "travel", "4": " action "})
    assert (report.errors, report.doubts) == ([], [])
    (warning,) = report.warnings
    assert warning.startswith("2 outputs ")
    assert all(fact in warning for fact in ("LaMP_2", "'Comedy' (sample 1), 'travel' (sample 3)", "LaMP_2_news"))
    report = check("LaMP_3", {"1": "4", "2": 3.5, "3": "5 stars", "4": "nan", "5": "0", "6": 11})
    assert report.exit_status == 0
    unusable, off = report.warnings
    assert unusable.startswith("2 outputs ")
    assert unusable.endswith(": '5 stars' (sample 3), 'nan' (sample 4)")
    assert off.endswith(" 1 to 5: '0' (sample 5), '11' (sample 6)")
    (warning,) = check("LaMP_6", {"1": "147-000874-EM.txt", "2": "Lunch"}).warnings
    assert warning.startswith("1 output is a file name")
    assert warning.endswith(": '147-000874-EM.txt' (sample 1)")
    (warning,) = check("LaMP_4", {"1": "東京", "2": "a"}).warnings
    assert warning.startswith("1 output ")
    assert warning.endswith(": '東京' (sample 1)")


@pytest.mark.parametrize(
    ("name", "outputs", "facts"),
    [
        ("LaMP_2", ["4", "5", "1", "comedy"], ["3 of 4", "LaMP_2", "'4'", "LaMP_3"]),
        ("LaMP_2", ["travel"] * 3, ["3 of 3", "LaMP_2", "LaMP_2_news"]),
        ("LaMP_2_news_time", ["comedy"] * 3, ["3 of 3", "LaMP_2_news_time", "look like LaMP_2"]),
        ("LaMP_1", ["It is [1]."] * 3, ["3 of 3", "LaMP_1", "'It is [1].'", "not look like another"]),
        ("LaMP_3", ["comedy"] * 3, ["3 of 3", "LaMP_3", "LaMP_2"]),
    ],
)
def test_outputs_that_are_mostly_not_labels_are_doubtful(name, outputs, facts):
    report = check(name, {str(n): output for n, output in enumerate(outputs)})
    assert report.exit_status == 1
    (doubt,) = report.doubts
    assert all(fact in doubt for fact in facts), doubt


def test_wrapped_texts_are_warned_of_and_doubtful_if_most_are():
    line = "2 of 4 answers look wrapped (label 1, quotes 1), such as sample '0': 'Title: Rain'; --extract_answers"
    said = ["Title: Rain", '"Snow"', "Review: The Wire", "Fog"]
    report = check("LaMP_4", dict(zip("0123", said, strict=True)))
    assert (report.exit_status, report.warnings) == (0, [f"{line} of eval-task and compare takes that off"])
    report = check("LaMP_4", dict(zip("012", said, strict=False)))
    assert (report.exit_status, report.warnings) == (1, [])
    assert report.doubts[0].startswith("2 of 3 answers look wrapped")


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("LaMP_2", ["4", "comedy"]),  # half of them is not most of them
        ("LaMP_2", []),
        ("LaMP_2", ["", ""]),
        ("LaMP_3", [3.7, "4.2", "9"]),
        ("LaMP_4", ["4", "5"]),
    ],
)
def test_a_poor_file_is_not_doubtful(name, outputs):
    assert check(name, {str(n): output for n, output in enumerate(outputs)}).exit_status == 0


def test_long_lists_are_cut_and_odd_ids_spelled_out():
    (error,) = check("LaMP_4", {}, [str(i) for i in range(9)]).errors
    assert error.endswith(": 0, 1, 2, 3, 4, … and 4 more")
    _, error = check("LaMP_4", {"\ud800": "a", "\x1b[31m": "b"}, ["1"]).errors
    assert error.endswith(": '\\ud800', '\\x1b[31m'")
