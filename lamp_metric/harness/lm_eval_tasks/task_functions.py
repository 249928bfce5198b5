"""The functions that the task files name."""

import difflib
import inspect
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import datasets

from lamp_dataset.console import Failure, one_line
from lamp_dataset.formats.texts import short
from lamp_dataset.loading.licenses import open_gated
from lamp_dataset.tasks import get_task
from lamp_metric.harness.rows_and_answers import OPTIONS, harness_rows
from lamp_metric.predictions.scored_samples import measure, remarks

log = logging.getLogger(__name__)

#: Score key, config, sample id, prediction, gold.
Scored = tuple[str, str, str, str, str]

ACKNOWLEDGE = "acknowledge_license"
_OPTION = f"""--metadata '{{"{ACKNOWLEDGE}": true}}'"""
#: Modules of the harness whose models run on this machine; and the one that every client of a server is built on.
_LOCAL_MODELS = ("lm_eval.models.huggingface", "lm_eval.models.vllm_causallms", "lm_eval.models.sglang_causallms")
_CLIENTS = "lm_eval.models.api_models"
#: Keys of transformers that resemble an option here, and that no model class of the harness names.
_OF_TRANSFORMERS = ("token", "proxies", "use_cache")


class RequestError(ValueError, SystemExit):
    """Samples that cannot be made.

    The harness's command line does not catch it, and as a SystemExit it ends that with status 2 and without a
    traceback. Python code catches a ValueError.
    """

    code = 2


def samples(lamp_config: str, **given: Any) -> dict[str, datasets.Dataset]:
    """The harness's ``custom_dataset``: the samples under the name of the task files' split.

    ``given``: the content of ``--metadata`` and of ``--model_args``; the harness merges them, and the former wins. An
    option or a file that is wrong, or a gated config that would go to another machine, is a RequestError; standard
    error says it as well.
    """
    try:
        return {"samples": _rows(lamp_config, given)}
    except (ValueError, OSError, ImportError) as error:
        Failure(one_line(error)).show()
        raise RequestError(one_line(error)) from error


def _rows(lamp_config: str, given: Mapping[str, Any]) -> datasets.Dataset:
    known = (*OPTIONS, ACKNOWLEDGE)
    for name in set(given).difference(known, _OF_TRANSFORMERS, _of_models()):
        near = difflib.get_close_matches(str(name).lower().replace("-", "_"), known, n=1, cutoff=0.65)
        if near:  # the harness passes over it in silence
            raise ValueError(f"unknown option {short(name)}; did you mean {near[0]!r}?")
    acknowledged = given.get(ACKNOWLEDGE) is True
    open_gated(get_task(lamp_config), given.get("data_dir"), acknowledged, lambda: _is_here(given), _OPTION)
    options = {name: given[name] for name in OPTIONS if name in given}
    return harness_rows(lamp_config, **{**options, "system": None}).remove_columns("messages")


def _of_models() -> Iterator[str]:
    """What the harness's loaded models take in ``--model_args``."""
    for module in [module for name, module in sys.modules.items() if name.startswith("lm_eval.models.")]:
        for value in vars(module).values():
            if inspect.isclass(value):
                yield from getattr(value.__init__, "__annotations__", ())


def _is_here(given: Mapping[str, Any]) -> bool:
    """Whether the model is certain to run in this process. The harness does not say which one it has loaded.

    Clients of a server at localhost are not certain: they follow its redirects, and take proxies from the environment.
    """
    named = "pretrained" in given and "base_url" not in given
    return named and _CLIENTS not in sys.modules and any(name in sys.modules for name in _LOCAL_MODELS)


def scored(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, Scored]:
    """The harness's ``process_results``: for each score what :func:`aggregate` needs of the sample.

    Without a gold there is nothing to score; the harness still logs the answer.
    """
    if doc["target"] is None:
        return {}
    sample = (doc["config"], doc["id"], results[0], doc["target"])
    return {key: (key, *sample) for key in get_task(doc["config"]).scores}


def aggregate(items: Sequence[Scored]) -> float:
    """The score of all samples, as :func:`lamp_metric.score` computes it; the log has the remarks."""
    keys, configs, ids, predictions, golds = zip(*items, strict=True)
    task = get_task(configs[0])
    measured = measure(task, predictions, golds, ids)
    for line in remarks([measured], "lamp-metric eval-task --extract_answers"):
        if keys[0] == task.scores[0]:  # once, though each score is aggregated
            log.warning(line)
    return measured.scores[keys[0]]
