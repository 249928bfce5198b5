"""Build the gated task from the id files and the collection, whole or not at all."""

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from avocado_builder.built_files import foreign_names, read_manifest, write_manifest, write_split
from avocado_builder.collection import Collection, NeededMails, configs_of, locate, open_collection, read_mails
from avocado_builder.id_files import Ids, fetch_ids, find_id_files, read_ids
from avocado_builder.mail import parse_mail, warnings_of
from lamp_dataset.atomic import check_replaceable, real_path, whole_folder, work_folder
from lamp_dataset.formats.texts import short
from lamp_dataset.loading.raw_files import PROVENANCE, hash_file
from lamp_dataset.task import SETTINGS, SPLITS
from lamp_dataset.tasks import BASE_URL

log = logging.getLogger(__name__)

PathLike = str | os.PathLike[str]


def build(
    avocado_dir: PathLike,
    ids_dir: PathLike | None,
    output_dir: PathLike,
    overwrite: bool = False,
    *,
    splits: tuple[str, ...] = (),
    setting: str | None = None,
    id_files: Mapping[str, PathLike] | None = None,
    base_url: str = BASE_URL,
    task: str | None = None,
) -> dict[str, Any]:
    """Build the gated task from a licensed copy of the collection.

    The collection is only read. The output folder appears in one step, when all files are written and on disk.

    Args:
        avocado_dir: the collection: its root, ``data``, ``data/text`` or a folder of extracted accounts.
        ids_dir: the folder of the id files; None fetches them from the benchmark's site.
        output_dir: the folder to create; its parent must exist.
        overwrite: replace a folder that this builder made before.
        splits: train, validation, test or some of them; empty for all that have an id file (the manifest and a logged
            warning name the others).
        setting: ``"user"`` or ``"time"``: which id files to fetch, or to take from a folder that holds both. None means
            ``"user"`` in these two cases; otherwise the id files show their setting. If given, it must agree with them.
        id_files: split -> id file, instead of ``ids_dir``.
        base_url: the site, or a mirror with the same layout.
        task: the gated task, such as ``"LongLaMP_email"``; by default the first, of LaMP.

    Returns:
        The manifest, which is also written into the folder.

    Raises:
        ValueError, OSError: the input is wrong, the disk is full, another run is writing the same folder, or the
            folder exists. No incomplete output is left behind.
    """
    collection = open_collection(avocado_dir)
    target = real_path(Path(output_dir).expanduser())
    _check_place(target, collection)
    with (
        whole_folder(target, lambda path: _check_replaceable(path, overwrite), 0o700) as work,
        _id_file_paths(ids_dir, splits, setting, id_files, base_url, task) as (paths, left_out),
    ):
        return _build(collection, read_ids(paths, setting, task, work), left_out, work)


@contextmanager
def _id_file_paths(
    ids_dir: PathLike | None,
    splits: tuple[str, ...],
    setting: str | None,
    id_files: Mapping[str, PathLike] | None,
    base_url: str,
    task: str | None,
) -> Iterator[tuple[dict[str, Path], dict[str, str]]]:
    """Split -> id file, and split without one -> a sentence; without any, they are fetched into a temporary folder."""
    _check_choice("setting", (setting,) if setting else (), SETTINGS)
    _check_choice("splits", (*splits, *(id_files or ())), tuple(SPLITS))
    if id_files:
        _check_choice("splits", splits, tuple(id_files))
        yield {split: Path(id_files[split]).expanduser() for split in splits or id_files}, {}
    elif ids_dir is not None:
        paths, left_out = find_id_files(ids_dir, splits, setting, task)
        for reason in left_out.values():
            log.warning("%s: %s", ids_dir, reason)
        yield paths, left_out
    else:
        config = configs_of(task)[setting or "user"]
        if config.family.base_url is None and base_url == BASE_URL:
            raise ValueError(
                f"{config.name}: no site is known to have its id files; pass --ids-dir (in Python, ids_dir)"
            )
        with work_folder(Path(tempfile.gettempdir()), "avocado-ids") as folder:
            yield fetch_ids(config, splits, folder, base_url), {}


def _check_choice(name: str, given: tuple[str, ...], legal: tuple[str, ...]) -> None:
    for value in given:
        if value not in legal:
            raise ValueError(f"{name}: expected one of {', '.join(legal)}, found {short(value)}")


def check_collection(
    avocado_dir: PathLike,
    ids_dir: PathLike | None,
    *,
    splits: tuple[str, ...] = (),
    setting: str | None = None,
    id_files: Mapping[str, PathLike] | None = None,
    base_url: str = BASE_URL,
    task: str | None = None,
) -> Ids:
    """Check that every mail that the id files name is in the collection. This reads names only and writes nothing.

    Whether the mails themselves can be read shows only in :func:`build`. Arguments and errors are the same as there.

    Returns:
        The id files with their counts and the mails they name.
    """
    collection = open_collection(avocado_dir)
    with _id_file_paths(ids_dir, splits, setting, id_files, base_url, task) as (paths, _):
        ids = read_ids(paths, setting, task)
    locate(collection, ids.needed)
    return ids


def _build(collection: Collection, ids: Ids, left_out: Mapping[str, str], work: Path) -> dict[str, Any]:
    locate(collection, ids.needed)
    notes = _parse_mails(collection, ids.needed)
    written = {split: write_split(split, file.path, ids.task, ids.needed, work) for split, file in ids.files.items()}
    for file in ids.files.values():
        if hash_file(file.path, PROVENANCE)[1] != file.sha256:
            raise ValueError(f"{file.path}: the file changed while it was being read; start again")
    return write_manifest(work, ids, left_out, written, notes, collection.ignored)


def _parse_mails(collection: Collection, needed: NeededMails) -> dict[str, list[str]]:
    """Parse every needed mail and keep its texts. Returns kind of repair or warning -> names of mails."""
    from tqdm import tqdm  # late: importing this package stays light

    notes: dict[str, list[str]] = {}
    mails = tqdm(read_mails(collection, needed), total=len(needed), unit="mail", desc="mails", disable=None)
    for name, raw in mails:
        try:
            mail = parse_mail(raw)
        except RecursionError:
            raise ValueError(f"{name}: parts nested too deeply to read, even for the official parser") from None
        for kind in (*mail.repairs, *warnings_of(mail)):
            notes.setdefault(kind, []).append(name)
        needed.put(name, mail.subject, mail.body)
    return notes


def _check_place(target: Path, collection: Collection) -> None:
    folder, root = collection.path.resolve(), collection.root.resolve()
    if root in (target, *target.parents) or folder in (target, *target.parents) or target in folder.parents:
        raise ValueError(f"{target}: the output folder must not be inside the collection ({root}) or contain it")
    if tree := next((folder for folder in target.parents if (folder / ".git").exists()), None):
        text = "%s is in the git work tree %s: its files hold licensed email text and must never be committed"
        log.warning(text, target, tree)


def _check_replaceable(target: Path, overwrite: bool) -> None:
    """Refuse anything but an empty folder or, with ``overwrite``, one that holds only what this builder wrote."""
    if overwrite:
        check_replaceable(target, lambda names: foreign_names(target, read_manifest(target)), "build")
    else:
        check_replaceable(target, advice="--overwrite (in Python, overwrite=True) replaces an older build")
