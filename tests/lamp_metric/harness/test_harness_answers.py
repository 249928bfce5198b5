from pathlib import Path

import pytest

from lamp_metric.harness.harness_answers import choose, collect

LOGGED = [("LaMP_3", "310", "4"), ("LaMP_3", "311", "")]


def test_answers_are_collected_as_they_are_and_a_limited_run_is_named():
    answers = collect(LOGGED, Path("log"), expected=2)
    assert (answers.task, answers.by_id, answers.name) == ("LaMP_3", {"310": "4", "311": ""}, "log")
    assert collect(LOGGED, Path("log")) == answers  # the log does not say how many there should be
    with pytest.raises(ValueError, match=r"log: .*all 2500 samples.*found 2: .*--partial"):
        collect(LOGGED, Path("log"), expected=2500)


@pytest.mark.parametrize(
    ("logged", "config", "message"),
    [
        ([], None, "log: .*found none"),
        ([*LOGGED, ("LaMP_4", "410", "A title")], None, "log: .*LaMP_3, LaMP_4"),
        (LOGGED, "LaMP_4", "log: expected samples of LaMP_4, found LaMP_3"),
        ([("gsm8k", "310", "4")], None, "log: .*'gsm8k'"),
        ([(["LaMP_3"], "310", "4")], None, "log: .*one of this benchmark's configs"),
        ([("LaMP_3", "310", None)], None, "log: .*'310' and None"),
        ([*LOGGED, LOGGED[0]], None, "log: duplicate id '310'"),
    ],
)
def test_what_is_no_run_of_one_config_is_refused(logged, config, message):
    with pytest.raises(ValueError, match=message):
        collect(logged, Path("log"), config)


def test_the_log_that_is_meant():
    a, b, c = (("LaMP_3", Path("a")), ("LaMP_4", Path("b")), ("LaMP_4", Path("c")))
    assert choose([a], None, "logs") == Path("a")
    assert choose([a, b], "LaMP_4", "logs") == Path("b")
    for logs, config, message in (
        ([a, b], None, "logs: .*LaMP_3, LaMP_4.*--config"),
        ([b, c], None, "logs: holds 2 logs of LaMP_4.*: b, c"),
        ([b, c], "LaMP_3", "logs: expected a log of LaMP_3, found LaMP_4"),
        ([], None, "logs: .*found none"),
    ):
        with pytest.raises(ValueError, match=message):
            choose(logs, config, "logs")
