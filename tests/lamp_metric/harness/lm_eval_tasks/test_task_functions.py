import logging
import os
import re
import sys
from types import ModuleType

import pytest

import lamp_metric
from lamp_metric.harness.lm_eval_tasks.task_functions import RequestError, aggregate, samples, scored
from lamp_metric.harness.rows_and_answers import harness_rows

HERE = {"base_url": "http://127.0.0.1:8000/v1/chat/completions"}


def test_samples_are_the_shared_rows_without_a_system_message():
    given = {"pretrained": "model", "version": 1.0, "config_source": "x.yaml", "data_dir": "sample", "k": 1}
    found = samples("LaMP_4", **given, split="train", rules="fixed", retriever="first", max_length=40)
    rows = harness_rows(
        "LaMP_4", data_dir="sample", k=1, split="train", rules="fixed", retriever="first", max_length=40, system=None
    )
    assert found["samples"].to_list() == rows.remove_columns("messages").to_list()


def test_a_misspelled_key_is_named_and_a_sample_without_a_gold_has_no_score():
    misspelled = {"retreiver": "retriever", "data-dir": "data_dir", "K": "k", "max_lenght": "max_length", "kk": "k"}
    for key, meant in {**misspelled, "acknowledge_licence": "acknowledge_license"}.items():
        with pytest.raises(ValueError, match=f"'{key}'; did you mean '{meant}'"):
            samples("LaMP_6", **{"data_dir": "sample", key: 3})
    assert scored({"id": "320", "config": "LaMP_3", "target": None}, ["4"]) == {}


def test_what_only_a_model_takes_is_not_taken_for_a_misspelled_option(monkeypatch):
    with_modules(monkeypatch, "api_models")
    with pytest.raises(ValueError, match="'tokenizer_backend'; did you mean 'tokenizer'"):
        samples("LaMP_3", data_dir="sample", tokenizer_backend="none")

    class Model:
        def __init__(self, tokenizer_backend: str = "huggingface"): ...

    sys.modules["lm_eval.models.api_models"].Model = Model
    samples(
        "LaMP_3", data_dir="sample", tokenizer_backend="none", token="none", pretrained="model", base_url="http://h"
    )


@pytest.mark.parametrize(
    ("config", "given", "said"),
    [
        ("LaMP_9", {}, "'LaMP_9'"),
        ("LaMP_3", {"data_dir": "/nowhere"}, "/nowhere"),
        ("LaMP_3", {"ranking": "/nowhere.json"}, "/nowhere.json"),
        ("LaMP_3", {"retriever": "bm52"}, "'bm52'"),
        ("LaMP_6", {}, """--metadata '{"acknowledge_license": true}'"""),
    ],
)
def test_what_is_wrong_is_one_line_and_ends_a_program_with_status_2(config, given, said, capsys):
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        samples(config, **{"data_dir": "sample", **given})
    assert capsys.readouterr().err == f"error: {caught.value}\n"
    assert (type(caught.value), isinstance(caught.value, SystemExit), caught.value.code) == (RequestError, True, 2)


def with_modules(monkeypatch, *names):
    for name in [name for name in sys.modules if name.startswith("lm_eval.models.")]:
        monkeypatch.delitem(sys.modules, name)
    for name in names:
        monkeypatch.setitem(sys.modules, f"lm_eval.models.{name}", ModuleType(name))


@pytest.mark.parametrize(
    ("given", "modules"),
    [
        ({"pretrained": "model"}, ["huggingface"]),
        ({"pretrained": "model"}, ["vllm_causallms"]),
        ({**HERE, "acknowledge_license": True}, ["api_models"]),
        ({"acknowledge_license": True}, []),
    ],
)
def test_gated_mails_go_to_a_model_in_this_process_or_with_the_license(monkeypatch, given, modules):
    with_modules(monkeypatch, *modules)
    assert len(samples("LaMP_6", data_dir="sample", **given)["samples"]) == 3
    assert os.umask(0o022) == 0o077


@pytest.mark.parametrize(
    ("given", "modules"),
    [
        ({}, ["api_models"]),
        ({"model": "hosted"}, ["api_models"]),
        ({"pretrained": "hosted"}, ["api_models"]),
        ({"pretrained": "hosted"}, ["huggingface", "api_models"]),
        ({"pretrained": "who knows"}, []),
        ({"pretrained": "model", **HERE}, ["huggingface"]),
        ({**HERE, "acknowledge_license": "no"}, ["api_models"]),
    ],
)
def test_gated_mails_go_nowhere_else_not_even_to_a_server_here_which_may_redirect_them(monkeypatch, given, modules):
    with_modules(monkeypatch, *modules)
    with pytest.raises(ValueError, match=r"LaMP_6: .*LDC2015T03.*acknowledge_license"):
        samples("LaMP_6", data_dir="sample", **given)


@pytest.mark.parametrize(
    ("config", "predictions", "golds"),
    [
        ("LaMP_1", ["[1]", "neither", "[2]"], ["[1]", "[2]", "[1]"]),
        ("LaMP_2_time", ["comedy", "", "action"], ["comedy", "action", "action"]),
        ("LaMP_3", ["5", " 2\n", "no idea"], ["4", "2", "1"]),
        ("LaMP_5", ["On graphs", "", "Lost"], ["On small graphs", "Snow", "Lost"]),
    ],
)
def test_scores_of_all_samples_equal_those_of_the_metric(config, predictions, golds):
    docs = [{"id": str(n), "config": config, "target": gold} for n, gold in enumerate(golds)]
    logged = [scored(doc, [text]) for doc, text in zip(docs, predictions, strict=True)]
    found = {key: aggregate([sample[key] for sample in logged]) for key in logged[0]}
    assert found == lamp_metric.score(config, predictions, golds)


def test_what_cannot_be_used_is_logged_once_in_one_line(caplog, recwarn):
    docs = [{"id": str(n), "config": "LaMP_3", "target": "4"} for n in range(2)]
    logged = [scored(doc, [text]) for doc, text in zip(docs, ["4", "4 stars"], strict=True)]
    for key in logged[0]:
        aggregate([sample[key] for sample in logged])
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("1 of 2 predictions cannot be used for LaMP_3 ")
    assert "sample '1': '4 stars'; lamp-metric eval-task --extract_answers would find" in record.getMessage()
    assert not recwarn
