"""``lamp-dataset list``, ``show`` and ``stats``: the dataset in a terminal."""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator
from itertools import islice

import click

from lamp_dataset.commands.command import SPLIT, Command, examples
from lamp_dataset.commands.shared_flags import ChosenRows, configs_argument, data_dir_option, row_options
from lamp_dataset.formats.files import find_files
from lamp_dataset.formats.texts import counted, printable, short
from lamp_dataset.hub.card import task_table
from lamp_dataset.task import SPLITS, Task
from lamp_dataset.tasks import TASKS, get_task


@click.command("list", cls=Command, epilog=examples("lamp-dataset list", "lamp-dataset list --family LaMP --markdown"))
@click.option("--family", help="Only the configs of this benchmark: LaMP or LongLaMP.")
@click.option("--markdown", is_flag=True, help="Print a Markdown table, with the licenses.")
def list_configs(family: str | None, markdown: bool) -> None:
    """List the configs by family: kind, scores, sample counts."""
    families: dict[str, list[Task]] = {}
    for task in TASKS.values():
        families.setdefault(task.family.name if task.family else "others", []).append(task)
    if family is not None and family not in families:
        raise ValueError(f"--family: expected one of {', '.join(families)}, found {short(family)}")
    shown = list(families.values()) if family is None else [families[family]]
    table = task_table if markdown else _table
    click.echo("\n\n".join(map(table, shown)))


def _table(tasks: list[Task]) -> str:
    lines = [("CONFIG", "KIND", "SCORES", *map(str.upper, SPLITS), "TASK")]
    for task in tasks:
        counts = ("?" if count is None else f"{count:,}" for count in map(task.num_samples.get, SPLITS))
        title = f"{task.title}{' (gated)' if task.gated else ''}"
        lines.append((task.name, task.kind, ", ".join(task.scores), *counts, title))
    return "\n".join("{:<22} {:<15} {:<24} {:>7} {:>11} {:>7}  {}".format(*cells) for cells in lines)


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset show LaMP_2 --data-dir sample",
        "lamp-dataset show LaMP_3_time --split test -n 2 --data-dir my/files",
        "lamp-dataset show LaMP_4 --id 310",
        "lamp-dataset show LaMP_5 --data-dir sample --find 'neural networks' --items 2",
    ),
)
@row_options()
@click.option("-n", "count", type=click.IntRange(1), default=1, show_default=True, help="Number of samples.")
@click.option("--id", "sample_id", help="Show the sample with this id instead of the first ones.")
@click.option("--items", type=click.IntRange(0), help="Show only this many items of a profile.")
@click.option("--find", help="Show only profile items with all of these words, and only samples with such an item.")
def show(rows: ChosenRows, count: int, sample_id: str | None, items: int | None, find: str | None) -> None:
    """Show samples of CONFIG with their profiles."""
    from datasets import load_dataset

    task, split, words = rows.task, rows.split, (find or "").casefold().split()
    stream = load_dataset("lamp", task.name, data_dir=rows.data_dir, splits=(split,), streaming=True)[split]
    named = (row for row in stream if sample_id in (None, row["id"]))
    found = ((row, [item for item in row["profile"] if _holds(item, words)]) for row in named)
    wanted = ((row, chosen) for row, chosen in found if chosen or not words)
    shown = 0
    for row, chosen in islice(wanted, min(count, sys.maxsize) if sample_id is None else 1):
        click.echo("\n".join(_sample(row, chosen, items, task, split)))
        shown += 1
    if not shown:
        which, like = "no sample" if sample_id is None else f"no sample with the id {short(sample_id)}", ""
        if sample_id is not None:
            like = f"; the first id is {short(next(iter(stream))['id'])}"
        nothing = f"there is {which}" if find is None else f"{which} has a profile item with the words {short(find)}"
        raise ValueError(f"{task.name}, split {split!r}: {nothing}{like}")


def _holds(item: dict, words: list[str]) -> bool:
    """Whether the fields of the item hold all the words, whatever their case."""
    text = " ".join(value for name, value in item.items() if name != "id" and value).casefold()
    return all(word in text for word in words)


def _sample(row: dict, chosen: list[dict], limit: int | None, task: Task, split: str) -> Iterator[str]:
    yield click.style(f"{task.name} · {split} · sample {printable(row['id'])}", bold=True)
    for name in (*task.row_fields[1:], "output"):
        yield from _field(name, row[name], indent=2)
    left_out = len(row["profile"]) - len(chosen[:limit])
    yield f"  profile: {counted(len(row['profile']), 'items')}{f', {left_out} of them not shown' if left_out else ''}"
    for item in chosen[:limit]:
        yield click.style(f"    item {printable(item['id'])}", bold=True)
        for name in task.item_fields[1:]:
            yield from _field(name, item[name], indent=6)
    yield ""


