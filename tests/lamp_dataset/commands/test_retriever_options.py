import click
import click.testing
import pytest

from lamp_dataset.commands.retriever_options import FLAGS, TAKERS, check_options, retriever_options
from lamp_dataset.personalize.retrieval.rankers import BM25


def options(**given):
    return {"retriever": None, "model": None, "device": None, "seed": None, "rankers": (), "use_date": False} | given


@click.command()
@retriever_options
def show(**given):
    click.echo(given["rankers"])


def test_the_old_name_of_ranker_still_works_and_warns():
    run = click.testing.CliRunner().invoke
    plain, old = run(show, ["--ranker", "bm25", "--ranker", "first"]), run(show, ["--of", "bm25", "--of", "first"])
    assert plain.stdout == old.stdout == "('bm25', 'first')\n"
    assert run(show, ["--of", "first", "--ranker", "bm25"]).stdout == plain.stdout
    assert plain.stderr == ""
    assert "deprecated" in old.stderr
    assert "--ranker" in old.stderr
    assert "--of" not in run(show, ["--help"]).output


def test_every_checked_option_has_a_flag():
    assert TAKERS.keys() == FLAGS.keys()
    assert set(FLAGS.values()) <= {flag for option in show.params for flag in option.opts}


def test_the_help_gives_the_defaults_of_bm25():
    text = click.testing.CliRunner().invoke(show, ["--help"]).output
    assert f"({BM25().k1})" in text
    assert f"({BM25().b})" in text


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"retriever": "unheard of"},
        {"retriever": "own:Class"},
        {"k1": 2.0, "b": 0.0},
        {"retriever": "rrf", "rankers": ("bm25", "first"), "b": 0.5},
        {"retriever": "random", "seed": 0},
        {"retriever": "rrf", "rankers": ("first", "random"), "seed": 0},
        {"ranking": "file.json"},
    ],
)
def test_what_goes_together_passes(given):
    check_options("LaMP_3", options(**given))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"retriever": "first", "ranking": "file.json"}, "--ranking .*--retriever"),
        ({"seed": 0, "ranking": "file.json"}, "--seed .*--ranking"),
        ({"retriever": "first", "k1": 2.0}, "--k1 .*bm25.*not first"),
        ({"b": 0.5, "ranking": "file.json"}, "--b .*--ranking"),
        ({"retriever": "own:Class", "seed": 1}, "--seed .*not own:Class"),
        ({"seed": 0}, "--seed .*--retriever random or rrf with --ranker random, not bm25"),
        ({"retriever": "rrf", "rankers": ("bm25", "first"), "model": "m"}, "--model .*dense.*not rrf"),
        ({"retriever": "rrf", "rankers": ("bm25", "dense")}, "--model"),
        ({"use_date": True}, "LaMP_3 .*--use-date.*LaMP_3_time"),
    ],
)
def test_what_does_not_go_together_is_named_by_its_flags(given, message):
    with pytest.raises(ValueError, match=message):
        check_options("LaMP_3", options(**given))
