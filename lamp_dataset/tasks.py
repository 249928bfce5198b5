"""The table of LaMP tasks: every fact about a task, once.

Standard library only, no I/O, cheap to import. ``TASKS`` maps each of the sixteen config names to a frozen
:class:`Task`; the other modules read it and hold no fact about a single task themselves.

Sources: the LaMP paper (Salemi et al. 2023, arXiv 2304.11406), the download page of the benchmark, and the headers of
the published files.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lamp_dataset.wording import Wording, fields

HOMEPAGE = "https://lamp-benchmark.github.io/"
BASE_URL = "https://ciir.cs.umass.edu/downloads/LaMP"

#: Split names of the field -> the benchmark's own. Test golds are withheld by the benchmark.
SPLITS: Mapping[str, str] = MappingProxyType({"train": "train", "validation": "dev", "test": "test"})
SPLITS_WITH_GOLDS = ("train", "validation")

#: Kind of scoring -> result keys, spelled as the benchmark spells them.
SCORES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "classification": ("accuracy", "f1"),
        "ordinal": ("MAE", "RMSE"),
        "generation": ("rouge-1", "rouge-L"),
    }
)

#: Fields that the files may give as a JSON number; rows show them as strings.
NUMBERS_TOO = ("score", "user_id", "date")

#: Fields that may be null or missing in a file.
OPTIONAL = ("date",)

#: ``user``: train, dev and test hold different users. ``time``: the same users, later items.
SETTINGS = ("user", "time")

CITATION = """\
@misc{salemi2023lamp,
  title         = {{LaMP}: When Large Language Models Meet Personalization},
  author        = {Alireza Salemi and Sheshera Mysore and Michael Bendersky and Hamed Zamani},
  year          = {2023},
  eprint        = {2304.11406},
  archivePrefix = {arXiv},
  primaryClass  = {cs.CL},
  url           = {https://arxiv.org/abs/2304.11406},
}"""

LICENSE = "CC BY-NC-SA 4.0 (LaMP); the texts keep the terms of their source"


@dataclass(frozen=True, kw_only=True)
class Task:
    """One config of the data set: a task of the benchmark in one of its two settings.

    Attributes:
        name: config name, such as ``"LaMP_2"`` or ``"LaMP_2_news_time"``.
        base: name of the user-based config of the same task; equal to ``name`` there.
        official_name: what ``"task"`` says in the official files; both LaMP_2 variants say ``"LaMP_2"``.
        title: the task's name in the paper.
        kind: ``"classification"``, ``"ordinal"`` or ``"generation"``; decides the scores, see :data:`SCORES`.
        setting: ``"user"`` or ``"time"``, see :data:`SETTINGS`.
        labels: every legal gold of a classification or ordinal task, in the benchmark's order; empty otherwise.
        profile_fields: keys of a profile item, besides ``id`` (and ``date`` in the time-based setting).
        instruction: how the input of most samples begins, word for word.
        query_marker: the part of the input after the first occurrence of this is the query of retrieval; None where
            the query is made of quoted titles.
        query_frame: where there is no marker: what stands before, between and after the two titles that make the query.
        document_fields: profile fields that, joined by a blank, are the document of retrieval.
        wording: the strings of the personalised prompt, see :class:`~lamp_dataset.wording.Wording`.
        path: folder of the files below :data:`BASE_URL`.
        num_samples: split -> published number of samples, or None where nobody published it.
        certain: splits whose ``num_samples`` is sure enough to fail a download over.
        questions_mb: split -> size of the questions file in MB (10^6 bytes), where somebody measured it.
        source: the collection the texts come from.
        license: licence of the benchmark and of the texts.
        license_id: the Hub's identifier of that licence, ``"other"`` where it has none.
        gated: True where the texts may only be had under a signed licence and never be redistributed.
        stub_pattern: what stands for each text in the files that the site gives out, as a regular expression; None
            where the site gives the texts themselves. See :meth:`is_stub`.
        aliases: other names of the task in papers and leaderboards.
    """

    name: str
    base: str
    official_name: str
    title: str
    kind: str
    setting: str
    labels: tuple[str, ...] = ()
    profile_fields: tuple[str, ...]
    instruction: str
    query_marker: str | None
    query_frame: tuple[str, str, str] | None = None
    document_fields: tuple[str, ...]
    wording: Wording
    path: str
    num_samples: Mapping[str, int | None]
    certain: tuple[str, ...] = ()
    questions_mb: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    source: str
    license: str
    license_id: str = "cc-by-nc-sa-4.0"
    gated: bool = False
    stub_pattern: str | None = None
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Reject a row that contradicts itself, by name, when the module is imported.

        Raises:
            ValueError: a column holds a value that the others rule out.
        """
        problems = [
            (self.kind not in SCORES, f"kind {self.kind!r} is none of {', '.join(SCORES)}"),
            (self.setting not in SETTINGS, f"setting {self.setting!r} is none of {', '.join(SETTINGS)}"),
            (bool(self.labels) == (self.kind == "generation"), "labels belong to all tasks but generation"),
            (len(set(self.labels)) != len(self.labels), "a label stands twice"),
            (not set(self.document_fields) <= set(self.profile_fields), "a document field is no profile field"),
            (set(self.num_samples) != set(SPLITS), f"num_samples needs the splits {', '.join(SPLITS)}"),
            (any(self.num_samples.get(s) is None for s in self.certain), "a certain split has no count"),
            (self.gated != bool(self.stub_pattern), "a gated task, and no other, has a pattern of stubs"),
            (self.query_marker is not None and self.query_marker not in self.instruction, "the marker is not there"),
            ((self.query_marker is None) != (self.query_frame is not None), "either a query marker or a query frame"),
            (not set(fields(self.wording.item)) <= set(self.profile_fields), "the prompt has a field no item has"),
            *self.wording.problems(),
        ]
        for wrong, message in problems:
            if wrong:
                raise ValueError(f"task table, row {self.name!r}: {message}")

    @property
    def time_based(self) -> bool:
        """Whether rows carry ``user_id`` and profile items ``date``."""
        return self.setting == "time"

    def is_stub(self, text: object) -> bool:
        """Whether ``text`` (an input, a gold, a text of a profile item) only stands for the text of a gated task.

        The site gives out file names instead of texts that may not be redistributed. A model trained on those scores
        near-perfect, meaningless figures: a gold that is a file name equals the input that is the same file name.

        >>> TASKS["LaMP_6"].is_stub("147-000874-EM.txt"), TASKS["LaMP_6"].is_stub("Re: lunch on Friday")
        (True, False)
        """
        if self.stub_pattern is None or not isinstance(text, str):
            return False
        return re.fullmatch(self.stub_pattern, text.removeprefix(self.instruction).strip()) is not None

    @property
    def scores(self) -> tuple[str, ...]:
        """Result keys of the benchmark's scores for this task."""
        return SCORES[self.kind]

    @property
    def opening(self) -> str:
        """The first words of the instruction: enough to tell the task's inputs from another task's."""
        return " ".join(self.instruction.split(" ")[:5])

    @property
    def row_fields(self) -> tuple[str, ...]:
        """Keys of a row in the questions file, apart from the profile."""
        return ("id", "user_id", "input") if self.time_based else ("id", "input")

    @property
    def item_fields(self) -> tuple[str, ...]:
        """Keys of a profile item, in the order in which rows show them."""
        return ("id", "date", *self.profile_fields) if self.time_based else ("id", *self.profile_fields)

    def questions_path(self, split: str) -> str:
        """Path of the questions file of ``split`` (train, validation or test) below the site's folder."""
        return f"{self.path}/{SPLITS[split]}/{SPLITS[split]}_questions.json"

    def outputs_path(self, split: str) -> str | None:
        """Path of the golds file of ``split`` below the site's folder; None where the golds are withheld."""
        if split not in SPLITS_WITH_GOLDS:
            return None
        return f"{self.path}/{SPLITS[split]}/{SPLITS[split]}_outputs.json"


def _both_settings(
    *, name: str, path: str, user: Mapping, time: Mapping, official_name: str | None = None, **facts
) -> Iterator[Task]:
    common = {"base": name, "official_name": official_name or name, **facts}
    yield Task(name=name, setting="user", path=path, **common, **user)
    yield Task(name=f"{name}_time", setting="time", path=f"time/{path}", **common, **time)


def _counts(train: int | None, validation: int | None, test: int | None) -> Mapping[str, int | None]:
    return MappingProxyType({"train": train, "validation": validation, "test": test})


_ALL = tuple(SPLITS)
_HELD_OUT = ("validation", "test")

_MOVIE_TAGS = (
    "sci-fi",
    "based on a book",
    "comedy",
    "action",
    "twist ending",
    "dystopia",
    "dark comedy",
    "classic",
    "psychology",
    "fantasy",
    "romance",
    "thought-provoking",
    "social commentary",
    "violence",
    "true story",
)
_NEWS_CATEGORIES = (
    "women",
    "religion",
    "politics",
    "style & beauty",
    "entertainment",
    "culture & arts",
    "sports",
    "science & technology",
    "travel",
    "business",
    "crime",
    "education",
    "healthy living",
    "parents",
    "food & drink",
)

_ROWS = (
    *_both_settings(
        name="LaMP_1",
        title="Personalized Citation Identification",
        kind="classification",
        labels=("[1]", "[2]"),
        profile_fields=("title", "abstract"),
        instruction='For an author who has written the paper with the title "',
        query_marker=None,
        query_frame=('Just answer with [1] or [2] without explanation. [1]: "', '" [2]: "', '"'),
        document_fields=("title", "abstract"),
        wording=Wording(
            item='"{title}"',
            cut="title",
            final="{anchor}, and {items}",
            anchor="title",
            item_cost=(2, None),
            final_cost=(0, None),
        ),
        path="LaMP_1",
        user={
            "num_samples": _counts(9_682, 2_500, 2_500),
            "certain": _HELD_OUT,
            "questions_mb": MappingProxyType({"validation": 273.4}),
        },
        time={"num_samples": _counts(6_542, 1_500, 1_500)},
        source="Citation Network Dataset (Tang et al. 2008)",
        license=LICENSE,
        aliases=("LaMP-1",),
    ),
    *_both_settings(
        name="LaMP_2",
        title="Personalized Movie Tagging",
        kind="classification",
        labels=_MOVIE_TAGS,
        profile_fields=("tag", "description"),
        instruction=(
            "Which tag does this movie relate to among the following tags? Just answer with the tag name without "
            f"further explanation. tags: [{', '.join(_MOVIE_TAGS)}] description:"
        ),
        query_marker="description:",
        document_fields=("description",),
        wording=Wording(
            item='the tag for the movie: "{description}" is "{tag}" ',
            cut="description",
            item_cost=(0, 'the tag for the movie: " " is "{tag}" '),
        ),
        path="LaMP_2/new",
        user={
            "num_samples": _counts(3_820, 692, 870),
            "certain": _ALL,
            "questions_mb": MappingProxyType({"validation": 9.5}),
        },
        time={"num_samples": _counts(5_073, 1_410, 1_557)},
        source="MovieLens (Harper and Konstan 2015) and The Movie Database",
        license=LICENSE,
        aliases=("LaMP-2", "LaMP-2M", "LaMP-2-movie", "LaMP-2-new"),
    ),
    *_both_settings(
        name="LaMP_2_news",
        official_name="LaMP_2",
        title="Personalized News Categorization",
        kind="classification",
        labels=_NEWS_CATEGORIES,
        profile_fields=("text", "title", "category"),
        instruction=(
            "Which category does this article relate to among the following categories? Just answer with the category "
            f"name without further explanation. categories: [{', '.join(_NEWS_CATEGORIES)}] article:"
        ),
        query_marker="article:",
        document_fields=("title", "text"),
        wording=Wording(
            item='the category for the article: "{text}" is "{category}" ',
            cut="text",
            item_cost=(0, 'the category for the article: " " is "{category}" '),
        ),
        path="LaMP_2",
        user={"num_samples": _counts(5_914, 1_052, 1_274), "certain": _HELD_OUT},
        time={"num_samples": _counts(None, None, None)},
        source="News Category Dataset (Misra 2022)",
        license=LICENSE,
        aliases=("LaMP-2N", "LaMP-2-news", "LaMP-2-old"),
    ),
    *_both_settings(
        name="LaMP_3",
        title="Personalized Product Rating",
        kind="ordinal",
        labels=("1", "2", "3", "4", "5"),
        profile_fields=("text", "score"),
        instruction=(
            "What is the score of the following review on a scale of 1 to 5? just answer with 1, 2, 3, 4, or 5 without "
            "further explanation. review:"
        ),
        query_marker="review:",
        document_fields=("text",),
        wording=Wording(
            item='{score} is the score for "{text}" ',
            cut="text",
            item_cost=(0, '{score} is the score for " " '),
        ),
        path="LaMP_3",
        user={
            "num_samples": _counts(20_000, 2_500, 2_500),
            "certain": _ALL,
            "questions_mb": MappingProxyType({"validation": 401.0}),
        },
        time={
            "num_samples": _counts(20_000, 2_500, 2_500),
            "questions_mb": MappingProxyType({"train": 1_700}),
        },
        source="Amazon Reviews (Ni et al. 2019)",
        license=LICENSE,
        aliases=("LaMP-3",),
    ),
    *_both_settings(
        name="LaMP_4",
        title="Personalized News Headline Generation",
        kind="generation",
        profile_fields=("text", "title"),
        instruction="Generate a headline for the following article:",
        query_marker="article:",
        document_fields=("title", "text"),
        wording=Wording(
            item='"{title}" is the title for "{text}" ',
            cut="text",
            item_cost=(0, '"{title}" is the title for " " '),
        ),
        path="LaMP_4",
        user={
            "num_samples": _counts(12_527, 1_925, 2_376),
            "certain": _ALL,
            "questions_mb": MappingProxyType({"train": 826}),
        },
        time={"num_samples": _counts(12_500, 1_500, 1_800)},
        source="News Category Dataset (Misra 2022)",
        license=LICENSE,
        aliases=("LaMP-4",),
    ),
    *_both_settings(
        name="LaMP_5",
        title="Personalized Scholarly Title Generation",
        kind="generation",
        profile_fields=("title", "abstract"),
        instruction="Generate a title for the following abstract of a paper:",
        query_marker="paper:",
        document_fields=("title", "abstract"),
        wording=Wording(
            item='"{title}" is a title for "{abstract}" ',
            cut="abstract",
            final="{items}. Following the given patterns {input}",
            item_cost=(0, '"{title}" is a title " " '),
            final_cost=(1, "Following the given patterns"),
        ),
        path="LaMP_5",
        user={
            "num_samples": _counts(9_682, 2_500, 2_500),
            "certain": _ALL,
            "questions_mb": MappingProxyType({"validation": 272.4}),
        },
        time={"num_samples": _counts(14_682, 1_500, 1_500)},
        source="Citation Network Dataset (Tang et al. 2008)",
        license=LICENSE,
        aliases=("LaMP-5",),
    ),
    *_both_settings(
        name="LaMP_6",
        title="Personalized Email Subject Generation",
        kind="generation",
        profile_fields=("text", "title"),
        instruction="Generate a subject for the following email:",
        query_marker=":",
        document_fields=("text",),
        wording=Wording(
            item='"{title}" is the title for "{text}" ',
            cut="text",
            item_cost=(0, '"{title}" is the title for " " '),
        ),
        path="LaMP_6",
        user={"num_samples": _counts(4_840, 1_353, 1_246), "certain": _ALL},
        time={"num_samples": _counts(4_821, 1_250, 1_250)},
        source="Avocado Research Email Collection, LDC2015T03 (Oard et al. 2015)",
        license="LDC2015T03: Avocado Research Email Collection licence agreement; no redistribution",
        license_id="other",
        gated=True,
        stub_pattern=r"[0-9]{3}-[0-9]{6}-EM\.txt",
        aliases=("LaMP-6",),
    ),
    *_both_settings(
        name="LaMP_7",
        title="Personalized Tweet Paraphrasing",
        kind="generation",
        profile_fields=("text",),
        instruction="Paraphrase the following tweet without any explanation before or after it:",
        query_marker=":",
        document_fields=("text",),
        wording=Wording(
            item='"{text}" ',
            cut="text",
            final="{items} are written by a person. Following the given patterns {input}",
            item_cost=(0, '"" '),
            final_cost=(1, "are written by user. Following the given patterns"),
        ),
        path="LaMP_7",
        user={
            "num_samples": _counts(10_437, 1_500, 1_496),
            "certain": _ALL,
            "questions_mb": MappingProxyType({"train": 25}),
        },
        time={"num_samples": _counts(13_437, 1_498, 1_500)},
        source="Sentiment140 (Go et al. 2009)",
        license=LICENSE,
        aliases=("LaMP-7",),
    ),
)

#: Config name -> task, in the benchmark's order, the user-based before the time-based one.
TASKS: Mapping[str, Task] = MappingProxyType({task.name: task for task in _ROWS})

#: The official name of each task, once, in order: what a submission for the whole benchmark holds.
OFFICIAL_NAMES: tuple[str, ...] = tuple(dict.fromkeys(task.official_name for task in _ROWS))


def get_task(name: str) -> Task:
    """The task of a config name.

    Args:
        name: a key of :data:`TASKS`, such as ``"LaMP_2"``.

    Raises:
        ValueError: no such config. The message points a paper's name to ours, else to the nearest names, and lists
            them all.

    >>> get_task("LaMP_3_time").labels
    ('1', '2', '3', '4', '5')
    >>> get_task("LaMP-2N")
    Traceback (most recent call last):
    ...
    ValueError: no config named 'LaMP-2N': that task is 'LaMP_2_news' here. Configs: LaMP_1, LaMP_1_time, ...
    """
    if isinstance(name, str) and name in TASKS:
        return TASKS[name]
    raise ValueError(f"no config named {name!r}{_hint(name)} Configs: {', '.join(TASKS)}")


def _hint(name: object) -> str:
    key = _fold(str(name))
    if key in _KNOWN_AS:
        return f": that task is {_KNOWN_AS[key]!r} here."
    near = difflib.get_close_matches(key, _KNOWN_AS, n=3, cutoff=0.75)
    ours = dict.fromkeys(_KNOWN_AS[match] for match in near)
    return f"; did you mean {' or '.join(map(repr, ours))}?" if ours else "."


def _fold(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def _known_as() -> Iterator[tuple[str, str]]:
    """Other spellings -> config name. U and T are the leaderboard's marks for the two settings."""
    for task in TASKS.values():
        for alias in (task.base, *task.aliases):
            endings = ("t", "_t", "_time") if task.time_based else ("", "u", "_u", "_user")
            yield from ((_fold(alias) + ending, task.name) for ending in endings)


_KNOWN_AS: Mapping[str, str] = MappingProxyType(dict(_known_as()))
