"""What the page shows of a few samples: input, gold and outputs. Nothing of a gated task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lamp_metric.by_user.profiles import Profile
from lamp_metric.predictions.joining import JoinedOutputs


def excerpts(
    summary: Mapping[str, Any], joined: Mapping[str, JoinedOutputs], profiles: Mapping[str, Profile]
) -> dict[str, dict[str, dict[str, str]]]:
    """The samples of the users who gain and lose most: system -> sample id -> title -> text.

    Args:
        summary: the numbers, with ``"extremes"``.
        joined: system -> golds and outputs, of the first run if there are several.
        profiles: sample id -> what was kept of the row.
    """
    baseline = summary["baseline"]
    if joined[baseline].task.gated:
        return {}
    return {
        system: {
            user["sample"]: _parts(user["sample"], {name: joined[name] for name in (baseline, system)}, profiles)
            for side in found.values()
            for user in side
        }
        for system, found in summary["extremes"].items()
    }


def _parts(sample: str, joined: Mapping[str, JoinedOutputs], profiles: Mapping[str, Profile]) -> dict[str, str]:
    first = next(iter(joined.values()))
    place = first.ids.index(sample)
    outputs = {f"output of {name}": str(outputs.predictions[place]) for name, outputs in joined.items()}
    return {"input": profiles[sample].text, "gold": str(first.references[place]), **outputs}
