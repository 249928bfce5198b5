"""From a row with its profile to what a model reads: retrieval and prompt in one callable for ``map``."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from lamp_dataset import version
from lamp_dataset.formats.texts import short
from lamp_dataset.loading.raw_files import CONTENT
from lamp_dataset.personalize.model_names import code_of
from lamp_dataset.personalize.prompt_options import PROMPT_OPTIONS, PromptOptions
from lamp_dataset.personalize.prompts.prompt import (
    LEFT_OUT,
    ORDERS,
    Content,
    Prompt,
    clean_item,
    fixed_prompts,
    front_of,
    official_prompts,
)
from lamp_dataset.personalize.prompts.tokens import TokenizerSource, Tokens
from lamp_dataset.personalize.retrieval.rankers import choose_ranker
from lamp_dataset.personalize.retrieval.ranking import Ranker, Ranking, rank
from lamp_dataset.personalize.retrieval.samples import (
    COLUMNS,
    Sample,
    append,
    arrow_of,
    column_of,
    positions_by_id,
    read_samples,
    result_features,
)
from lamp_dataset.personalize.summaries import read_summaries, summaries_of
from lamp_dataset.registry import other_setting
from lamp_dataset.task import Task
from lamp_dataset.tasks import TASKS, get_task

#: Rules -> what makes the prompts of several samples.
PROMPTS: Mapping[str, Callable[..., list[Prompt]]] = MappingProxyType(
    {"official": official_prompts, "fixed": fixed_prompts}
)

#: Number of prompts whose texts are encoded together: enough to keep all cores busy, few enough to hold their ids.
PROMPTS_AT_A_TIME = 64


class Personalizer:
    """Ranks each sample's profile and builds the personalized prompt; call it through ``map(batched=True)``.

    Args:
        task: config name, such as ``"LaMP_3"``, or a :class:`~lamp_dataset.Task`.
        options: the other arguments are the fields of
            :class:`~lamp_dataset.personalize.prompt_options.PromptOptions`, and further ones are options of the
            retriever, see :class:`~lamp_dataset.personalize.prompt_options.RetrieverOptions`. Official prompts are
            measured with the original files of a tokenizer, even if transformers 5 rebuilt it. A summary is cut where
            it and the input exceed the budget, and the items get the room that both leave.

    Each row gets these columns:

    * ``source``, ``target``: the prompt and the gold (None if it is withheld);
    * ``retrieved_ids``: ids of the best ``k`` items, best first; ``retrieved_use``: for each, ``"whole"``, ``"cut"``
      (its text was shortened), ``"empty"`` (none of its text is left) or ``"left out"`` of the prompt;
      ``retrieved_scores``: their scores, if the retriever gives scores;
    * ``personalized``: whether any item is in the prompt; ``notes``: how and why the row differs from what was asked
      for, or "";
    * ``source_length``, ``length_unit``: the length of the prompt (with a chat template, of the chat) in ``"tokens"``,
      or without a tokenizer in ``"words"``;
    * ``messages``: the same prompt for chat models.

    If the batch is an Arrow table, so is the result, without the column ``profile``. The object is pickled without
    models.

    Raises:
        ValueError: an unknown name or option, an object that is not a tokenizer or not a ranker, a budget below 1,
            ``recency`` for a config without dates, another order than the official one or a summary with official
            rules, or summaries that are not texts.
        ImportError, OSError: a tokenizer, a ranking file or a file of summaries that cannot be loaded.

    >>> rows = {"id": ["7"], "input": ["Paraphrase the following tweet: so tired"], "output": ["I am tired"],
    ...         "profile": [[{"id": "70", "text": "what a day"}, {"id": "71", "text": "tired of rain"}]]}
    >>> Personalizer("LaMP_7", k=1)(rows)["source"]
    ['"tired of rain"  are written by a person. Following the given patterns Paraphrase the following tweet: so tired']
    """

    def __init__(
        self,
        task: str | Task,
        *,
        retriever: str | Ranker | None = PromptOptions.retriever,
        k: int = PromptOptions.k,
        tokenizer: Any = PromptOptions.tokenizer,
        max_length: int = PromptOptions.max_length,
        rules: str = PromptOptions.rules,
        order: str = PromptOptions.order,
        use_date: bool = PromptOptions.use_date,
        ranking: str | os.PathLike[str] | None = PromptOptions.ranking,
        escape_quotes: bool = PromptOptions.escape_quotes,
        system: str | None = PromptOptions.system,
        summary: str | os.PathLike[str] | Mapping[str, str] | None = PromptOptions.summary,
        **options: Any,
    ) -> None:
        """See the class. The arguments are spelled out for type checkers, which cannot read them from a dataclass."""
        given = {name: value for name, value in locals().items() if name in PROMPT_OPTIONS}
        self.task, asked = get_task(task), PromptOptions(**given, retriever_options=options)
        self.k, self.max_length, self.rules, self.order = asked.k, asked.max_length, asked.rules, asked.order
        self.system, self.use_date = asked.system, bool(asked.use_date)
        self.escape_quotes = bool(asked.escape_quotes)
        self.summary = None if asked.summary is None else read_summaries(asked.summary)
        self.ranker = choose_ranker(asked)
        needed = self.ranker.needs_dates and not self.task.stored_by_time
        if (self.use_date or needed) and not self.task.dated:
            what = "'use_date'" if self.use_date else f"the retriever {short(asked.retriever)}"
            where = "" if self.task.stored_by_time else other_setting(self.task, ": they are in the time-based ")
            raise ValueError(f"{self.task.name} has no dates for {what}{where}")
        self._source = TokenizerSource(asked.tokenizer, asked.rules)
        self._tokens = self._make_tokens()

    def __repr__(self) -> str:
        """The task and the options."""
        options = {"retriever": self.ranker, "k": self.k, "tokenizer": self._source.given}
        options |= {name: getattr(self, name) for name in ("max_length", "rules", "order", "use_date")}
        return f"Personalizer({self.task.name!r}, {', '.join(f'{name}={v!r:.200}' for name, v in options.items())})"

    def __getstate__(self) -> dict[str, Any]:
        """What decides the result, without anything that changes in use: ``datasets`` makes its cache key from it."""
        state = {name: value for name, value in self.__dict__.items() if name != "_tokens"}
        known = TASKS.get(self.task.name) == self.task  # the name alone would leave caches stale if the task changes
        decides = {
            "version": version.__version__,
            "code": code_of(self.ranker, self._source.given),
            "facts": CONTENT(repr(self.task).encode()).hexdigest(),
        }
        return {**state, "task": self.task.name if known else self.task, **decides}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore."""
        self.__dict__.update(state, task=get_task(state["task"]))
        for name in ("version", "code", "facts"):
            del self.__dict__[name]
        self._tokens = self._make_tokens()

    def _make_tokens(self) -> Tokens:
        tokens = Tokens(self._source.tokenizer, self.messages)
        if tokens.overhead >= self.max_length:
            found = f"the chat template alone takes {tokens.overhead}"
            raise ValueError(f"a budget of {self.max_length} tokens is too small: {found}")
        return tokens

    def messages(self, prompt: str) -> list[dict[str, str]]:
        """The prompt for a chat model."""
        system = [] if self.system is None else [{"role": "system", "content": self.system}]
        return [*system, {"role": "user", "content": prompt}]

    def __call__(self, batch: Mapping[str, Any] | pa.Table) -> dict[str, list] | pa.Table:
        """The new columns of a batch of rows.

        Args:
            batch: columns ``id``, ``input``, ``profile`` and, if there are golds, ``output``; or one such row.

        Raises:
            ValueError: rows of another shape or config, an invalid date, a ranking file that does not fit.
        """
        source = arrow_of(batch)
        if isinstance(source, Mapping) and isinstance(source.get("input"), str):
            columns = self({name: [source[name]] for name in source})
            return {name: values[0] for name, values in columns.items()}
        samples = read_samples(self.task, source, self.rules, self.use_date)
        summaries = [None] * len(samples) if self.summary is None else summaries_of(self.summary, batch)
        rankings = rank(self.ranker, samples)
        rows = []
        for start in range(0, len(samples), PROMPTS_AT_A_TIME):
            part = slice(start, start + PROMPTS_AT_A_TIME)
            rows += self._rows(samples[part], rankings[part], summaries[part])
        golds = column_of(batch, "output") or [None] * len(rows)
        golds = [gold and self._escaped(gold) for gold in golds]
        columns = {name: [row[name] for row in rows] for name in COLUMNS if name != "target"} | {"target": golds}
        if not self.ranker.scored:
            del columns["retrieved_scores"]
        return append(batch, columns) if isinstance(batch, pa.Table) else columns

    def rank(self, batch: Mapping[str, Any] | pa.Table) -> dict[str, list[str]]:
        """Sample id -> ids of all items of its profile, best first: the content of a ranking file.

        Raises:
            ValueError: as for a call; or two items of a profile share an id, which a ranking file cannot distinguish.
        """
        samples = read_samples(self.task, arrow_of(batch), self.rules, self.use_date)
        ids = {}
        for sample, ranking in zip(samples, rank(self.ranker, samples), strict=True):
            names = list(positions_by_id(sample))
            ids[sample.id] = [names[position] for position in ranking.order]
        return ids

    def features(self, features: Any) -> Any:
        """The ``datasets.Features`` of the result without the profile, for ``map(features=…)``.

        ``map`` guesses the type of a column from the first batch. It cannot do so if all profiles of that batch are
        empty or all golds are withheld.
        """
        return result_features(features, self.ranker.scored)

    def _rows(
        self, samples: Sequence[Sample], rankings: Sequence[Ranking], summaries: Sequence[str | None]
    ) -> list[dict[str, Any]]:
        chosen = [[int(position) for position in ranking.order[: self.k]] for ranking in rankings]
        contents = list(map(self._content, samples, chosen, summaries))
        made = PROMPTS[self.rules](self.task.wording, contents, self._tokens, self.max_length)
        prompts = [replace(prompt, text=self._escaped(prompt.text)) for prompt in made]
        lengths = self._tokens.prompt_lengths([prompt.text for prompt in prompts])
        return list(map(self._row, samples, rankings, chosen, contents, prompts, lengths))

    def _row(
        self, sample: Sample, ranking: Ranking, chosen: list[int], content: Content, prompt: Prompt, length: int
    ) -> dict[str, Any]:
        query = sample.query.trouble if self.ranker.needs_query else ""
        notes = [query, *ranking.notes, *content.notes, *prompt.notes, self._source.note]
        if len(chosen) < min(self.k, sample.size):
            notes.append(f"the ranking names {len(chosen)} of the profile's {sample.size} items")
        ids, scores = sample.column("id") if chosen else [], ranking.scores
        return {
            "source": prompt.text,
            "retrieved_ids": [item_id if item_id is None else str(item_id) for item_id in map(ids.__getitem__, chosen)],
            "retrieved_use": list(prompt.use),
            "retrieved_scores": None if scores is None else [float(scores[position]) for position in chosen],
            "personalized": any(use != LEFT_OUT for use in prompt.use),
            "notes": "; ".join(note for note in notes if note),
            "source_length": length,
            "length_unit": self._tokens.unit,
            "messages": self.messages(prompt.text),
        }

    def _content(self, sample: Sample, chosen: list[int], summary: str | None) -> Content:
        notes = ["the profile is empty"] if self.k and not sample.size else []
        items, front = [], ""
        for item in sample.items(chosen):
            name = f"item {short(item.get('id'))}"
            values, empty = clean_item(self.task.wording, item, f"sample {short(sample.id)}, {name}")
            items.append(values)
            notes += [f"{name}: {', '.join(empty)} None, taken as empty"] if empty else []
        if summary is not None:
            front, cut = front_of(summary, sample.input, self._tokens, self.max_length)
            notes += cut
        return Content(sample.input, items, ORDERS[self.order](chosen), front, tuple(notes))

    def _escaped(self, text: str) -> str:
        return text.replace('"', '\\"') if self.escape_quotes else text
