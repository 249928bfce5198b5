"""What a row of the task table holds: the columns, what they mean, and which rows contradict themselves.

Standard library only, no I/O, cheap to import. The rows are in :mod:`lamp_dataset.tasks`.
"""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

#: Split names of the field -> the benchmark's own. Test golds are withheld by the benchmark.
SPLITS: Mapping[str, str] = MappingProxyType({"train": "train", "validation": "dev", "test": "test"})
SPLITS_WITH_GOLDS = ("train", "validation")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the data needs to know about a kind of score. How it scores is up to its scorer, in ``lamp_metric.scorers``.

    Attributes:
        name: as in the column ``kind`` of tasks.
        scores: result keys, spelled as the benchmark spells them; the first is the one to judge a single sample by.
        labels: whether tasks of the kind list the labels that can be answers.
        category: the Hub's name for such a task.
    """

    name: str
    scores: tuple[str, ...]
    labels: bool
    category: str

    def __post_init__(self) -> None:
        """ValueError for a kind without scores, or with one score twice."""
        if not self.scores or len(set(self.scores)) != len(self.scores):
            raise ValueError(f"kind {self.name!r}: expected one score or more, each once, found {self.scores}")


_kinds: dict[str, Kind] = {}
#: Name -> kind of score.
KINDS: Mapping[str, Kind] = MappingProxyType(_kinds)


def register_kind(kind: Kind) -> None:
    """Add a kind of score; ValueError if there is another one of its name. The same one again changes nothing."""
    if _kinds.setdefault(kind.name, kind) != kind:
        raise ValueError(f"kind {kind.name!r}: another kind has this name already")


for _kind in (
    Kind(name="classification", scores=("accuracy", "f1"), labels=True, category="text-classification"),
    Kind(name="ordinal", scores=("MAE", "RMSE"), labels=True, category="text-classification"),
    Kind(name="generation", scores=("rouge-1", "rouge-L"), labels=False, category="text-generation"),
):
    register_kind(_kind)

#: Fields that may be JSON numbers in the files; rows always show them as strings.
NUMERIC_FIELDS = ("score", "overall", "user_id", "date")

#: Fields that may be null or missing in a file.
NULLABLE_FIELDS = ("date",)

#: ``user``: train, dev and test hold different users. ``time``: the same users, later items.
SETTINGS = ("user", "time")


@dataclass(frozen=True, kw_only=True)
class Family:
    """Tasks that were published together; ``base_url`` has their files in the official layout, if any site does."""

    name: str
    homepage: str
    citation: str
    base_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class HubFiles:
    """Where the Hub has the rows of a config, in files that hold golds as well.

    Attributes:
        repo: the data set on the Hub.
        folder: the folder of the config's files in it, and its name there.
        user: the column with the user.
        date: the field of profile items with their date; None if they have none.
    """

    repo: str
    folder: str
    user: str
    date: str | None = None


#: Separates two profile items in a prompt.
JOINER = ", and "

#: What the official script reserves for a part of the prompt: a number of tokens, plus the length of a text, if any.
Cost = tuple[int, str | None]


def split_hint(names: object) -> str:
    """A hint for messages: what a split is called here, if ``names`` holds the files' word for it; else empty.

    >>> split_hint("dev"), split_hint(["val"]), split_hint("test")
    ("; the files' 'dev' is called 'validation' here", "; the files' 'val' is called 'validation' here", '')
    """
    found = [name for name in (SPLITS["validation"], "val") if name in re.findall(r"\w+", str(names))]
    return "".join(f"; the files' {name!r} is called 'validation' here" for name in found)


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The strings of a personalized prompt.

    Source: the LaMP paper, Table 1 and Appendix (arXiv 2304.11406), and the behavior of its retrieval-augmentation
    script, whose strings and costs differ from each other for some tasks. The published figures were made with both.

    Attributes:
        item: template of one profile item; ``{field}`` is replaced by that field of the item.
        truncated_field: the field of ``item`` that is truncated to fit the budget; the others are never truncated.
        template: template of the prompt, with ``{items}`` (joined by :data:`JOINER`) and ``{input}``. Where
            ``insert_after`` is set, it has ``{insert_after}`` and ``{items}`` and replaces those words in the input.
        insert_after: words of the input; the items are inserted after their first occurrence.
        shared: whether the official script divides a budget among the items. If not, it cuts their truncated fields
            where the tokenizer itself does, and nothing else.
        max_words: how many words of the truncated field go in, joined by single blanks; None for the field as it is.
        item_cost: what the official script reserves for an item, besides its truncated field.
        template_cost: what the official script reserves for the rest of the prompt, besides the input.
    """

    item: str
    truncated_field: str
    template: str = "{items}. {input}"
    insert_after: str | None = None
    shared: bool = True
    max_words: int | None = None
    item_cost: Cost = (0, None)
    template_cost: Cost = (1, None)

    def problems(self) -> Iterator[tuple[bool, str]]:
        """Pairs of (whether the problem exists, its description), for the check of the table at import."""
        parts = ("insert_after", "items") if self.insert_after else ("items", "input")
        yield set(fields(self.template)) != set(parts), f"the prompt template needs {', '.join(parts)}"
        yield (self.truncated_field not in fields(self.item), f"the item template lacks {self.truncated_field!r}")
        measured = fields(self.item_cost[1] or "")
        yield not set(measured) <= set(fields(self.item)), "item_cost measures a field that the item template lacks"
        yield self.truncated_field in measured, "item_cost measures the truncated field, which is measured separately"


