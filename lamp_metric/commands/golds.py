"""Where golds and users come from: the official files in a folder, or a file of golds and one of questions."""

import contextlib
import functools
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import click

from lamp_dataset.commands.command import DATA_DIR, SPLIT, say, stacked, subset_options, user_column_option
from lamp_dataset.formats.files import Files, RowFiles, find_files, splits_beside
from lamp_dataset.formats.lists import UserSubset, data_of, read_user_subset
from lamp_dataset.formats.outputs import Outputs, read_outputs
from lamp_dataset.formats.questions import read_user_column
from lamp_dataset.formats.task_of_file import check_labels, task_of, tasks_named
from lamp_dataset.formats.texts import IdMismatchError
from lamp_dataset.task import Task
from lamp_dataset.tasks import get_task
from lamp_metric.commands.shared import FILE, bundled, say_other_task
from lamp_metric.predictions.reading import JoinedOutputs, join

#: Called with each row of the questions, for a command that needs more than the user: the file is read only once.
Look = Callable[[dict], None]


def folder_options(golds: str) -> Callable:
    """The options for a split in a folder, which replace the files; ``golds`` is the option for a file of golds."""
    return stacked(
        click.option(
            "--data-dir",
            type=DATA_DIR,
            help=f"Instead of {golds} and --questions: a folder with the official files, or the word sample for the "
            "embedded sample.",
        ),
        click.option("--split", type=SPLIT, help="Split in --data-dir (default: validation)."),
    )


def source_options(golds: str) -> Callable:
    """The options for golds and users; a command gets ``source``, a :class:`Source`, in their place.

    ``golds`` is the option for a file of golds. The command has an option or argument ``task_name`` as well.
    """
    return bundled(
        "source",
        functools.partial(Source, golds),
        click.option(golds, "golds", type=FILE, help="File of golds, in the official format."),
        click.option(
            "--questions", type=FILE, help="With golds: the split's questions file, which identifies the users."
        ),
        folder_options(golds),
        subset_options,
        user_column_option,
    )


class Source:
    """The golds of a split, the questions that identify the users, and which samples are scored.

    Attributes:
        task_name: config name, if one is given.
        data_dir: the folder, if one is given.
        golds: a file, or the parts of a split as the Hub has them.
        questions: likewise; None if the users are not known.
        split: that of golds from a folder.
        users: whose samples are scored; None for all.
        samples: which samples are scored; None for all.
        files: all that are read.
    """

    def __init__(
        self,
        flag: str,
        task_name: str | None = None,
        golds: Path | None = None,
        questions: Path | None = None,
        data_dir: str | None = None,
        split: str | None = None,
        users: str | os.PathLike[str] | None = None,
        samples: str | os.PathLike[str] | None = None,
        user_column: str | None = None,
    ) -> None:
        """What the options name; ``flag`` is that for a file of golds, ``users`` and ``samples`` are files."""
        in_files, identified = data_dir is None, data_dir is not None or questions is not None
        more = f"--questions next to {flag}, or --data-dir"
        for wrong, message in (
            (in_files == (golds is None), f"expected either --data-dir or {flag}: where the golds are"),
            (users is not None and not identified, f"--users needs {more}: they identify each sample's user"),
            (user_column is not None and not identified, f"--user-column needs {more}: the files with that column"),
            (in_files and split is not None, f"--split belongs to --data-dir; {flag} is one split already"),
            (not in_files and questions is not None, "--data-dir has the questions as well; leave --questions out"),
            (not in_files and task_name is None, "--data-dir holds files of several tasks; pass --task_name"),
        ):
            if wrong:
                raise ValueError(message)
        self.task_name, self.data_dir, self.split, self._user_column = task_name, data_dir, split, user_column
        self.golds: Path | str | RowFiles | None = golds
        self.questions: Path | str | RowFiles | None = questions
        read = (golds, questions)
        self.users = None if users is None else read_user_subset(users)
        self.samples = None if samples is None else read_user_subset(samples, "samples")
        if data_dir is not None:
            task, self.split = get_task(task_name), split or "validation"
            files = find_files(task, data_dir, (self.split,))[self.split]
            self.golds, self.questions, read = files.outputs, files.questions, files.paths
            if self.golds is None:
                what = f"the split {self.split!r} of {task.name} cannot be scored"
                raise ValueError(f"{self.questions}: no golds file next to it; {what}")
        self._split = Files(str(questions), str(golds)) if in_files else files
        self.files = [Path(path) for path in (*read, users, samples) if path is not None]

    @property
    def chosen(self) -> str | None:
        """What the signature says of files of users or samples."""
        return "+".join(subset.kind for subset in (self.users, self.samples) if subset) or None

    def join(
        self, paths: Iterable[Path], look: Look | None = None, wants_users: bool = True
    ) -> tuple[Outputs, Task, dict[str, str] | None, list[JoinedOutputs]]:
        """The golds, their task, if wanted and known sample id -> user, and the predictions in these files, joined.

        Of a subset of users or samples, these samples alone are joined; the files may have others.
        """
        golds, users = read_outputs(self.golds), None
        if self.task_name is None:
            try:
                tasks_named(golds.task, golds.name)
            except ValueError as error:
                raise ValueError(f"{error}; --task_name says which of them it is") from None
        task = task_of(golds, self.task_name)
        if self.split is not None:  # the folder is said to be of this config
            check_labels(golds, get_task(self.task_name))
        predictions = list(map(read_outputs, paths))
        content = SplitContent(list(golds.by_id), None)
        if self.questions is not None:
            whose = wants_users or self.chosen is not None
            content = read_split(self._split, task, look, self._user_column, whose)
            users = content.users and dict(zip(content.ids, content.users, strict=True))
        left_out = content.left_out([self.users, self.samples], task, self.split)
        users, kept = users if wants_users else None, _without(golds, left_out)
        joined = []
        for found in predictions:
            with subset_hint(kept.by_id, found.by_id, self.chosen):
                joined.append(join(kept, _without(found, left_out), self.task_name, users))
        if joined:
            say_other_task(golds, task, self.task_name)
        if self.data_dir is None and (line := swapped_line(golds, predictions, self.questions)):
            say(line, err=True)
        return kept, task, users, joined


