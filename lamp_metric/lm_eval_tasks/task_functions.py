"""The functions that the task files name."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lamp_dataset.tasks import get_task
from lamp_metric.asking.address import is_local
from lamp_metric.harness_rows import OPTIONS, check_spelling, harness_rows, open_gated
from lamp_metric.scoring import score

if TYPE_CHECKING:
    import datasets

#: Score key, config, sample id, prediction, gold.
Scored = tuple[str, str, str, str, str]

ACKNOWLEDGE = "acknowledge_license"
#: Modules of the harness whose models run on this machine; and the one that every client of a server is built on.
_LOCAL_MODELS = ("lm_eval.models.huggingface", "lm_eval.models.vllm_causallms", "lm_eval.models.sglang_causallms")
_CLIENTS = "lm_eval.models.api_models"


def samples(lamp_config: str, **given: Any) -> dict[str, datasets.Dataset]:
    """The harness' ``custom_dataset``: the samples under the name of the task files' split.

    Args:
        lamp_config: config name, from the task file.
        given: the content of ``--metadata`` and, below it, of ``--model_args``, which the harness merges.

    Raises:
        ValueError, OSError: see :func:`~lamp_metric.harness_rows.harness_rows`; or an option is misspelled, or a gated
            config would go to another machine.
    """
    check_spelling(given, (*OPTIONS, ACKNOWLEDGE))
    acknowledged = given.get(ACKNOWLEDGE) is True
    open_gated(get_task(lamp_config), given.get("data_dir"), acknowledged, lambda: _is_here(given))
    options = {name: given[name] for name in OPTIONS if name in given}
    rows = harness_rows(lamp_config, system=None, **options)
    return {"samples": rows.remove_columns("messages")}


def _is_here(given: Mapping[str, Any]) -> bool:
    """Whether the model is certain to run on this machine. The harness does not say which one it has loaded."""
    if "base_url" in given:
        return is_local(str(given["base_url"]))
    return "pretrained" in given and _CLIENTS not in sys.modules and any(name in sys.modules for name in _LOCAL_MODELS)


def scored(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, Scored]:
    """The harness' ``process_results``: for each score what :func:`aggregate` needs of the sample.

    Without a gold there is nothing to score; the harness still logs the answer.
    """
    if doc["target"] is None:
        return {}
    sample = (doc["config"], doc["id"], results[0], doc["target"])
    return {key: (key, *sample) for key in get_task(doc["config"]).scores}


def aggregate(items: Sequence[Scored]) -> float:
    """The score of all samples, as :func:`lamp_metric.score` computes it."""
    keys, configs, ids, predictions, golds = zip(*items, strict=True)
    return score(configs[0], predictions, golds, ids=ids)[keys[0]]
