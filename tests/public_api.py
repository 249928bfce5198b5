"""Every public name, used as the README uses it: read by the type checker, never run.

A line that must be an error says which error; the checker complains where it is none.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import evaluate
from datasets import Dataset, load_dataset

import avocado_builder
import lamp_dataset
import lamp_metric
from lamp_dataset import Personalizer, Ranking, Task
from lamp_dataset.personalize.retrieval.samples import Sample


def data(name: str) -> None:
    rows = load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE, splits=("validation",))
    folder: str = lamp_dataset.SPLITS["validation"]
    table: Mapping[str, Task] = lamp_dataset.TASKS
    task: Task = lamp_dataset.get_task(name)
    labels: tuple[str, ...] = task.labels
    lamp_dataset.get_task(6)  # type: ignore[arg-type]
    lamp_dataset.nothing  # type: ignore[attr-defined]


def prompts(reviews: Dataset) -> None:
    personalize = Personalizer("LaMP_3", retriever="bm25", k=2, max_length=512, rules="official")
    defaults: lamp_dataset.PromptOptions = lamp_dataset.PromptOptions()
    Personalizer("LaMP_3", max_length=defaults.max_length)
    lamp_dataset.Personalizer("LaMP_3", retriever="rrf", rankers=["bm25", "recency"], tokenizer="google/flan-t5-base")
    features = personalize.features(reviews.features)
    reviews.map(personalize, batched=True, remove_columns=["profile"], features=features)
    ranked: dict[str, list[str]] = personalize.rank({"id": ["7"], "input": ["…"], "profile": [[]]})
    ranked.keys()
    alone: Dataset = lamp_dataset.item_prompts(reviews, personalize, top=8)
    alone.to_parquet("items.parquet")
    lamp_dataset.read_prompts("items.parquet", "LaMP_3").column_names.sort()
    lamp_dataset.item_prompts(reviews, "bm25")  # type: ignore[arg-type]
    users: list[str] = lamp_dataset.users_of(reviews)
    swapped: Dataset = lamp_dataset.swap_profiles(reviews, seed=len(users), match_sizes=True)
    swapped.save_to_disk("swapped")
    near = lamp_dataset.similar_users(reviews, k=3, by="dense", model="facebook/contriever", task="LaMP_3")
    more: Dataset = lamp_dataset.add_neighbor_items(reviews, near, items=near.leaks, exclude=[swapped])
    lamp_dataset.swap_profiles(more, by="similar", task="LaMP_3", exclude=[reviews])
    vectors: Dataset = lamp_dataset.profile_vectors(reviews, task="LaMP_3", model="facebook/contriever")
    lamp_dataset.similar_users(vectors, by="dense", model="facebook/contriever", vectors=vectors)
    lamp_dataset.similar_users(reviews, by=3)  # type: ignore[arg-type]
    texts: dict[str, str] = lamp_dataset.oppu_summaries("LaMP_4_time", "oppu")
    texts.items()
    chosen: Dataset = lamp_dataset.select_users(reviews, "top100.json")
    few: list[dict[str, str]] = lamp_dataset.select_users([{"id": "1", "user_id": "7"}], ["7"])
    lamp_dataset.select_users(chosen, few[0]["user_id"].split())
    kept: Dataset = lamp_dataset.select_samples(chosen, "samples.json")
    lamp_dataset.select_samples(kept, ["210"])
    lamp_dataset.select_users(reviews, 7)  # type: ignore[arg-type]
    Personalizer("LaMP_3", rules="fixed", summary={"210": "Dislikes crowds."})
    Personalizer("LaMP_3", rules="fixed", summary=3)  # type: ignore[arg-type]
    Personalizer("LaMP_3", k="2")  # type: ignore[arg-type]
    Personalizer("LaMP_3", retriever=3)  # type: ignore[arg-type]


def histories(reviews: Dataset) -> None:
    history = lamp_dataset.History("LaMP_3_time", visible="earlier", style="task", limit=None, seed=1)
    pairs: Dataset = history.pairs(reviews, exclude=[reviews.select([0])])
    pairs.select_columns(["input", "output"]).rename_columns({"input": "prompt", "output": "completion"})
    left: int = history.counts.leaks + history.counts.incomplete + history.counts.duplicates
    lamp_dataset.History("LaMP_3", limit="16", seed=left)  # type: ignore[arg-type]


class Backwards:
    """A retriever of one's own."""

    needs_query = needs_dates = scored = False

    def rank(self, samples: Sequence[Sample]) -> list[Ranking]:
        return [Ranking(range(sample.size)[::-1]) for sample in samples]


