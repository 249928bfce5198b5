import re

import click.testing
import pytest

from lamp_dataset import Personalizer
from lamp_dataset.commands.flags import FLAGS, named_by_flags
from lamp_dataset.commands.personalize import personalize
from lamp_dataset.personalize.prompt_options import PROMPT_OPTIONS, RETRIEVER_OPTIONS
from lamp_dataset.personalize.retrieval.rankers import BM25


def test_every_option_of_the_library_has_its_flag():
    shown = {option.name: option.opts for option in personalize.params}
    assert {name: [flag] for name, flag in FLAGS.items()}.items() <= shown.items()
    assert set(FLAGS) == {*PROMPT_OPTIONS, *RETRIEVER_OPTIONS} - {"tokenize", "system", "retriever_options"}


def test_the_help_gives_texts_and_defaults():
    text = " ".join(click.testing.CliRunner().invoke(personalize, ["--help"]).output.split())
    for options in (PROMPT_OPTIONS, RETRIEVER_OPTIONS):
        for name, option in options.items():
            assert name not in FLAGS or option.help.split("; in")[0].split(" In")[0].strip(".") in text
    for flag, value in {"--k1 FLOAT": BM25().k1, "--b FLOAT": BM25().b, "-k INTEGER": 4, "--seed INTEGER": 0}.items():
        assert re.search(rf"{flag} [^-]*(-[^-]+)*?\[default: {value}\]", text)


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