def swapped_line(golds: Outputs, predictions: Sequence[Outputs], questions: Path | None) -> str | None:
    """A line if ``golds`` are those of no split that lies beside one of these files, but the predictions are.

    Golds and predictions have one format, so that a file of either kind can be taken for the other. The line also says
    if the golds are not those that lie beside the ``questions``.
    """
    known: dict[str, tuple[str, Outputs]] = {}
    for place in [*([questions] if questions else []), golds.name, *(found.name for found in predictions)]:
        for files in splits_beside(place):
            if os.path.samefile(files.outputs, golds.name):
                return None
            with contextlib.suppress(ValueError, OSError):  # a file of that name may be anything
                known[files.outputs] = files.questions, read_outputs(files.outputs)

    def are_in(outputs: Outputs, split: Outputs) -> bool:
        return all(split.by_id.get(sample_id) == output for sample_id, output in outputs.by_id.items())

    if any(are_in(golds, split) for _, split in known.values()):
        return None
    for path, (beside, split) in known.items():
        for found in predictions:
            if found.by_id and are_in(found, split):
                what = f"the predictions in {found.name} are: are the two swapped?"
                return f"{golds.name}: not the golds of {path}, but {what}"
        if questions and os.path.samefile(beside, questions) and golds.by_id.keys() <= split.by_id.keys():
            return f"{golds.name}: not the golds of {path}, which is next to the questions"
    return None


@contextlib.contextmanager
def subset_hint(golds: Collection[str], predictions: Collection[str], chosen: str | None) -> Iterator[None]:
    """Says which options choose samples where predictions turn out to be those of some samples, and none is chosen."""
    try:
        yield
    except IdMismatchError as error:
        if chosen or not predictions or not set(predictions) < set(golds):
            raise
        which = "If they were made of chosen users or samples, pass the file that chose them: --users or --samples"
        raise IdMismatchError(f"{error} {which}.") from None


def _without(outputs: Outputs, left_out: Collection[str]) -> Outputs:
    kept = {sample_id: output for sample_id, output in outputs.by_id.items() if sample_id not in left_out}
    return replace(outputs, by_id=MappingProxyType(kept)) if left_out else outputs


@dataclass(frozen=True)
class SplitContent:
    """The samples of a split, in its order: ids, whose they are and how many items their profiles have, if known."""

    ids: Sequence[str]
    users: Sequence[str] | None
    sizes: Sequence[int] = ()

    def left_out(self, subsets: Iterable[UserSubset | None], task: Task, split: str | None) -> set[str]:
        """The samples that are not in each of the subsets; ValueError if one is of other samples, or none is left."""
        left_out: set[str] = set()
        for subset in filter(None, subsets):
            subset.check_fits(task, split)
            data = {"samples": len(self.ids)} if self.users is None else data_of(self.ids, self.users, self.sizes)
            subset.check_data(data, split)
            positions = subset.positions(self.ids if subset.kind == "samples" else self.users, split)
            left_out |= set(self.ids) - {self.ids[position] for position in positions}
            if len(left_out) == len(self.ids):
                raise ValueError(f"{subset.name}: none of these samples is one of the users'")
        return left_out


def read_split(
    files: Files | RowFiles, task: Task, look: Look | None = None, column: str | None = None, wants_users: bool = True
) -> SplitContent:
    """Read a split in flat memory, with all the checks of :func:`lamp_dataset.load_split`.

    Users are those of :func:`lamp_dataset.users_of`, or of another ``column``; they are None unless wanted.
    """
    import pyarrow as pa  # imported late: --help must be quick

    from lamp_dataset.loading.rows import split_tables
    from lamp_dataset.personalize.row_forms import RowsError
    from lamp_dataset.personalize.users.inference import UserFinder
    from lamp_dataset.personalize.users.user_subsets import profile_sizes

    ids: list[str] = []
    sizes: list[int] = []
    named = None if column is None else read_user_column(files.questions, column)
    finder = UserFinder(named=True if named or task.names_users else None)
    for table in split_tables(files, task, str):
        ids += table["id"].to_pylist()
        sizes += profile_sizes(table)
        for row in [] if look is None else table.to_pylist():
            look(row)
        if named:
            others = [name for name in table.column_names if name != "user_id"]
            table = table.select(others).append_column("user_id", pa.array(map(named.get, table["id"].to_pylist())))
        if wants_users:
            finder.add(table)
    try:
        return SplitContent(ids, finder.users() if wants_users else None, sizes)
    except RowsError as error:
        raise ValueError(f"{files.questions}: {error}") from error
