import re

import click.testing

from lamp_dataset.commands.flags import FLAGS
from lamp_dataset.commands.personalize_rank import personalize
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