def _field(name: str, text: str | None, indent: int) -> list[str]:
    """A field as lines that fit the terminal; control characters are shown as escapes."""
    shown = "(withheld)" if text is None else printable(text)
    start = f"{' ' * indent}{name}: "
    width = max(40, shutil.get_terminal_size((100, 24)).columns)
    return textwrap.wrap(start + shown, width, subsequent_indent=" " * (indent + 2), drop_whitespace=True)


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset stats LaMP_3 --data-dir sample",
        "lamp-dataset stats LaMP_3 LaMP_3_time --data-dir my/files --split validation",
        "lamp-dataset stats LaMP_5_time --data-dir my/files --json > stats.json",
    ),
)
@configs_argument
@data_dir_option
@click.option("--split", type=SPLIT, help="Only this split; by default, every split that has files.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an object, or a list for several configs.")
def stats(configs: tuple[str, ...], data_dir: str | None, split: str | None, as_json: bool) -> None:
    """Show the figures and raw files of CONFIGS.

    These are samples, lengths, profile sizes, label shares and users, and each file's size and SHA-256. In configs
    without user ids, users are inferred: they share profiles that differ in at most one item. Time-based configs name
    their users; for these, the output says how accurate the inference is.
    """
    splits = tuple(SPLITS) if split is None else (split,)
    found = [_stats(task, data_dir, splits) for task in [get_task(config) for config in configs]]
    if as_json:
        click.echo(json.dumps(found[0] if len(found) == 1 else found, indent=2))
    else:
        click.echo("\n".join(line for figures in found for line in _report(figures)))


def _stats(task: Task, data_dir: str | None, wanted: tuple[str, ...]) -> dict:
    import datasets

    from lamp_dataset.loading.rows import split_stats
    from lamp_dataset.personalize.users.inference import user_figures

    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    loaded = datasets.load_dataset("lamp", task.name, data_dir=data_dir, splits=wanted)
    splits = {
        split: {
            **split_stats(rows.with_format("arrow").iter(batch_size=100), task),
            "users": user_figures(task, rows),
            "published": task.num_samples[split],
        }
        for split, rows in loaded.items()
    }
    files = next(iter(loaded.values())).info.download_checksums or _hashes(task, data_dir, wanted)
    return {"config": task.name, "splits": splits, "files": files}


def _hashes(task: Task, data_dir: str, splits: tuple[str, ...]) -> dict[str, dict]:
    """Size and SHA-256 of the files in a folder under their paths there, as the loader keeps them of downloads."""
    from lamp_dataset.loading.raw_files import PROVENANCE, hash_file

    folder = os.path.abspath(os.path.expanduser(data_dir))
    return {
        os.path.relpath(path, folder): dict(zip(("num_bytes", "checksum"), hash_file(path, PROVENANCE), strict=True))
        for files in find_files(task, folder, splits).values()
        for path in files.paths
    }


def _report(found: dict) -> Iterator[str]:
    yield click.style(found["config"], bold=True)
    for split, figures in found["splits"].items():
        published = figures["published"]
        other = "" if published in (None, figures["samples"]) else f"; the published split has {published:,}"
        yield f"  {split}: {counted(figures['samples'], 'samples')}{other}"
        for name in ("input_words", "output_words", "profile_size"):
            line = "mean {mean:.2f} ± {sd:.2f}, min {min}, median {median:g}, max {max}"
            shown = "(withheld)" if figures[name] is None else line.format(**figures[name])
            yield f"    {name.replace('_', ' '):13} {shown}"
        yield f"    users         {_users_line(figures['users'])}"
        if "labels" in figures:
            yield f"    labels        {', '.join(f'{printable(k)} {v:.1%}' for k, v in figures['labels'].items())}"
    yield "  files"
    for path, file in found["files"].items():
        yield f"    {path}  {file['num_bytes']:,} bytes  sha256 {file['checksum']}"


def _users_line(users: dict) -> str:
    found = f"{users['number']:,}{' (inferred)' if users['inferred'] else ''}"
    if users["number"]:
        found += "; samples per user: median {median:g}, max {max}".format(**users["samples_per_user"])
    judged = users.get("inference")
    if judged is None:
        return found
    if users["number"] and users["samples_per_user"]["max"] == 1 and 2 * judged["merged"] > users["number"]:
        shared = f"{judged['merged']:,} of them share their profiles with others"
        return f"{found}; these look like samples, not users: {shared}"
    judgement = "{found:,} found, {split:,} split, {merged:,} merged".format(**judged)
    return f"{found}; inferred from profiles alone: {judgement}"
