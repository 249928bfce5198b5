"""examples/judge.py, with judges that are made up."""

import json
import os
import re
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import example
import made_up
import pytest
from fake_model import NAME

import lamp_metric
from lamp_dataset import TASKS

SCRIPT, N = example.FOLDER / "judge.py", 24
TEXTS = {"none": "Rain in the hills", "own": "Rain in the hills for days", "same": "Rain in the hills"}
SHOWN = re.compile(r"Answer A:\n(.*)\n\nAnswer B:\n(.*)\n")


def longer(text):
    a, b = SHOWN.search(text).groups()
    return "A" if len(a) > len(b) else "B"


@pytest.fixture
def judge(fake, tmp_path, monkeypatch):
    """Runs the example on made-up titles; words of options replace or add to the usual ones."""
    monkeypatch.chdir(tmp_path)
    ids = list(made_up.write_split(tmp_path / "data", TASKS["LaMP_4"], "validation", N)[1])
    for name, text in TEXTS.items():
        lamp_metric.write_predictions(f"{name}.json", "LaMP_4", ids, [text] * N)
    (tmp_path / "data" / "odd.json").write_text('{"310": "Rain"}')
    lamp_metric.write_predictions("data/few.json", "LaMP_4", ids[1:], ids[1:])
    known = {"config": "LaMP_4", "data_dir": "data", "api": fake.url, "model": NAME, "output": "judged"}

    def words(*systems, **options):
        return [*example.words(**known | options), "--preds", *(systems or ("none=none.json", "own=own.json"))]

    def run(*systems, **options):
        return example.load("judge").main(words(*systems, **options))

    run.started = lambda **options: Popen([sys.executable, SCRIPT, *words(**options)], stderr=PIPE, text=True)
    return run


def asked(fake):
    return [question["messages"][-1]["content"] for question in fake.questions]


def values(name):
    return json.loads(Path(f"judged/{name}.json").read_bytes())


def p_value(one, other):
    return lamp_metric.compare_values({"1": values(one), "2": values(other)}).contrasts["2"]["value"].p_value


def test_a_judge_that_prefers_what_it_sees_first_finds_ties(fake, judge, capsys):
    fake.answer = lambda text: "A"
    found = judge()
    assert set(found["none"].values()) == set(found["own"].values()) == {0.5}
    assert f"own: won 0, tied {N}, lost 0; the judge said A {2 * N}\n" in capsys.readouterr().out
    assert p_value("none", "own") == 1


def test_a_judge_that_prefers_longer_answers_finds_the_longer_system(fake, judge, capsys):
    fake.answer = longer
    found = judge("none=none.json", "own.json", "same=same.json")
    assert found == {name: values(name) for name in TEXTS}
    assert [set(of.values()) for of in found.values()] == [{0.5}, {1}, {0.5}]
    assert p_value("none", "own") < 0.001
    assert f"own: won {N}, tied 0, lost 0; the judge said A {N}, B {N}\n" in capsys.readouterr().out
    assert len(fake.questions) == 2 * N, "one text in two files is a tie without a question"
    judge("own.json", "none=none.json")
    assert (set(values("own").values()), set(values("none").values())) == ({0.5}, {0})


def test_a_pair_is_shown_in_both_orders_without_names_and_the_profile_if_wanted(fake, judge):
    judge("secret_a=none.json", "secret_b=own.json")
    pair, texts = (TEXTS["none"], TEXTS["own"]), asked(fake)
    assert {SHOWN.search(text).groups() for text in texts} == {pair, pair[::-1]}
    assert not [text for text in texts if re.search(r"secret|\{(a|b|input|profile)\}|is the title for", text)]
    judge("secret_a=none.json", "secret_b=own.json", profile=2)
    assert {text.count(" is the title for ") for text in asked(fake)[2 * N :]} == {1, 2}, "empty profiles: as before"
    Path("mine.txt").write_text("{input} {x}\n\nAnswer A:\n{a}\n\nAnswer B:\n{b}\n\n{profile}\n\nWhich?")
    judge("secret_a=none.json", "secret_b=own.json", rubric="mine.txt")
    assert "{x}" in asked(fake)[-1]


@pytest.mark.parametrize(
    ("reply", "found"),
    [("A", "A"), (" **b**.\n", "B"), ("Tie", "tie"), ("<think>A?</think>\nB", "B"), ('{"winner": "A"}', "A")]
    + [(odd, "other") for odd in ("", "A Rainy Day", "AB", "<think>A", "A if answer A is better", "neither")],
)
def test_replies(reply, found):
    assert example.load("judge").verdict(reply) == found


def test_odd_replies_and_disagreements_are_ties_and_odd_ones_are_counted(fake, judge, capsys):
    fake.answer = lambda text: "tie" if longer(text) == "A" else "Both are\x1b[1m fine"
    assert set(judge()["own"].values()) == {0.5}
    said = capsys.readouterr()
    assert f"the judge said other {N}, tie {N}" in said.out
    assert said.err.endswith(f"note: {N} of {2 * N} replies count as ties, such as 'Both are\\x1b[1m fine'\n")


@pytest.mark.parametrize(
    ("systems", "options", "message"),
    [
        (("none=none.json",), {}, "expected two systems or more"),
        (("own.json", "own=none.json"), {}, "each of another name, found own.json own=none.json"),
        (("settings=none.json", "own.json"), {}, "the name fit for a file, found 'settings'"),
        (("none.json", "data/odd.json"), {}, "odd.json: expected a file of predictions"),
        (("none.json", "data/few.json"), {}, "few.json: expected a text for sample '.*', found 'none'"),
        ((), {"split": "train"}, "train"),
        ((), {"rubric": "none.json"}, "none.json: expected the text of a question with {input}"),
        ((), {"config": "LaMP_6", "api": "https://models.invalid/v1"}, "LaMP_6: .*--acknowledge-license"),
    ],
)
def test_bad_input_is_told_before_a_question_and_leaves_nothing(fake, judge, systems, options, message):
    with pytest.raises((ValueError, OSError), match=message):
        judge(*systems, **options)
    assert (fake.questions, os.path.exists("judged")) == ([], False)


def test_a_folder_of_somebody_else_is_left_as_it_is(fake, judge):
    os.mkdir("judged")
    Path("judged/own.json").write_text("mine")
    with pytest.raises(ValueError, match="holds files that no run made"):
        judge()
    assert (os.listdir("judged"), fake.questions) == (["own.json"], [])


def test_an_error_is_one_line(judge):
    with judge.started(api="http://127.0.0.1:1/v1") as process:
        said = process.stderr.read()
    assert (process.returncode, said.count("\n"), said[:6]) == (2, 1, "error:")
