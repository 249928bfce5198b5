import json

import click
import pytest
from click.testing import CliRunner

from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.tasks import TASKS
from lamp_metric.commands.shared import (
    Several,
    check_extraction,
    check_options,
    evaluate_joined,
    interval,
    join_and_warn,
    score_table,
    spread,
    table,
    to_json,
    write_scores,
)
from lamp_metric.predictions.joining import join

NONE = {"confidence_level": None, "n_resamples": 1000, "seed": 0}


def news():
    return Outputs("LaMP_2", {"1": "travel", "2": "sports"}, "g.json")


def test_another_task_than_the_name_says_is_noted_once(capsys):
    assert join_and_warn(news(), news()).task.name == "LaMP_2_news"
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert all(fact in said for fact in ("g.json", "'LaMP_2'", "LaMP_2_news", TASKS["LaMP_2_news"].title))
    join_and_warn(news(), news(), "LaMP_2_news")
    assert capsys.readouterr().err == ""


def test_extraction_needs_labels_in_one_of_the_tasks():
    check_extraction([TASKS["LaMP_4"], TASKS["LaMP_1"]], True)
    check_extraction([TASKS["LaMP_4"]], False)
    with pytest.raises(ValueError, match="--extract_answers.*LaMP_4, LaMP_5"):
        check_extraction([TASKS["LaMP_4"], TASKS["LaMP_5"]], True)


def test_everything_about_one_task():
    found = evaluate_joined(join(news(), news()), per_sample=True, extract_answers=False, **NONE)
    assert found == {
        "task": "LaMP_2_news",
        "n": 2,
        "scores": {"accuracy": 1.0, "f1": 2 / 15},
        "intervals": {},
        "unusable": 0,
        "signature": found["signature"],
        "per_sample": {"1": {"correct": 1.0}, "2": {"correct": 1.0}},
    }


def test_the_table_has_intervals_if_any_task_has():
    joined = join(news(), news())
    plain = evaluate_joined(joined, False, False, **NONE)
    drawn = evaluate_joined(joined, False, False, **{**NONE, "confidence_level": 0.9})
    assert "interval" not in score_table([plain])
    lines = score_table([plain, drawn]).split("\n")
    assert lines[0].split() == ["task", "samples", "score", "value", "interval"]
    assert lines[3].split()[-2:] == ["[1.0000,", "1.0000]"]
    assert lines[-2:] == [plain["signature"], drawn["signature"]]


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"as_json": False, "per_sample": True, "extract_answers": False}, "--per_sample.*--json"),
        ({"as_json": True, "per_sample": False, "extract_answers": True}, "--extract_answers.*--output_file"),
    ],
)
def test_options_that_contradict_each_other_are_named(tmp_path, options, facts):
    with pytest.raises(ValueError, match=facts):
        check_options(tmp_path / "out.json", [], **options)


def test_scores_are_written_on_demand(tmp_path):
    write_scores(None, {"MAE": 0.5}, [])
    write_scores(tmp_path / "r.json", {"MAE": 0.5}, [])
    assert json.loads((tmp_path / "r.json").read_text()) == {"MAE": 0.5}
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_json_for_machines_holds_no_nan():
    with pytest.raises(ValueError, match="JSON"):
        to_json(float("nan"))


@pytest.mark.parametrize(
    ("line", "spread_out"),
    [
        ("X -k 1 4 16", "X -k 1 -k 4 -k 16"),
        ("X -k 1 --name a b -k 2 3", "X -k 1 --name a --name b -k 2 -k 3"),
        ("-k 1 4 --json X", "-k 1 -k 4 --json X"),
        ("-k 1 4 -- X Y", "-k 1 -k 4 -- X Y"),
        ("--name=a b c", "--name=a --name b --name c"),
        ("--json X -k", "--json X -k"),
        ("--name - b", "--name - --name b"),
        ("--name a b LaMP_3 -k 1", "--name a --name b LaMP_3 -k 1"),
        ("--name LaMP_3 b", "--name LaMP_3 --name b"),
        ("--name=a b LaMP_3 c", "--name=a --name b LaMP_3 c"),
        ("", ""),
    ],
)
def test_each_value_gets_its_option(line, spread_out):
    assert list(spread(line.split(), {"-k", "--name"})) == spread_out.split()


def test_a_command_takes_several_values():
    @click.command(cls=Several)
    @click.argument("first")
    @click.option("-k", "ks", type=int, multiple=True)
    @click.option("--one")
    def command(first, ks, one):
        click.echo(f"{first} {ks} {one}")

    for line in ("x -k 1 4 --one y", "x -k 1 -k 4 --one y", "--one y -k 1 4 -- x"):
        assert CliRunner().invoke(command, line.split()).output == "x (1, 4) y\n"
    assert CliRunner().invoke(command, ["x", "--one", "y", "z"]).exit_code == 2


def test_columns_are_aligned_and_numbers_flush_right():
    rows = [["task", "n"], ["LaMP_3", "7"], ["", "1,234"]]
    assert table(rows, numeric=[1]).split("\n") == ["task        n", "LaMP_3      7", "        1,234"]


def test_no_line_ends_in_blanks():
    assert table([["a", "long header"], ["b", ""]]) == "a  long header\nb"


def test_an_interval_has_four_digits_and_none_is_empty():
    assert interval([0.12344, 1]) == "[0.1234, 1.0000]"
    assert interval(None) == ""
