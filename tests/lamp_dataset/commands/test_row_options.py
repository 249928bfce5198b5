import click.testing
import pytest

from lamp_dataset.commands.command import users_option
from lamp_dataset.commands.row_options import ChosenRows, limit_option, row_options


def test_a_command_gets_its_rows_as_one_object_and_keeps_a_limit_of_its_own():
    @click.command()
    @row_options(users_option, limit_option, split="test")
    @click.option("--more")
    def some(rows, more):
        click.echo(repr((rows, more)))

    @click.command()
    @row_options()
    @click.option("--limit", type=int)
    def other(rows, limit):
        click.echo(repr((rows, limit)))

    call = click.testing.CliRunner().invoke
    rows = ChosenRows(config="LaMP_3", split="test", data_dir="d", limit=2)
    assert call(some, ["LaMP_3", "--data-dir", "d", "--limit", "2", "--more", "x"]).output == f"{(rows, 'x')!r}\n"
    rows = ChosenRows(config="LaMP_3", split="validation")
    assert call(other, ["LaMP_3", "--limit", "2"]).output == f"{(rows, 2)!r}\n"


@pytest.mark.parametrize("command", [("users", "--top", 1), ("history",), ("personalize",), ("rank",)])
def test_a_folder_that_is_not_there_shows_before_the_work(run, command):
    status, output = run(*command, "LaMP_3", "--data-dir", "sample", "--output", "no/o.jsonl")
    assert (status, output.split(":")[1:2]) == (2, [" no/o.jsonl"])
    assert "no does not exist; create it first" in output


def test_users_are_named_by_another_column_only_in_files_at_hand(run):
    status, output = run("history", "LaMP_7", "--style", "official", "--user-column", "who", "--output", "p.jsonl")
    assert (status, output) == (
        2,
        "error: the published files have no column 'who'; name the folder of those that do\n",
    )
