"""Two or more systems, each against a baseline: differences, intervals, corrected p-values, and who won with whom."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from statistics import fmean, stdev
from typing import Any

import numpy as np
from tqdm import tqdm

from lamp_dataset.formats.texts import check_same_ids, short
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.measures import chosen
from lamp_metric.predictions.reading import as_list
from lamp_metric.predictions.scored_samples import (
    SIGNED,
    ScoredSamples,
    answers_of,
    choose,
    measure,
    samples_of_values,
    warn_of_remarks,
)
from lamp_metric.result_tables.comparison_table import Comparison, Contrast, Pair, System
from lamp_metric.signature import Resampling, is_few, signature
from lamp_metric.statistics.resampling import (
    Resampled,
    Units,
    detectable_difference,
    few_units,
    holm,
    interval_of,
    least_p,
    p_values,
    resampled_scores,
    student_error,
    users_as_samples,
)

#: The runs of one system, all of the same samples in the same order.
Runs = Sequence[ScoredSamples]
#: A system and what it is compared with.
Names = tuple[str, str]
#: Smaller differences of means, and smaller standard errors, are 0: in exact arithmetic they would be.
_ZERO = 1e-12


def compare(
    systems: Mapping[str, Any],
    *,
    task: str | Task,
    references: Iterable[Any],
    ids: Iterable[str] | None = None,
    users: Iterable[Any] | None = None,
    baseline: str | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 10_000,
    seed: int = 0,
    extract_answers: bool = False,
    also: Iterable[str] = (),
    without: Iterable[str] = (),
    average: str = "samples",
    answers: str = "mean",
    all_pairs: bool = False,
) -> Comparison:
    """Compare two or more systems on the same samples, each to the baseline.

    Args:
        systems: name -> predictions in the order of ``references``, as for :func:`lamp_metric.score`, or sample id ->
            prediction, as :func:`lamp_metric.read_predictions` gives them. Each prediction may be a list of several
            answers to the sample. Or a list of all that: the runs of one system with several seeds, whose scores are
            averaged.
        task: config name.
        references: the golds.
        ids: names of the samples, for messages and for predictions by id.
        users: the user of each sample, in the order of ``references``, see :func:`lamp_dataset.users_of`. Resamples
            then draw users, and the test swaps all samples of a user at once: samples from one user are alike, and a
            test that treats them as independent finds differences where there are none.
        baseline: one of the names; by default the first.
        confidence_level: of the differences' intervals (paired percentile bootstrap; of means over fewer than 30 users,
            or samples if users are not known, Student's t).
        n_resamples: number of resamples, and of random swaps in the test.
        seed: of both.
        extract_answers: use what :func:`lamp_metric.extract_answer` finds. Not part of the official scores.
        also: measures beside the scores, see :func:`lamp_metric.score`.
        without: scores to leave out, see there.
        average: ``"samples"``, or ``"users"`` for the means of the users' own scores; without macro F1 and corpus
            scores, which a single sample does not have.
        answers: which run's answer to a sample counts: ``"mean"`` for the mean of their scores, ``"best"`` for the best
            by gold (head-room, not a score), ``"majority"`` for the most frequent label or rating.
        all_pairs: compare every two systems as well, with p-values corrected for all pairs of a score.

    Warns:
        UserWarning: as for :func:`lamp_metric.score`.

    Raises:
        ValueError: as for :func:`lamp_metric.score`, with the system's name; or there are fewer than two systems, the
            baseline is not one of them, or lists of lists, as many as samples, may be runs as well as answers.

    >>> found = compare({"none": ["4", "1"], "own": ["5", "2"]}, task="LaMP_3", references=["5", "2"])
    >>> found.contrasts["own"]["MAE"].difference, found.contrasts["own"]["MAE"].wins
    (-1.0, 2)
    """
    resampling = Resampling(confidence_level, n_resamples, seed)
    if answers not in ("mean", *SIGNED):
        raise ValueError(f"answers: expected one of mean, {', '.join(SIGNED)}, found {short(answers)}")
    task, options = get_task(task), {"extract_answers": extract_answers, "also": chosen(also, without)}
    lists = {"references": references, "ids": ids, "users": users}  # generators, which can be read only once, as lists
    given = {name: values if values is None else as_list(values, name) for name, values in lists.items()}
    scored = {}
    for name, predictions in systems.items():
        side, runs = f"system {name!r}: prediction", []
        for run in runs_of(predictions, f"system {name!r}", len(given["references"]), given["ids"]):
            said = as_list(run, "predictions")
            if len(said) != len(given["references"]):
                expected = f"expected as many predictions as references, {len(given['references'])}"
                raise ValueError(f"system {name!r}: {expected}, found {len(said)}")
            drawn = answers_of(said, side, given["ids"])
            scores = [measure(task, one, **given, **options, sides=(side, "reference")) for one in drawn]
            runs += [replace(samples, answers=len(drawn)) for samples in scores]
        scored[name] = choose(runs, answers, **options)
    warn_of_remarks([samples for runs in scored.values() for samples in runs])
    signed = {"extract_answers": extract_answers, "answers": SIGNED.get(answers), "all_pairs": all_pairs}
    return compare_systems(scored, baseline, resampling, average=average, **signed)


def compare_values(
    systems: Mapping[str, Any],
    *,
    users: Mapping[str, Any] | None = None,
    higher_is_better: bool = True,
    baseline: str | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 10_000,
    seed: int = 0,
    average: str = "samples",
) -> Comparison:
    """Compare two or more systems by values that were computed elsewhere, such as those of a judge.

    Args:
        systems: name -> sample id -> number, the same ids for all; or a list of such mappings, one for each seed.
        users: sample id -> user, see :func:`compare`.
        higher_is_better: False for errors.
        baseline: as for :func:`compare`, and so are all others.

    Raises:
        ValueError: a value is not a finite number, an id is missing or has no user; or as for :func:`compare`.

    >>> found = compare_values({"none": {"310": 6, "311": 5}, "own": {"310": 8, "311": 5}})
    >>> found.contrasts["own"]["value"].difference, found.contrasts["own"]["value"].ties
    (1.0, 1)
    """
    resampling = Resampling(confidence_level, n_resamples, seed)
    runs = {name: [values] if isinstance(values, Mapping) else list(values) for name, values in systems.items()}
    ids = list(next((run for found in runs.values() for run in found), ()))
    missing = [sample_id for sample_id in ids if users is not None and sample_id not in users]
    if missing:
        raise ValueError(f"users: {len(missing)} of {len(ids)} samples have none (first: {short(missing[0])})")
    whose = None if users is None else [users[sample_id] for sample_id in ids]
    scored = {
        name: [samples_of_values(f"system {name!r}", run, ids, whose, higher_is_better) for run in found]
        for name, found in runs.items()
    }
    return compare_systems(scored, baseline, resampling, average=average)


def runs_of(predictions: Any, name: str, n: int, ids: Sequence[str] | None = None) -> list[Any]:
    """The runs of the system ``name`` on ``n`` samples, each with its predictions in the samples' order.

    A list of lists is several runs, or the answers to each sample, which its lengths tell; ValueError if they do not.
    """
    if isinstance(predictions, Mapping) and not isinstance(predictions.get("golds"), list):
        return [_by_id(predictions, name, ids)]
    if not isinstance(predictions, (list, tuple)) or not predictions:
        return [predictions]
    if all(isinstance(one, Mapping) and not {"id", "output"} & one.keys() for one in predictions):
        return [_by_id(run, name, ids) for run in predictions]
    if not all(map(_is_list, predictions)):
        return [predictions]
    runs = [as_list(run, "predictions") for run in predictions]
    if len(runs) != n or any(_is_list(value) for run in runs for value in run):
        return runs
    if n > 1 and all(len(run) == n for run in runs):
        raise ValueError(
            f"{name}: {n} lists of {n} may be {n} runs, or {n} answers to each of the {n} samples: pass a mapping from "
            "sample id to prediction for each run, or [predictions] for a single run whose predictions are lists"
        )
    return [runs] if any(len(run) != n for run in runs) else runs


def _is_list(value: Any) -> bool:
    """Whether ``value`` is several predictions: one is a string, a number or a record."""
    single = isinstance(value, (str, bytes, Mapping)) or getattr(value, "ndim", 1) == 0
    return hasattr(value, "__iter__") and not single


def _by_id(run: Mapping[str, Any], name: str, ids: Sequence[str] | None) -> list[Any]:
    if ids is None:
        raise ValueError(f"{name}: predictions by sample id need the samples' ids: pass ids=[…]")
    check_same_ids(run, ids, (name, "ids"))
    return [run[sample_id] for sample_id in ids]


def compare_systems(
    systems: Mapping[str, Runs],
    baseline: str | None,
    resampling: Resampling,
    *,
    extract_answers: bool = False,
    average: str = "samples",
    all_pairs: bool = False,
    answers: str | None = None,
    **signed: Any,
) -> Comparison:
    """What :func:`lamp_metric.compare` returns, for runs that are scored already.

    ``answers`` and ``signed`` are for the signature.
    """
    known = ", ".join(map(repr, systems)) or "none"
    if len(systems) < 2:
        raise ValueError(f"expected two systems or more to compare, found {known}")
    baseline = next(iter(systems)) if baseline is None else baseline
    if baseline not in systems:
        raise ValueError(f"baseline: expected one of the systems {known}, found {baseline!r}")
    if average not in ("samples", "users"):
        raise ValueError(f"average: expected 'samples' or 'users', found {average!r}")
    given, numbers = systems[baseline][0], _numbers(systems, answers)
    if average == "users":
        systems = {name: [users_as_samples(run) for run in runs] for name, runs in systems.items()}
    drawn = iter(resampled_scores([run for runs in systems.values() for run in runs], resampling))
    resampled = {}
    for name, runs in systems.items():
        some = [next(drawn) for _ in runs]
        resampled[name] = {key: sum(run[key] for run in some) / len(some) for key in some[0]}
    found = {name: _system(runs, resampled[name], resampling.confidence_level) for name, runs in systems.items()}
    names = [baseline, *(name for name in systems if name != baseline)]
    pairs = [(other, one) for one, other in combinations(names, 2)]  # those with the baseline come first
    tested = tqdm(pairs if all_pairs else pairs[: len(names) - 1], desc="Testing", unit=" pairs", delay=2)
    p = {(name, base): p_values(systems[name], systems[base], resampling) for name, base in tested}
    with_baseline = {pair: values for pair, values in p.items() if pair[1] == baseline}
    contrasts = _contrasts(systems, with_baseline, found, resampled, resampling)
    every = _contrasts(systems, p, found, resampled, resampling) if all_pairs else {}
    scorer = systems[baseline][0].scorer
    signed = {"extracted": extract_answers, **numbers, **signed, **given.scorer.signed}
    signed |= {"keys": list(scorer.higher_is_better), "means": scorer.means, "test": "paired-randomization"}
    signed |= {"pairs": "all" if all_pairs else None, "average": average if average != "samples" else None}
    name = given.task.name if given.task else None
    higher = dict(scorer.higher_is_better)
    lost = [key for key in given.scorer.higher_is_better if key not in higher]
    units = given.n if given.n_users is None else given.n_users
    no_means = [key for key in higher if key not in scorer.means or units == 1]
    least = len(p) * least_p(units, resampling.n_resamples)
    if len(p) > 1 and least >= 1 - resampling.confidence_level:
        which = "more users" if 2**units <= resampling.n_resamples else "more resamples"
        hopeless = [f"{len(p)} comparisons: no p (Holm) can be below {min(1.0, least):.2g}; that takes {which}"]
    else:
        hopeless = []
    no_mean = [f"{', '.join(lost)}: no mean over samples, so left out of the users' means"] if lost else []
    return Comparison(
        task=name,
        n=given.n,
        users=given.n_users,
        baseline=baseline,
        systems=found,
        contrasts={name: contrasts[name, baseline] for name in names[1:]},
        notes=[*no_mean, *hopeless, *few_units(given.n, given.n_users, resampling.n_resamples, no_means)],
        signature=signature(name, given.n, resampling, given.n_users, **signed),
        higher_is_better=higher,
        pairs=[Pair(*pair, key, one) for pair, of_keys in every.items() for key, one in of_keys.items()]
        if all_pairs
        else None,
    )


def _numbers(systems: Mapping[str, Runs], rule: str | None) -> dict[str, str | None]:
    """For the signature: how many runs each system has and of how many answers, if any has several."""
    answers = []
    for name, of_one in systems.items():
        counts = sorted({run.answers for run in of_one})
        if len(counts) > 1:  # the mean over all answers would not be that over the runs
            found = f"found {' and '.join(map(str, counts))}"
            raise ValueError(f"system {name!r}: expected as many answers to a sample in each run, {found}")
        answers += counts
    runs = [max(1, round(sum(1 / run.answers for run in of_one))) for of_one in systems.values()]
    shown = {}
    for name, numbers in (("runs", runs), ("answers", answers)):
        distinct = numbers[:1] if len(set(numbers)) == 1 else numbers
        shown[name] = ",".join(map(str, distinct)) if max(numbers) > 1 else None
    return shown | {
        "answers": f"{rule} of {shown['answers']}" if rule and shown["answers"] else rule or shown["answers"]
    }


def _system(runs: Runs, resampled: Resampled, level: float) -> System:
    columns = {key: [run.scores[key] for run in runs] for key in runs[0].keys}
    units = Units.of(runs[0].n, runs[0].users)
    return System(
        scores={key: fmean(column) for key, column in columns.items()},
        intervals={key: interval_of(_mean_values(runs, key), units, resampled[key], level) for key in columns},
        runs=len(runs),
        spread={key: stdev(column) for key, column in columns.items()} if len(runs) > 1 else None,
        unusable=sum(len(run.unusable) for run in runs),
        wrapped=sum(len(run.wrapped) for run in runs),
    )


def _contrasts(
    systems: Mapping[str, Runs],
    p: Mapping[Names, Mapping[str, float]],
    found: Mapping[str, System],
    resampled: Mapping[str, Resampled],
    resampling: Resampling,
) -> dict[Names, dict[str, Contrast]]:
    """The contrast of each pair in each score, from their p-values, which are corrected for the number of pairs."""
    level, first = resampling.confidence_level, next(iter(systems.values()))[0]
    units = Units.of(first.n, first.users)
    contrasts: dict[Names, dict[str, Contrast]] = {pair: {} for pair in p}
    for key in first.keys:
        higher = first.scorer.higher_is_better[key]
        corrected = holm([values[key] for values in p.values()])
        for (name, base), p_holm in zip(p, corrected, strict=True):
            wins, ties, losses = outcomes(systems[name], systems[base], key) or (None, None, None)
            score, other = found[name].scores[key], found[base].scores[key]
            drawn = resampled[name][key] - resampled[base][key]
            ours, theirs = (_mean_values(systems[one], key) for one in (name, base))
            gaps = None if ours is None else np.subtract(ours, theirs)
            error, df = float(drawn.std()), None
            if gaps is not None and is_few(len(units.sizes)):
                error, df = student_error(units.sums(gaps[:, None])[:, 0], units.sizes)
            can_show = error > _ZERO and least_p(len(units.sizes), resampling.n_resamples) < 1 - level
            contrasts[name, base][key] = Contrast(
                difference=score - other,
                difference_ci=interval_of(gaps, units, drawn, level),
                standard_error=error,
                detectable=detectable_difference(error, level, df) if can_show else None,
                p_value=p[name, base][key],
                p_holm=p_holm,
                better=None if score == other else name if (score > other) == higher else base,
                wins=wins,
                ties=ties,
                losses=losses,
            )
    return contrasts


def _mean_values(runs: Runs, key: str) -> list[float] | None:
    """The samples' values of a score that is their mean, averaged over runs; None for other scores."""
    return sample_values(runs, key) if key in runs[0].scorer.means else None


def sample_values(runs: Runs, key: str) -> list[float] | None:
    """Each sample's part in a score, averaged over runs; None for macro F1. See :meth:`ScoredSamples.values`."""
    columns = [run.values(key) for run in runs]
    return None if columns[0] is None else [math.fsum(row) / len(runs) for row in zip(*columns, strict=True)]


def outcomes(runs: Runs, baseline: Runs, key: str) -> tuple[int, int, int] | None:
    """Wins, ties and losses of the system, counted over users, or samples if users are not known; None for macro F1."""
    ours, theirs = sample_values(runs, key), sample_values(baseline, key)
    if ours is None or theirs is None:
        return None
    means = Units.of(len(ours), runs[0].users).means(runs[0].scorer.sign(key) * (np.array(ours) - theirs))
    wins, losses = int((means > _ZERO).sum()), int((means < -_ZERO).sum())
    return wins, len(means) - wins - losses, losses
