import click
import pytest
from click.testing import CliRunner

from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.tasks import TASKS
from lamp_metric.commands.shared import Several, say_other_task, spread
from lamp_metric.predictions.reading import join


def news():
    return Outputs("LaMP_2", {"1": "travel", "2": "sports"}, "g.json")


def test_another_task_than_the_name_says_is_noted_once(capsys):
    task = join(news(), news()).task
    assert task.name == "LaMP_2_news"
    say_other_task(news(), task, None)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert all(fact in said for fact in ("g.json", "'LaMP_2'", "LaMP_2_news", TASKS["LaMP_2_news"].title))
    say_other_task(news(), task, "LaMP_2_news")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("line", "spread_out"),
    [
        ("X -k 1 4 16", "X -k 1 -k 4 -k 16"),
        ("-k 1 4 --json X", "-k 1 -k 4 --json X"),
        ("-k 1 4 -- X Y", "-k 1 -k 4 -- X Y"),
        ("--name=a b c", "--name=a --name b --name c"),
        ("--name - b", "--name - --name b"),
        ("--name a b LaMP_3 -k 1", "--name a --name b LaMP_3 -k 1"),
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
