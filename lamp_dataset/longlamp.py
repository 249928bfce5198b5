"""The table of LongLaMP's tasks: long texts, by the group that made LaMP.

Standard library only, no I/O, cheap to import; :mod:`lamp_dataset.tasks` registers the rows.

Sources: the LongLaMP paper (Kumar et al. 2024, arXiv 2407.11016), its code, and the data set on the Hub. None of them
states the numbers of samples and the license with certainty, so they are unknown here.
"""

from collections.abc import Iterator
from types import MappingProxyType

from lamp_dataset.task import SPLITS, Family, HubFiles, ItemPair, Kind, Task, Wording, register_kind

REPO = "LongLaMP/LongLaMP"
CITATION = """\
@misc{kumar2024longlamp,
  title         = {{LongLaMP}: A Benchmark for Personalized Long-form Text Generation},
  author        = {Ishita Kumar and Snigdha Viswanathan and Sushrita Yerra and Alireza Salemi and Ryan A. Rossi and
                   Franck Dernoncourt and Hanieh Deilamsalehy and Xiang Chen and Ruiyi Zhang and Shubham Agarwal and
                   Nedim Lipka and Chien Van Nguyen and Thien Huu Nguyen and Hamed Zamani},
  year          = {2024},
  eprint        = {2407.11016},
  archivePrefix = {arXiv},
  primaryClass  = {cs.CL},
  url           = {https://arxiv.org/abs/2407.11016},
}"""
FAMILY = Family(name="LongLaMP", homepage="https://longlamp-benchmark.github.io/", citation=CITATION)
LICENSE = "unknown (LongLaMP); the texts keep the terms of their source"

#: ROUGE and METEOR of long texts.
LONG_TEXT = Kind(
    name="long-generation", scores=("rouge-1", "rouge-L", "meteor"), labels=False, category="text-generation"
)
register_kind(LONG_TEXT)


def _both_settings(*, name: str, number: int, on_hub: str | None, user: str = "", **facts) -> Iterator[Task]:
    """The two rows of a task: ``number`` is the paper's, ``on_hub`` its name on the Hub, ``user`` the column there."""
    date = facts.pop("date", None)
    common = {"base": name, "official_name": name, "kind": LONG_TEXT.name, "license": LICENSE, "license_id": "unknown"}
    aliases = (f"LongLaMP-{number}", *([on_hub] if on_hub else ()))
    common |= {"stored_by_time": True, "num_samples": MappingProxyType(dict.fromkeys(SPLITS)), "aliases": aliases}
    common |= {"dated": date is not None, "family": FAMILY, **facts}
    for setting, ending, folder in (("user", "", "user"), ("time", "_time", "temporal")):
        if on_hub:
            hub = HubFiles(repo=REPO, folder=f"{on_hub}_{folder}", user=user, date=date)
            common |= {"hub": hub, "names_users": True}
        yield Task(name=f"{name}{ending}", setting=setting, path=f"{name}{ending}", **common)


ROWS = (
    *_both_settings(
        name="LongLaMP_abstract",
        number=2,
        on_hub="abstract_generation",
        user="name",
        date="year",
        title="Personalized Abstract Generation",
        profile_fields=("title", "abstract"),
        instruction='Generate an abstract for the title "',
        subject_frame=('for the title "', '" using the following items:'),
        query_marker="items:",
        document_fields=("title", "abstract"),
        wording=Wording(
            item='"{abstract}" is the abstract for the title "{title}"',
            truncated_field="abstract",
            template="{items}. Use the above abstracts as context to understand the style and language of the user "
            "and, {input}",
            shared=False,
            max_words=750,
        ),
        pair=ItemPair(text="title", output="abstract", asks='Generate an abstract for the title "{title}"'),
        source="Citation Network Dataset (Tang et al. 2008)",
    ),
    *_both_settings(
        name="LongLaMP_review",
        number=3,
        on_hub="product_review",
        user="reviewerId",
        title="Personalized Product Review Writing",
        profile_fields=("overall", "summary", "description", "reviewText"),
        instruction='Generate the review text written by a reviewer who has a given an overall rating of "',
        subject_frame=('for a product with description "', '". The summary of the review text is "'),
        query_marker="",
        document_fields=("overall", "summary", "description", "reviewText"),
        wording=Wording(
            item='"{overall}" is a rating for the product with description "{description}". "{summary}" is summary '
            'for "{reviewText}" ',
            truncated_field="reviewText",
            template="{items}. Following the given patterns {input}",
            shared=False,
        ),
        pair=ItemPair(
            text="description",
            output="reviewText",
            asks="Generate the review text written by a reviewer who has a given an overall rating of "
            '"{overall}" for a product with description "{description}". The summary of the review text is '
            '"{summary}".',
        ),
        source="Amazon Reviews (Ni et al. 2019)",
    ),
    *_both_settings(
        name="LongLaMP_topic",
        number=4,
        on_hub="topic_writing",
        user="author",
        title="Personalized Topic Writing",
        profile_fields=("author", "summary", "content"),
        instruction="Generate the content for a reddit post",
        subject_frame=("Generate the content for a reddit post", ""),
        query_marker="",
        document_fields=("summary", "content"),
        wording=Wording(
            item='"{summary}" is a summary for "{content}" ',
            truncated_field="content",
            template="{items}. Following the given patterns, {input}",
            shared=False,
        ),
        pair=ItemPair(text="summary", output="content"),
        source="Webis-TLDR-17, posts from Reddit (Völske et al. 2017)",
    ),
    *_both_settings(
        name="LongLaMP_email",
        number=1,
        on_hub=None,
        title="Personalized Email Completion",
        profile_fields=("text", "title"),
        instruction="Complete the text of the following email. title:",
        subject_frame=("title: ", ". text:"),
        query_marker=":",
        document_fields=("text",),
        wording=Wording(item='"{title}" is the title for "{text}" ', truncated_field="text", shared=False),
        pair=ItemPair(
            text="title", output="text", asks="Complete the text of the following email. title: {title}. text:"
        ),
        source="Avocado Research Email Collection, LDC2015T03 (Oard et al. 2015)",
        license="LDC2015T03: Avocado Research Email Collection license agreement; no redistribution",
        license_id="other",
        stub_pattern=r"[0-9]{3}-[0-9]{6}-EM\.txt",
        completes_texts=True,
    ),
)