def fields(template: str) -> tuple[str, ...]:
    """Names of the ``{field}`` placeholders of a template, in order.

    >>> fields('{score} is the score for "{text}" ')
    ('score', 'text')
    """
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


@dataclass(frozen=True, kw_only=True)
class ItemPair:
    """How a profile item becomes a training pair.

    Source: the benchmark's code for parameter-efficient fine-tuning (arXiv 2409.09510).

    Attributes:
        text: the field that the pair's input asks about; in the items, what the task's inputs ask about.
        output: the field that answers.
        instruction: what the benchmark asks instead of the task itself; None where the pair asks what the task asks.
        asks: template of the pair's input in the style of the task, with fields of the item; None: the instruction,
            followed by ``text``.
        lead: where ``text`` and ``output`` are the same field: the least and the greatest share of its words that the
            input gives away; the rest is the output.
    """

    text: str
    output: str
    instruction: str | None = None
    asks: str | None = None
    lead: tuple[float, float] | None = None

    def problems(self) -> Iterator[tuple[bool, str]]:
        """Pairs of (whether the problem exists, its description), for the check of the table at import."""
        yield (self.text == self.output) != bool(self.lead), "a lead is for pairs of one field, and they need one"
        yield bool(self.lead) and self.instruction is None, "a pair with a lead needs an instruction of its own"


