"""The table of LaMP tasks: every fact about a task, once.

Standard library only, no I/O, cheap to import. ``TASKS`` maps each config name to a frozen :class:`Task`: the sixteen
here, those of ``longlamp``, and those that others :func:`~lamp_dataset.registry.register`. The other modules read it
and hold no fact about a single task themselves.

Sources: the LaMP paper (Salemi et al. 2023, arXiv 2304.11406), the download page of the benchmark, and the headers of
the published files.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from lamp_dataset import longlamp
from lamp_dataset.registry import TASKS, get_task, official_hint, register, task_known_as
from lamp_dataset.task import SPLITS, Family, ItemPair, Task, Wording

__all__ = ["BASE_URL", "CITATION", "HOMEPAGE", "OFFICIAL_NAMES", "TASKS", "get_task", "official_hint", "task_known_as"]

HOMEPAGE = "https://lamp-benchmark.github.io/"
BASE_URL = "https://ciir.cs.umass.edu/downloads/LaMP"

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

LAMP = Family(name="LaMP", homepage=HOMEPAGE, citation=CITATION, base_url=BASE_URL)
LICENSE = "CC BY-NC-SA 4.0 (LaMP); the texts keep the terms of their source"


def _both_settings(
    *,
    name: str,
    user: tuple[int | None, ...],
    time: tuple[int | None, ...],
    user_mb: Mapping[str, float] = MappingProxyType({}),
    time_mb: Mapping[str, float] = MappingProxyType({}),
    verified: tuple[str, ...] = tuple(SPLITS),
    path: str | None = None,
    **facts,
) -> Iterator[Task]:
    """The two rows of a task; ``user`` and ``time``: published samples of the splits in that setting."""
    common = {"base": name, "official_name": name, "license": LICENSE, "aliases": (name.replace("_", "-"),), **facts}
    common["family"] = LAMP
    number = int(common["official_name"].rpartition("_")[2])
    user, time = (MappingProxyType(dict(zip(SPLITS, counts, strict=True))) for counts in (user, time))
    sizes = {"num_samples": user, "verified_splits": verified, "questions_mb": user_mb}
    yield Task(name=name, setting="user", path=path or name, id_start=str(number - 1), **sizes, **common)
    sizes = {"num_samples": time, "questions_mb": time_mb}
    start = str(number - 1 + 7)  # the benchmark counts both settings in one row of digits
    yield Task(name=f"{name}_time", setting="time", path=f"time/{path or name}", id_start=start, **sizes, **common)


#: As the inputs of the task list them.
_MOVIE_TAGS = (
    "sci-fi, based on a book, comedy, action, twist ending, dystopia, dark comedy, classic, psychology, fantasy, "
    "romance, thought-provoking, social commentary, violence, true story"
)
_NEWS_CATEGORIES = (
    "women, religion, politics, style & beauty, entertainment, culture & arts, sports, science & technology, travel, "
    "business, crime, education, healthy living, parents, food & drink"
)
_TITLE_FOR_TEXT = Wording(
    item='"{title}" is the title for "{text}" ',
    truncated_field="text",
    item_cost=(0, '"{title}" is the title for " " '),
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
        subject_frame=('the paper with the title "', '", which reference is related?'),
        query_frame=('Just answer with [1] or [2] without explanation. [1]: "', '" [2]: "', '"'),
        document_fields=("title", "abstract"),
        wording=Wording(
            item='"{title}"',
            truncated_field="title",
            template="{insert_after}, and {items}",
            insert_after="title",
            item_cost=(2, None),
            template_cost=(0, None),
        ),
        pair=ItemPair(text="title", output="abstract", instruction="Write an abstract for this title:"),
        user=(9_682, 2_500, 2_500),
        user_mb=MappingProxyType({"validation": 273.4}),
        time=(6_542, 1_500, 1_500),
        source="Citation Network Dataset (Tang et al. 2008)",
    ),
    *_both_settings(
        name="LaMP_2",
        title="Personalized Movie Tagging",
        kind="classification",
        labels=tuple(_MOVIE_TAGS.split(", ")),
        profile_fields=("tag", "description"),
        instruction=(
            "Which tag does this movie relate to among the following tags? Just answer with the tag name without "
            f"further explanation. tags: [{_MOVIE_TAGS}] description:"
        ),
        query_marker="description:",
        document_fields=("description",),
        wording=Wording(
            item='the tag for the movie: "{description}" is "{tag}" ',
            truncated_field="description",
            item_cost=(0, 'the tag for the movie: " " is "{tag}" '),
        ),
        pair=ItemPair(text="description", output="tag"),
        path="LaMP_2/new",
        user=(3_820, 692, 870),
        user_mb=MappingProxyType({"validation": 9.5}),
        time=(5_073, 1_410, 1_557),
        source="MovieLens (Harper and Konstan 2015) and The Movie Database",
        aliases=("LaMP-2", "LaMP-2M", "LaMP-2-movie", "LaMP-2-new"),
    ),
    *_both_settings(
        name="LaMP_2_news",
        official_name="LaMP_2",
        title="Personalized News Categorization",
        kind="classification",
        labels=tuple(_NEWS_CATEGORIES.split(", ")),
        profile_fields=("text", "title", "category"),
        instruction=(
            "Which category does this article relate to among the following categories? Just answer with the category "
            f"name without further explanation. categories: [{_NEWS_CATEGORIES}] article:"
        ),
        query_marker="article:",
        document_fields=("title", "text"),
        wording=Wording(
            item='the category for the article: "{text}" is "{category}" ',
            truncated_field="text",
            item_cost=(0, 'the category for the article: " " is "{category}" '),
        ),
        pair=ItemPair(text="text", output="category"),
        path="LaMP_2",
        user=(5_914, 1_052, 1_274),
        verified=("validation", "test"),
        time=(None, None, None),
        source="News Category Dataset (Misra 2022)",
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
            truncated_field="text",
            item_cost=(0, '{score} is the score for " " '),
        ),
        pair=ItemPair(text="text", output="score"),
        user=(20_000, 2_500, 2_500),
        user_mb=MappingProxyType({"validation": 401.0}),
        time=(20_000, 2_500, 2_500),
        time_mb=MappingProxyType({"train": 1_700, "test": 414}),
        source="Amazon Reviews (Ni et al. 2019)",
    ),
    *_both_settings(
        name="LaMP_4",
        title="Personalized News Headline Generation",
        kind="generation",
        profile_fields=("text", "title"),
        instruction="Generate a headline for the following article:",
        query_marker="article:",
        document_fields=("title", "text"),
        wording=_TITLE_FOR_TEXT,
        pair=ItemPair(text="text", output="title"),
        user=(12_527, 1_925, 2_376),
        user_mb=MappingProxyType({"train": 826}),
        time=(12_500, 1_500, 1_800),
        source="News Category Dataset (Misra 2022)",
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
            truncated_field="abstract",
            template="{items}. Following the given patterns {input}",
            item_cost=(0, '"{title}" is a title " " '),
            template_cost=(1, "Following the given patterns"),
        ),
        pair=ItemPair(text="abstract", output="title"),
        user=(9_682, 2_500, 2_500),
        user_mb=MappingProxyType({"validation": 272.4}),
        time=(14_682, 1_500, 1_500),
        source="Citation Network Dataset (Tang et al. 2008)",
    ),
    *_both_settings(
        name="LaMP_6",
        title="Personalized Email Subject Generation",
        kind="generation",
        profile_fields=("text", "title"),
        instruction="Generate a subject for the following email:",
        query_marker=":",
        document_fields=("text",),
        wording=_TITLE_FOR_TEXT,
        pair=ItemPair(text="text", output="title"),
        user=(4_840, 1_353, 1_246),
        time=(4_821, 1_250, 1_250),
        source="Avocado Research Email Collection, LDC2015T03 (Oard et al. 2015)",
        license="LDC2015T03: Avocado Research Email Collection license agreement; no redistribution",
        license_id="other",
        stub_pattern=r"[0-9]{3}-[0-9]{6}-EM\.txt",
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
            truncated_field="text",
            template="{items} are written by a person. Following the given patterns {input}",
            item_cost=(0, '"" '),
            template_cost=(1, "are written by user. Following the given patterns"),
        ),
        pair=ItemPair(text="text", output="text", instruction="Complete the following tweet:", lead=(0.1, 0.25)),
        user=(10_437, 1_500, 1_496),
        user_mb=MappingProxyType({"train": 25, "validation": 3.5, "test": 3.5}),
        time=(13_437, 1_498, 1_500),
        source="Sentiment140 (Go et al. 2009)",
    ),
)


register(*_ROWS, *longlamp.ROWS)

#: The official name of each task, in order: a submission for the whole benchmark holds one file for each.
OFFICIAL_NAMES: tuple[str, ...] = tuple(dict.fromkeys(task.official_name for task in _ROWS))
