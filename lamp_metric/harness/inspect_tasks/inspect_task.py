"""The task for inspect_ai, its scorer and its metric.

The harness imports this whenever it starts, so it is light.
"""

from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, Model, get_model
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, Value, mean, metric, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver

from lamp_dataset.console import Failure, one_line
from lamp_dataset.loading.licenses import open_gated
from lamp_dataset.personalize.prompt_options import with_prompt_options
from lamp_dataset.tasks import get_task
from lamp_metric.harness.rows_and_answers import MAX_ANSWER, harness_rows

_MESSAGES = {"system": ChatMessageSystem, "user": ChatMessageUser}
#: Providers whose models run in this process.
_IN_PROCESS = ("hf", "mockllm", "none")
_ACKNOWLEDGE = "-T acknowledge_license=true"


class RequestError(Failure, ValueError):
    """A task that cannot be made; the harness's command line shows it as one line."""


@task
@with_prompt_options
def lamp(
    config: str = "",
    split: str = "validation",
    data_dir: str | None = None,
    profile: str = "own",
    users: str | list[str] | None = None,
    system: bool = True,
    acknowledge_license: bool = False,
    **prompts: Any,
) -> Task:
    """The samples of a LaMP config.

    Args:
        config: config name, such as ``LaMP_3``.
        split: as for :func:`~lamp_metric.harness.rows_and_answers.harness_rows`, like the next three.
        data_dir: see there.
        profile: see there.
        users: see there.
        system: whether the messages begin with a system message; some chat templates refuse it.
        acknowledge_license: that the license of a gated config allows to send its texts to the model.

    Raises:
        RequestError: an option or the files are wrong; the config is gated, and the model may be elsewhere; or the
            model would draw its answers by chance.
    """
    options = {**prompts, "split": split, "data_dir": data_dir, "profile": profile, "users": users}
    options |= {} if system else {"system": None}
    try:
        row = get_task(config)
        open_gated(row, data_dir, acknowledge_license is True, _is_here, _ACKNOWLEDGE)
        _check_greedy()
        samples = list(map(_sample, harness_rows(config, **options)))
    except (ValueError, OSError, ImportError) as error:
        raise RequestError(one_line(error)) from error
    return Task(
        dataset=MemoryDataset(samples, name=f"{config} {split}"),
        setup=checked_model(config, acknowledge_license is True) if row.gated else None,
        solver=generate(),
        scorer=lamp_answers(),
        config=GenerateConfig(temperature=0.0, max_tokens=MAX_ANSWER),
    )


def _sample(row: dict[str, Any]) -> Sample:
    return Sample(
        id=row["id"],
        input=[_MESSAGES[message["role"]](content=message["content"]) for message in row["messages"]],
        target=row["target"] or "",
        metadata={"config": row["config"], "user_id": row["user_id"], "scored": row["target"] is not None},
    )


def _model() -> Model | None:
    try:
        return get_model()
    except ValueError:  # a task made without one
        return None


def _is_here() -> bool:
    """Whether the model is certain to run in this process. Where a task is made without one, its solver asks again.

    Clients of a server at localhost are not certain: they follow its redirects, and take proxies from the environment.
    """
    model = _model()
    return model is None or (not model.api.base_url and str(model).partition("/")[0] in _IN_PROCESS)


def _check_greedy() -> None:
    """Reject a model that samples and fails at a temperature of 0, the default of the provider ``hf``."""
    model = _model()
    if model is not None and getattr(model.api, "do_sample", False) and not model.config.temperature:
        raise ValueError(
            f"{model}: this provider draws its answers by chance, and takes no temperature of 0; expected greedy "
            "answers: -M do_sample=false (or a temperature: --temperature 0.7)"
        )


@solver
def checked_model(config: str, acknowledged: bool) -> Solver:
    """Check again before samples of a gated config go to a model: only now is it certain which model is asked."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        open_gated(get_task(config), "checked", acknowledged, _is_here, _ACKNOWLEDGE)
        return state

    return solve


@metric
def lamp_scores() -> Metric:
    """The scores of all samples together, as :func:`lamp_metric.score` computes them."""

    def scores_of(scores: list[SampleScore]) -> Value:
        from lamp_metric.predictions.scored_samples import measure

        if not scores:
            return {}
        facts = [sample.score.metadata or {} for sample in scores]
        answers = [sample.score.answer for sample in scores]
        return dict(measure(get_task(facts[0]["config"]), answers, [fact["gold"] for fact in facts]).scores)

    return scores_of


@scorer(metrics=[lamp_scores(), {"*": [mean(), stderr(cluster="user_id")]}])
def lamp_answers() -> Scorer:
    """Each answer as it is, with the values that make sense for a single sample, such as its absolute error."""

    async def score(state: TaskState, target: Target) -> Score:
        from lamp_metric.predictions.scored_samples import measure

        answer, gold = state.output.completion, target.text
        if not state.metadata["scored"]:
            return Score.unscored(answer=answer, explanation="the golds of this split are withheld")
        row = get_task(state.metadata["config"])
        measured = measure(row, [answer], [gold])
        return Score(
            value=measured.per_sample()["0"],
            answer=answer,
            reason="invalid_response_format" if measured.unusable else None,
            metadata={"config": row.name, "gold": gold},
        )

    return score
