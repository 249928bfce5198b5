"""``lamp-dataset export`` and ``lamp-dataset push``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from lamp_dataset.commands.command import Command, examples, say
from lamp_dataset.commands.shared_flags import configs_argument, data_dir_option
from lamp_dataset.formats.texts import counted, counted_each

if TYPE_CHECKING:
    from lamp_dataset.hub.push import PushResult


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset export LaMP_2 --data-dir sample --output out/",
        "lamp-dataset export LaMP_2 LaMP_3_time --output out/",
        "lamp-dataset export LaMP_6 --data-dir my/files --output out/",
    ),
)
@configs_argument
@click.option("--output", "-o", required=True, type=click.Path(), help="Folder to write; replaces an older export.")
@data_dir_option
def export(configs: tuple[str, ...], output: str, data_dir: str | None) -> None:
    """Write CONFIGS as Parquet files with a dataset card.

    Plain datasets, polars, duckdb and Spark can read the folder. It appears once everything is written.
    """
    from lamp_dataset.hub.export import export

    _show_rows(export(configs, output, data_dir))
    say(f"written to {output}")


@click.command(
    cls=Command,
    epilog=examples(
        "lamp-dataset push me/lamp-private LaMP_2 --dry-run",
        "lamp-dataset push me/lamp-private LaMP_2 LaMP_6 --data-dir my/files --acknowledge-license",
    ),
)
@click.argument("repo_id", metavar="REPO")
@configs_argument
@data_dir_option
@click.option(
    "--acknowledge-license",
    is_flag=True,
    help="I have read the license of the gated configs, and it allows a private copy on this server.",
)
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would be sent, and where.")
def push(
    repo_id: str, configs: tuple[str, ...], data_dir: str | None, acknowledge_license: bool, dry_run: bool
) -> None:
    """Put CONFIGS into your private dataset on the Hub.

    REPO is its name, namespace/name; one commit holds all. The repository is created if it does not exist; nothing is
    sent to a public one. After a failure, run it again: it sends what is missing. The token comes from HF_TOKEN or from
    'hf auth login'.
    """
    # read once, when datasets is imported: without it, a load sends the repository's name to a public bucket
    os.environ["HF_UPDATE_DOWNLOAD_COUNTS"] = "0"
    from lamp_dataset.hub.push import push_to_hub

    _show(push_to_hub(repo_id, configs, data_dir, acknowledge_license, dry_run=dry_run), dry_run)


def _show(result: PushResult, dry_run: bool) -> None:
    verb = ("would send", "would remove") if dry_run else ("committed", "removed")
    for path, size in result.sizes.items():
        say(f"{verb[0]} {path} ({_shown(size)})")
    for path in result.removed:
        say(f"{verb[1]} {path}")
    _show_rows(result.num_rows)
    say(f"{result.url} ({result.visibility}): {_outcome(result)}")


def _outcome(result: PushResult) -> str:
    if result.new_commit:
        return f"commit {result.commit}"
    if result.commit:
        return f"nothing to send, commit {result.commit} holds everything"
    return f"would send {counted(len(result.sizes), 'files')}, {_shown(sum(result.sizes.values()))}"


def _show_rows(num_rows: dict[str, dict[str, int]]) -> None:
    for config, splits in num_rows.items():
        say(f"{config}: {counted_each(splits, 'rows')}")


def _shown(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"
