import click
import click.testing
import pytest

from lamp_dataset import Personalizer
from lamp_dataset.commands.personalize import personalize
from lamp_dataset.commands.retriever_options import FLAGS, named_by_flags, retriever_options
from lamp_dataset.personalize.retrieval.rankers import BM25


@click.command()
@retriever_options
def show(**given):
    click.echo(given["rankers"])


def test_every_option_of_the_library_has_its_flag():
    shown = {flag for command in (show, personalize) for option in command.params for flag in option.opts}
    assert set(FLAGS.values()) <= shown


def test_the_help_gives_the_defaults_of_bm25():
    text = click.testing.CliRunner().invoke(show, ["--help"]).output
    assert f"({BM25().k1})" in text
    assert f"({BM25().b})" in text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"retriever": "first", "ranking": "file.json"}, "--ranking .*--retriever"),
        ({"seed": 0, "ranking": "file.json"}, "--seed"),
        ({"retriever": "first", "k1": 2.0}, "first: unknown option --k1"),
        ({"seed": 0}, "bm25: unknown option --seed"),
        ({"retriever": "rrf", "rankers": ("bm25", "first"), "model": "m"}, "rrf: unknown option --model"),
        ({"retriever": "rrf", "rankers": ("bm25", "dense")}, "--model"),
        ({"use_date": True}, "LaMP_3 .*--use-date.*LaMP_3_time"),
        ({"order": "stored"}, "--order 'stored' needs"),
    ],
)
def test_what_does_not_go_together_is_named_by_its_flags(given, message):
    with pytest.raises(ValueError, match=message), named_by_flags(given):
        Personalizer("LaMP_3", **given)
