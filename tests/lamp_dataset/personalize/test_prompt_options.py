import dataclasses
import inspect

import pytest

from lamp_dataset import Personalizer
from lamp_dataset.personalize.prompt_options import (
    PROMPT_OPTIONS,
    RETRIEVER_OPTIONS,
    PromptOptions,
    with_prompt_options,
)
from lamp_dataset.personalize.retrieval.rankers import RANKERS


def test_the_personalizer_takes_each_option_with_its_default_and_the_retrievers_theirs():
    taken = {name: p.default for name, p in inspect.signature(Personalizer).parameters.items()}
    of_prompts = {name: option.default for name, option in PROMPT_OPTIONS.items() if name != "retriever_options"}
    assert taken == {"task": inspect.Parameter.empty, **of_prompts, "options": inspect.Parameter.empty}
    fields = [field for ranker in RANKERS.values() for field in dataclasses.fields(ranker) if field.init]
    assert {field.name for field in fields} == set(RETRIEVER_OPTIONS)
    for field in fields:
        assert field.name == "rankers" or field.default == RETRIEVER_OPTIONS[field.name].default


def test_each_option_says_what_it_means_and_a_retrievers_whose_it_is():
    assert all(option.help.endswith(".") for option in (*PROMPT_OPTIONS.values(), *RETRIEVER_OPTIONS.values()))
    for name, option in RETRIEVER_OPTIONS.items():
        ranker, _, meaning = option.help.partition(": ")
        assert name in {field.name for field in dataclasses.fields(RANKERS[ranker])}
        assert meaning
    with pytest.raises(ValueError, match="expected names and values as 'retriever_options', found 'k1=2'"):
        PromptOptions(retriever_options="k1=2")


def test_a_harness_finds_the_options_in_the_signature():
    @with_prompt_options
    def task(config, k=9, **options):
        return config, k, options

    found = inspect.signature(task).parameters
    assert list(found) == ["config", "k", *(name for name in PROMPT_OPTIONS if name != "k")]
    assert (found["k"].default, found["max_length"].default) == (9, PromptOptions.max_length)
    assert task("LaMP_3", rules="fixed") == ("LaMP_3", 9, {"rules": "fixed"})