def retrievers() -> None:
    mine: lamp_dataset.Ranker = Backwards()
    Personalizer("LaMP_3", retriever=mine, k=2)
    Personalizer("LaMP_3", retriever="my_retrievers:Longest", least=3)
    lamp_dataset.Ranking("first")  # type: ignore[arg-type]


def doors(task: Task, scorer: lamp_metric.Scorer, measure: lamp_metric.Measure) -> None:
    kind = lamp_dataset.Kind(name="exact", scores=("exact",), labels=False, category="text-generation")
    wording: lamp_dataset.Wording = task.wording
    pair: lamp_dataset.ItemPair = task.pair
    lamp_dataset.register(kind, task)
    lamp_metric.register(scorer)
    lamp_metric.register(kind)  # type: ignore[arg-type]
    lamp_metric.register_measure(measure)
    lamp_metric.score("LaMP_4", ["a"], ["b"], also=["bleu", measure.name])
    lamp_metric.score("LaMP_4", ["a"], ["b"], also=[measure])  # type: ignore[list-item]


def copies(folder: str) -> None:
    written: dict[str, dict[str, int]] = lamp_dataset.export(["LaMP_2", "LaMP_6"], f"{folder}/out", data_dir=folder)
    written.keys()
    pushed = lamp_dataset.push_to_hub("me/lamp-private", ["LaMP_2"], data_dir=folder, dry_run=True)
    commit: str | None = pushed.commit
    lamp_dataset.push_to_hub("me/lamp-private")  # type: ignore[call-arg]


def scores(golds: list[str], tokenizer: Any) -> None:
    metric = evaluate.load("lamp_metric", "LaMP_4")
    metric.compute(predictions=["the cat sat"], references=["the cat sat down"])
    scored: dict[str, Any] = lamp_metric.score("LaMP_3", [4, "no idea"], golds, confidence_level=0.95, per_sample=True)
    signature: str = lamp_metric.signature_of("LaMP_3", len(scored))
    answer: str | None = lamp_metric.extract_answer("LaMP_1", "Both fit, but the answer is [1].")
    systems = {"none": ["4"], "own": [["5"], ["4"]]}
    compared = lamp_metric.compare(systems, task="LaMP_3", references=golds, users=["7"], baseline="none")
    difference: float = compared.contrasts["own"]["MAE"].difference
    as_json: dict[str, Any] = compared.as_dict()
    judged = lamp_metric.compare_values({"none": {"7": 6}, "own": [{"7": 8.5}]}, users={"7": "u1"}, average="users")
    judged.contrasts["own"]["value"].wins
    lamp_metric.compare(systems, references=golds)  # type: ignore[call-arg]
    lamp_metric.write_predictions("golds.json", "LaMP_3", ["20", "21"], ["5", 2])
    read: dict[str, Any] = lamp_metric.read_predictions(Path("golds.json"))
    lamp_metric.compare({"a": read, "b": [read, read]}, task="LaMP_3", references=golds, ids=["20"], all_pairs=True)
    trained: dict[str, float] = lamp_metric.compute_metrics("LaMP_3", tokenizer, causal=True)(([[1]], [[1]]))
    lamp_metric.best_tokens(causal=True)([[1]], [[1]])
    rewards: list[float] = lamp_metric.reward("LaMP_4", weights={"rouge-L": 1})(completions=["a"], target=golds)
    lamp_metric.reward("LaMP_4", {"rouge-L": 1})  # type: ignore[arg-type]
    rewards.sort()
    rows = lamp_dataset.load_split("LaMP_3", "train", lamp_dataset.SAMPLE)
    feedback: dict[str, dict[str, float]] = dict(lamp_metric.item_feedback("LaMP_3", rows, [("200", "4")]))
    feedback |= lamp_metric.read_feedback("feedback.json", rows)
    pairs: list[dict[str, Any]] = list(lamp_metric.preferences("LaMP_3", ["p"], [["4", "1"]], golds, margin=0.1))
    pairs.sort(key=str)
    published: list[str] = [row.label for row in lamp_metric.PUBLISHED if row.scores]
    published.sort()
    version: str = lamp_metric.__version__
    lamp_metric.score("LaMP_3", ["4"])  # type: ignore[call-arg]