@dataclass(frozen=True, kw_only=True)
class Task:
    """One config of the dataset: a task of the benchmark in one of its two settings.

    Attributes:
        name: config name, such as ``"LaMP_2"`` or ``"LaMP_2_news_time"``.
        base: name of the user-based config of the same task; equal to ``name`` there.
        official_name: what ``"task"`` says in the official files; both LaMP_2 variants say ``"LaMP_2"``.
        title: name of the task in the paper.
        kind: ``"classification"``, ``"ordinal"``, ``"generation"`` or another of :data:`KINDS`; decides the scores.
        setting: ``"user"`` or ``"time"``, see :data:`SETTINGS`.
        labels: all labels of a classification or ordinal task, in the benchmark's order; empty otherwise.
        profile_fields: keys of a profile item, besides ``id`` and ``date``.
        names_users: whether rows carry ``user_id``; by default those of the time-based setting do.
        dated: whether profile items carry ``date``; by default those of the time-based setting do.
        stored_by_time: whether the stored order of a profile is its official order in time, the last item the newest.
        instruction: how the input of most samples begins, word for word.
        query_marker: the query of retrieval is the part of the input after the first occurrence of this; "" if it is
            the whole input, None if it consists of quoted titles.
        query_frame: without a marker: the words before, between and after the two titles that make up the query.
        subject_frame: where the input's subject is not all that follows the instruction: the words before and after.
        document_fields: profile fields that retrieval searches, joined by a space.
        wording: the strings of the personalized prompt, see :class:`Wording`.
        pair: how a profile item becomes a training pair, see :class:`ItemPair`.
        path: folder of the official files below :data:`lamp_dataset.tasks.BASE_URL` or a ``data_dir``.
        hub: where the rows are on the Hub, if they are published there.
        num_samples: split -> published number of samples, or None if it was never published.
        verified_splits: splits whose ``num_samples`` is certain: a download of another size fails.
        questions_mb: split -> size of the questions file in MB (10^6 bytes), where known.
        source: the collection that the texts come from.
        license: license of the benchmark and of the texts.
        license_id: the Hub's identifier of that license, ``"other"`` if it has none.
        stub_pattern: regular expression of the placeholders that the site publishes instead of gated texts; None if
            the site publishes the texts themselves. See :meth:`is_stub` and :attr:`gated`.
        completes_texts: whether the gold continues a text that the input begins.
        aliases: other names of the task in papers and leaderboards.
        id_start: how the sample ids begin, where that distinguishes the settings; empty otherwise.
        family: the tasks it was published with.
    """

    name: str
    base: str
    official_name: str
    title: str
    kind: str
    setting: str
    labels: tuple[str, ...] = ()
    profile_fields: tuple[str, ...]
    names_users: bool | None = None
    dated: bool | None = None
    stored_by_time: bool = False
    instruction: str
    query_marker: str | None
    query_frame: tuple[str, str, str] | None = None
    subject_frame: tuple[str, str] | None = None
    document_fields: tuple[str, ...]
    wording: Wording
    pair: ItemPair
    path: str
    hub: HubFiles | None = None
    num_samples: Mapping[str, int | None]
    verified_splits: tuple[str, ...] = ()
    questions_mb: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    source: str
    license: str
    license_id: str = "cc-by-nc-sa-4.0"
    stub_pattern: str | None = None
    completes_texts: bool = False
    aliases: tuple[str, ...] = ()
    id_start: str = ""
    family: Family | None = None

    def __post_init__(self) -> None:
        """ValueError, when the module is imported, for a row that contradicts itself; the message names it."""
        for name in ("names_users", "dated"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, self.time_based)
        kind, profile, pair, asks = KINDS.get(self.kind), set(self.profile_fields), self.pair, self.pair.asks or ""
        marker, frame = self.query_marker, self.subject_frame
        problems = [
            (self.kind not in KINDS, f"kind {self.kind!r} is not one of {', '.join(KINDS)}; register a new one before"),
            (self.setting not in SETTINGS, f"setting {self.setting!r} is not one of {', '.join(SETTINGS)}"),
            (kind and bool(self.labels) != kind.labels, "labels are for kinds that have them, and they need some"),
            (len(set(self.labels)) != len(self.labels), "duplicate label"),
            (not set(self.document_fields) <= profile, "a document field is missing from the profile"),
            (set(self.num_samples) != set(SPLITS), f"num_samples needs the splits {', '.join(SPLITS)}"),
            (any(self.num_samples.get(s) is None for s in self.verified_splits), "a verified split has no count"),
            (not frame and marker is not None and marker not in self.instruction, "query marker not found"),
            ((marker is None) != (self.query_frame is not None), "either a query marker or a query frame"),
            (
                frame and not self.instruction.endswith(frame[0]) and frame[0] not in asks,
                "the instruction does not end with the words before the subject",
            ),
            (not marker and not frame, "the subject of an input cannot be found"),
            (not set(fields(self.wording.item)) <= profile, "the profile lacks a field of the prompt"),
            (not {pair.text, pair.output, *fields(asks)} <= profile, "the profile lacks a field of the training pair"),
            *self.wording.problems(),
            *pair.problems(),
        ]
        for wrong, message in problems:
            if wrong:
                raise ValueError(f"task table, row {self.name!r}: {message}")

    def __getstate__(self) -> dict[str, Any]:
        """Read-only mappings do not pickle; dicts do."""
        return {name: dict(v) if isinstance(v, Mapping) else v for name, v in vars(self).items()}

    @property
    def time_based(self) -> bool:
        """Whether train, dev and test hold the same users, later items."""
        return self.setting == "time"

    @property
    def gated(self) -> bool:
        """Whether the texts require a signed license and must never be redistributed."""
        return self.stub_pattern is not None

    @property
    def output_field(self) -> str | None:
        """The profile field that holds earlier outputs, such as the user's own titles; None if none does."""
        return self.pair.output if self.pair.instruction is None else None

    def is_stub(self, text: object) -> bool:
        """Whether ``text`` (an input, a gold or a text of a profile item) is a placeholder for a gated text.

        The site publishes file names in place of texts that must not be redistributed. Scores on them look near-perfect
        and mean nothing: the gold is the same file name as the input.

        >>> from lamp_dataset.tasks import TASKS
        >>> TASKS["LaMP_6"].is_stub("147-000874-EM.txt"), TASKS["LaMP_6"].is_stub("Re: lunch on Friday")
        (True, False)
        """
        if self.stub_pattern is None or not isinstance(text, str):
            return False
        return re.fullmatch(self.stub_pattern, text.removeprefix(self.instruction).strip()) is not None

    def subject_of(self, text: str) -> str:
        """What an input asks about: the text that would be a profile item's, such as the review or the paper's title.

        An input without the task's words is its own subject.

        >>> from lamp_dataset.tasks import TASKS
        >>> TASKS["LaMP_7"].subject_of("Paraphrase the following tweet: so tired ")
        'so tired'
        >>> TASKS["LaMP_1"].subject_of('… the paper with the title "Rain", which reference is related? …')
        'Rain'
        """
        before, after = self.subject_frame or (self.query_marker, None)
        _, found, rest = text.partition(before or "")
        inner = rest.partition(after)[0] if after else rest
        return (inner if found else text).strip()

    @property
    def scores(self) -> tuple[str, ...]:
        """Result keys of the benchmark's scores for this task."""
        return KINDS[self.kind].scores

    @property
    def opening(self) -> str:
        """The first words of the instruction, which distinguish the inputs of this task from those of the others."""
        return " ".join(self.instruction.split(" ")[:5])

    @property
    def row_fields(self) -> tuple[str, ...]:
        """Keys of a row in the questions file, except for the profile."""
        return ("id", "user_id", "input") if self.names_users else ("id", "input")

    @property
    def item_fields(self) -> tuple[str, ...]:
        """Keys of a profile item, in the order of the rows."""
        return ("id", "date", *self.profile_fields) if self.dated else ("id", *self.profile_fields)

    def questions_path(self, split: str) -> str:
        """Path of the questions file of ``split`` (train, validation or test) below the site's folder."""
        return f"{self.path}/{SPLITS[split]}/{SPLITS[split]}_questions.json"

    def outputs_path(self, split: str) -> str | None:
        """Path of the outputs file of ``split`` below the site's folder; None if the golds are withheld."""
        if split not in SPLITS_WITH_GOLDS:
            return None
        return f"{self.path}/{SPLITS[split]}/{SPLITS[split]}_outputs.json"
