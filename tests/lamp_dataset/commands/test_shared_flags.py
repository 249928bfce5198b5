import re

import click.testing
import pytest

from lamp_dataset.commands.command import users_option
from lamp_dataset.commands.personalize_rank_items import personalize
from lamp_dataset.commands.shared_flags import FLAGS, ChosenRows, limit_option, prompt_flags, row_options
from lamp_dataset.personalize.prompt_options import PROMPT_OPTIONS, RETRIEVER_OPTIONS
from lamp_dataset.personalize.retrieval.rankers import BM25


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


def test_every_option_of_the_library_has_its_flag():
    shown = {option.name: option.opts[:1] for option in personalize.params}
    assert {name: [flag] for name, flag in FLAGS.items()}.items() <= shown.items()
    assert set(FLAGS) == {*PROMPT_OPTIONS, *RETRIEVER_OPTIONS} - {"tokenize", "system", "retriever_options"}


def test_the_help_gives_texts_and_defaults():
    text = " ".join(click.testing.CliRunner().invoke(personalize, ["--help"]).output.split())
    for options in (PROMPT_OPTIONS, RETRIEVER_OPTIONS):
        for name, option in options.items():
            assert name not in FLAGS or option.help.split("; in")[0].split(" In")[0].strip(".") in text
    for flag, value in {"--k1 FLOAT": BM25().k1, "--b FLOAT": BM25().b, "-k INTEGER": 4, "--seed INTEGER": 0}.items():
        assert re.search(rf"{flag} [^-]*(-[^-]+)*?\[default: {value}\]", text)


def test_a_switch_that_is_not_typed_is_no_option():
    @click.command()
    @prompt_flags("use_date", "escape_quotes")
    def some(**options):
        click.echo(repr(options))

    call = click.testing.CliRunner().invoke
    assert call(some, ["--use-date"]).output == "{'use_date': True, 'escape_quotes': None}\n"
