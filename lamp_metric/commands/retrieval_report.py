"""``retrieval``: rankers judged without a model."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lamp_dataset.commands.command import examples, subset_options, user_column_option
from lamp_dataset.commands.shared_flags import (
    FLAGS,
    RETRIEVER_FLAGS,
    ChosenRows,
    limit_option,
    named_by_flags,
    prompt_flags,
    row_options,
)
from lamp_metric.commands.shared import FILE, Several, resampling_options
from lamp_metric.result_tables.text_and_csv import interval, table
from lamp_metric.signature import Resampling

#: Option of a retriever -> how it is written here, where --seed is that of the resampling.
FLAGS_HERE = {**FLAGS, "seed": "--random-seed"}


@click.command(
    cls=Several,
    epilog=examples(
        "lamp-metric retrieval LaMP_3 --data-dir my/files --retriever bm25 random -k 1 4 16",
        "lamp-metric retrieval LaMP_4_time --data-dir sample --retriever bm25 recency -k 1 2 --json",
        "lamp-metric retrieval LaMP_5_time --retriever bm25 recency rrf --ranker bm25 recency",
        "lamp-metric retrieval LaMP_4 --split train --feedback feedback.json --retriever bm25 random",
    ),
)
@row_options(subset_options, user_column_option, limit_option)
@click.option(
    "--feedback", type=FILE, help="Judge by what each item is worth to a model: what lamp-metric feedback wrote."
)
@click.option(
    "--retriever", "names", multiple=True, default=["bm25"], help="Any of bm25, recency, random, first, dense, rrf."
)
@click.option("-k", "--k", "ks", type=click.IntRange(1), multiple=True, default=[1, 4, 16], help="One or several.")
@prompt_flags("use_date")
@click.option("--rules", default="official", show_default=True, help="Rules for the query: official or fixed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@resampling_options(0.95, 1000)
@prompt_flags(*RETRIEVER_FLAGS, flags=FLAGS_HERE)
def retrieval(
    rows: ChosenRows,
    feedback: Path | None,
    names: Sequence[str],
    ks: Sequence[int],
    use_date: bool | None,
    rules: str,
    as_json: bool,
    random_seed: int | None,
    drawn: Resampling,
    **options: Any,
) -> None:
    """Judge retrievers on CONFIG without a model.

    How well do the top k items match the gold? Tasks with labels: how often one of the top k items has the gold label
    (hit), and what share of them has it (share). Titles: ROUGE of the best of their titles against the gold. For
    several retrievers, also the overlap: the share of the top k that two of them have in common. Intervals draw users,
    not samples.

    With --feedback: nDCG, how many of the top k help, their mean score beside that of no item and of the best one, and
    the share of that gain which they attain.

    CONFIG comes first, since --retriever, -k and --ranker take all values that follow.
    """
    task, use_date = rows.task, bool(use_date)
    from lamp_metric.judged_retrieval import check_output_field, judge_retrieval
    from lamp_metric.learning.item_feedback import read_feedback

    if feedback is None:
        check_output_field(task)
    options["seed"] = random_seed
    made = {name: ranker.ranker for name, ranker in _personalizers(rows.config, names, use_date, rules, options)}
    whole = replace(rows, users=None, samples=None, limit=None)
    worths = None if feedback is None else read_feedback(feedback, whole.load())
    judged = judge_retrieval(task, rows.load(), made, ks, rules, use_date, worths)
    found = judged.means(drawn)
    about = {"task": rows.config, "split": rows.split, "n": len(judged.users), "users": len(set(judged.users))}
    about |= {"users_inferred": not task.names_users and rows.user_column is None}
    about |= {"confidence": drawn.confidence_level, "resamples": drawn.n_resamples, "seed": drawn.seed}
    click.echo(
        json.dumps({**about, "figures": found}, allow_nan=False) if as_json else _text(about, judged.figures, found)
    )


def _personalizers(
    config: str, names: Sequence[str], use_date: bool, rules: str, options: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Each retriever's name and a personalizer with it, which checks what config and options allow."""
    from lamp_dataset.personalize.personalizer import Personalizer
    from lamp_dataset.personalize.retrieval.rankers import options_of

    given = {name: value for name, value in options.items() if value not in (None, ())}
    with named_by_flags({**given, "retriever": None}, FLAGS_HERE):
        known = {name: set() if ":" in name else options_of(name, given.get("rankers", ())) for name in names}
        taken = {name: {o: value for o, value in given.items() if o in known[name]} for name in names}
        for option in given:
            if not any(option in some for some in taken.values()):
                raise ValueError(f"{' '.join(names)}: unknown option {option!r}")
    for name in names:
        with named_by_flags({**taken[name], "retriever": name}, FLAGS_HERE):
            made = Personalizer(config, retriever=name, rules=rules, use_date=use_date, **taken[name])
        yield name, made


def _text(about: Mapping[str, Any], meanings: Mapping[str, str], found: Sequence[Mapping[str, Any]]) -> str:
    """The figures as a table with a row for each figure and retriever, and what they mean."""
    ks = list(dict.fromkeys(one["k"] for one in found))
    rows = [["figure", "retriever", *(f"k={k}" for k in ks)]]
    for start in range(0, len(found), len(ks)):
        some = [("?" if one["value"] is None else f"{one['value']:.4f}", one) for one in found[start : start + len(ks)]]
        cells = [f"{value} {interval(one['interval'])}".rstrip() for value, one in some]
        rows.append([found[start]["figure"], " and ".join(found[start]["retrievers"]), *cells])
    legend = (f"{figure}: {meanings[figure]}" for figure in dict.fromkeys(one["figure"] for one in found))
    inferred = " (inferred)" if about["users_inferred"] else ""
    samples = f"{about['task']}, {about['split']}: samples {about['n']:,}, users {about['users']:,}{inferred}"
    return "\n".join([table(rows), "", *legend, "", samples])
