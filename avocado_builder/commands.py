"""The subcommands of ``avocado-builder``: ``build`` and ``check``."""

import os
from collections.abc import Mapping
from types import MappingProxyType

import click

from avocado_builder.collection import GATED, configs_of
from lamp_dataset.commands.command import Command, DataDir, examples, say, stacked
from lamp_dataset.formats.files import SAMPLE
from lamp_dataset.formats.texts import counted, counted_each
from lamp_dataset.task import SETTINGS, SPLITS
from lamp_dataset.tasks import BASE_URL

#: A tiny made-up collection in the layout of the licensed one, with its id files.
SAMPLE_COLLECTION = os.path.join(SAMPLE, "avocado")

_COLLECTION = DataDir(SAMPLE_COLLECTION)
_FOLDER = click.Path(file_okay=False)
_SPLIT = click.Choice(list(SPLITS))
_FILE = click.Path(dir_okay=False)
_IDS_HELP = (
    "Folder of the id files train_questions.json, dev_questions.json and test_questions.json: side by side, or each in "
    "a folder train, dev or test, or in either way below the config's folder, such as "
    f"{' or '.join(task.path for task in configs_of(None).values())}. Without this option they are fetched."
)
_NAMES_HELP = "The collection (or sample): check that every named email exists, by name only; build reads the emails."
_SETTING_HELP = (
    "Which id files to fetch, or to take from a folder that holds both; user by default. Otherwise, the files "
    "show their setting, and it is an error if this option differs."
)

#: The options for id files, common to both commands.
_id_options = stacked(
    click.option("--ids-dir", type=_FOLDER, help=_IDS_HELP),
    click.option("--split", "splits", multiple=True, type=_SPLIT, help="Only this split; repeatable."),
    click.option("--setting", type=click.Choice(SETTINGS), help=_SETTING_HELP),
    click.option(
        "--task", type=click.Choice(list(GATED)), default=next(iter(GATED)), show_default=True, help="Which gated task."
    ),
    click.option("--base-url", default=BASE_URL, show_default=True, help="Where to fetch the id files."),
)


@click.command(
    cls=Command,
    epilog=examples(
        "avocado-builder build --avocado-dir avocado-1.0.2 --ids-dir lamp6_ids --output-dir lamp6",
        "avocado-builder build --avocado-dir avocado-1.0.2 --output-dir lamp6_time --setting time",
        "avocado-builder build --avocado-dir avocado-1.0.2 --output-dir lamp6 --split train --split validation",
        "avocado-builder build --avocado-dir avocado-1.0.2 --ids-dir my_ids --output-dir emails --task LongLaMP_email",
        "avocado-builder build --avocado-dir sample --output-dir tried",
    ),
)
@click.option(
    "--avocado-dir",
    "--avocado_files_dir",
    required=True,
    type=_COLLECTION,
    help="The collection's folder, or the word sample for a tiny made-up one that comes with its id files.",
)
@click.option("--output-dir", "--output_dir", required=True, type=click.Path(), help="The folder to create.")
@_id_options
@click.option("--overwrite", is_flag=True, help="Replace a folder built before, once the new one is complete.")
@click.option("--input_question_file_train", "train", type=_FILE, help="Id file for train, instead of --ids-dir.")
@click.option("--input_question_file_dev", "validation", type=_FILE, help="Id file for validation.")
@click.option("--input_question_file_test", "test", type=_FILE, help="Id file for test.")
@click.option("--time_based_separation", is_flag=True, help="Same as --setting time.")
@click.option("--extract_addr", type=click.Path(), help="Accepted but never touched: nothing is extracted.")
def build(
    avocado_dir: str,
    output_dir: str,
    ids_dir: str | None,
    splits: tuple[str, ...],
    setting: str | None,
    task: str,
    base_url: str,
    overwrite: bool,
    time_based_separation: bool,
    extract_addr: str | None,
    **id_files: str | None,
) -> None:
    """Build the task's files. The flags of the benchmark's own script work as well."""
    from avocado_builder.building import build as build_folder
    from avocado_builder.built_files import summary

    given = {split: path for split, path in id_files.items() if path is not None}
    if given and ids_dir:
        raise click.UsageError("give either --ids-dir or --input_question_file_…, not both")
    if time_based_separation and setting == "user":
        raise click.UsageError("--time_based_separation contradicts --setting user")
    if extract_addr is not None:
        say(f"--extract_addr {extract_addr}: not touched; nothing is extracted", err=True)
    manifest = build_folder(
        avocado_dir,
        _ids_dir(avocado_dir, ids_dir, given),
        output_dir,
        overwrite,
        splits=splits,
        setting="time" if time_based_separation else setting,
        id_files=given,
        base_url=base_url,
        task=task,
    )
    for line in summary(manifest, configs_of(task)[manifest["setting"]]):
        say(line)
    say(f"{output_dir} is complete. {manifest['notice']}")
    say(f'Load it: load_dataset("lamp", "{manifest["config"]}", data_dir="{output_dir}")')


@click.command(
    cls=Command,
    epilog=examples(
        "avocado-builder check --avocado-dir avocado-1.0.2 --ids-dir lamp6_ids",
        "avocado-builder check --output-dir lamp6",
    ),
)
@click.option("--avocado-dir", type=_COLLECTION, help=_NAMES_HELP)
@click.option("--output-dir", type=click.Path(), help="A built folder: check that it is complete and unchanged.")
@_id_options
def check(
    avocado_dir: str | None,
    output_dir: str | None,
    ids_dir: str | None,
    splits: tuple[str, ...],
    setting: str | None,
    task: str,
    base_url: str,
) -> None:
    """Check a collection against the id files, or check a built folder. Nothing is written.

    Exit status: 0 if all is well; 1 if a built folder has no errors, but is not the whole published task or has no
    manifest to compare with; 2 on errors.
    """
    if (avocado_dir is None) == (output_dir is None):
        raise click.UsageError("give either --avocado-dir or --output-dir")
    if output_dir is not None:
        from avocado_builder.built_files import check_output

        verdict = check_output(output_dir)
        state = "intact" if verdict.has_manifest else "well-formed"
        say(
            "\n".join(
                [
                    f"{output_dir}: {state} {verdict.task.name} ({counted_each(verdict.rows, 'samples')})",
                    *verdict.remarks,
                ]
            )
        )
        if verdict.remarks:
            raise click.exceptions.Exit(1)
    else:
        from avocado_builder.building import check_collection

        ids_dir = _ids_dir(avocado_dir, ids_dir)
        ids = check_collection(avocado_dir, ids_dir, splits=splits, setting=setting, base_url=base_url, task=task)
        rows = counted_each({split: file.rows for split, file in ids.files.items()}, "samples")
        say(f"{avocado_dir}: {counted(len(ids.needed), 'emails')} of {ids.task.name}, all there ({rows})")
        say("only names were checked; whether the emails can be read will show when build reads them")


def _ids_dir(avocado_dir: str, ids_dir: str | None, given: Mapping[str, str] = MappingProxyType({})) -> str | None:
    """The sample comes with its id files; those of the site name other mails."""
    own = avocado_dir == SAMPLE_COLLECTION and not given
    return ids_dir or (os.path.join(SAMPLE_COLLECTION, "ids") if own else None)