def scripts(folder: str, tokenizer: Any) -> None:
    rows = lamp_dataset.load_split("LaMP_3", "validation", lamp_dataset.SAMPLE, limit=2, users="top100.json")
    prompts: Dataset = lamp_dataset.personalize_split(rows, Personalizer("LaMP_3"), workers=2)
    positions: dict[str, list[int]] = lamp_dataset.positions_by_user(prompts)
    texts: list[str] = lamp_dataset.decode(tokenizer, list(positions.values()))
    with lamp_dataset.one_run(f"{folder}/texts.txt"), lamp_dataset.write_whole(Path(folder, "texts.txt")) as file:
        file.write("".join(texts))
    with lamp_dataset.whole_folder(f"{folder}/run", print, 0o700) as new:
        new.joinpath("empty").touch()
    model = lamp_dataset.load_model(lamp_dataset.require("torch", "models").load, "model.pt")
    identity: str = lamp_dataset.model_identity("google/flan-t5-base", model.revision)
    lamp_dataset.open_gated(lamp_dataset.get_task("LaMP_6"), identity, False, lambda: True)
    lamp_dataset.run_script(lambda: None, "stopped")
    lamp_dataset.load_split("LaMP_3")  # type: ignore[call-arg]


def asking(rows: Dataset, folder: str) -> None:
    server = lamp_metric.Server("http://127.0.0.1:8000/v1", "name", max_answer=64)
    local: bool = lamp_metric.is_local(server.api)
    with lamp_metric.Journal(f"{folder}/answers.jsonl", {"model": server.model, "local": local}) as journal:
        entries: list[dict[str, Any]] = lamp_metric.ask_all(server, rows, journal, concurrency=4)
        lamp_metric.ask_here(lambda batch: batch["source"], rows, journal, column="source", unit=f"{len(entries)}")
    known: bytes = lamp_metric.own_content(f"{folder}/answers.jsonl", lamp_metric.Journal.FORMAT)
    lamp_metric.own_folder(folder, {"data": lamp_metric.content_digest(rows), "size": len(known)})
    lamp_metric.Server("http://127.0.0.1:8000/v1")  # type: ignore[call-arg]


def figures(compared: lamp_metric.Comparison, rows: Dataset, ranker: lamp_dataset.Ranker) -> None:
    published = lamp_metric.published_rows("LaMP_3", "validation")
    shown: list[str] = [compared.to_text(published), compared.to_markdown(published), compared.to_latex(published)]
    shown += [compared.to_json(published), compared.to_csv()]
    drawn = lamp_metric.Resampling(confidence_level=0.9, n_resamples=len(shown), seed=0)
    lamp_metric.judge_retrieval("LaMP_3", rows, {"mine": ranker}, [1, 4]).means(drawn)
    does, predictions = lamp_metric.baseline("LaMP_4", [{"input": does, "profile": []} for does in shown], ["5"])
    predictions.append(does)
    lamp_metric.Resampling(level=0.9)  # type: ignore[call-arg]


def mails(collection: str) -> None:
    manifest: dict[str, Any] = avocado_builder.build(collection, f"{collection}/ids", "tried_time", setting="time")
    counted: int = len(avocado_builder.check_collection(collection, None).needed)
    avocado_builder.check_output("tried_time")
    avocado_builder.build(collection)  # type: ignore[call-arg]
