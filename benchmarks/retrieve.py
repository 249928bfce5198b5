"""BM25 over users' profiles: ours on plain values and on Arrow, and rank_bm25, in one run; scores compared bit by bit.

    python benchmarks/retrieve.py [--users 20] [--seed 0]

Texts are seeded nonsense whose words are as frequent as in natural language (Zipf-Mandelbrot, about 74 distinct words
in 100). Sizes are those of the tasks' mean profiles. One thread; times are of the processor, which other programs
disturb less, medians over users of the best of three. With the extra models prompts are also made with a tokenizer,
compared with the official order of calls, which encodes one text at a time, and with one encoding of each text.
Needs: pip install '.[test]'
"""

import argparse
import gc
import importlib.util
import json
import resource
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
from shared import require, timed

from lamp_dataset import Personalizer
from lamp_dataset.personalize.retrieval.dense import Dense
from lamp_dataset.personalize.retrieval.queries import Query
from lamp_dataset.personalize.retrieval.ranking import bm25_scores, by_score
from lamp_dataset.personalize.retrieval.samples import Sample
from lamp_dataset.tasks import TASKS

require("rank_bm25", "test")
from rank_bm25 import BM25Okapi  # noqa: E402

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.append(str(TESTS))
from official_prompts import official_calls  # noqa: E402

#: Name -> config, items of a profile, words of an item, words of a query.
SHAPES = {
    "LaMP_3-like": ("LaMP_3", 185, 100, 145),
    "LaMP_4-like": ("LaMP_4", 200, 300, 30),
    "LaMP_7-like": ("LaMP_7", 18, 20, 20),
}
VOCABULARY = 60_000


class Texts:
    """Seeded texts of a given length."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        letters, lengths = "abcdefghijklmnopqrstuvwxyz", self.rng.poisson(4.3, VOCABULARY) + 1
        self.words = np.array(["".join(self.rng.choice(list(letters), length)) for length in lengths], object)
        weights = 1 / (np.arange(VOCABULARY) + 2.7)
        self.weights = weights / weights.sum()

    def text(self, words):
        count = max(1, int(self.rng.normal(words, words / 4)))
        return " ".join(self.rng.choice(self.words, count, p=self.weights))

    def profile(self, items, words):
        """Two in a hundred items are copies of another, as in real profiles."""
        texts = [self.text(words) for _ in range(items)]
        for position in self.rng.choice(items, items // 50, replace=False):
            texts[position] = texts[0]
        return texts


def ancestor(documents, query):
    return BM25Okapi([text.split() for text in documents]).get_scores(query.split())


WAYS = {
    "rank_bm25": lambda plain, arrow, query: ancestor(plain, query),
    "ours, plain": lambda plain, arrow, query: bm25_scores(plain, query),
    "ours, Arrow": lambda plain, arrow, query: bm25_scores(arrow, query),
}


def best_of_three(call):
    times, results = zip(*(timed(call, time.process_time) for _ in range(3)), strict=True)
    return min(times), results[0]


def score_users(texts, users):
    print(f"{'scores of one query':14} {'':>6}" + "".join(f"{way:>24}" for way in WAYS))
    for name, (_, items, words, query_words) in SHAPES.items():
        times = {way: [] for way in WAYS}
        differing = 0
        for _ in range(users):
            plain, query = texts.profile(items, words), texts.text(query_words)
            arrow, results = pa.array(plain), []
            for way, call in WAYS.items():
                seconds, scores = best_of_three(lambda call=call: call(plain, arrow, query))  # noqa: B023 called at once
                times[way].append(seconds)
                results.append(scores)
            differing += sum(not np.array_equal(results[0], scores) for scores in results[1:])
        middle = {way: statistics.median(found) for way, found in times.items()}
        cells = "".join(
            f"{seconds * 1e3:>12.2f} ms ({middle['rank_bm25'] / seconds:4.1f} x)" for seconds in middle.values()
        )
        print(f"{name} {items:>4} x {words:<3}{cells}   differing: {differing} of {2 * users}")


def rows_of(texts, name, users):
    config, items, words, query_words = SHAPES[name]
    task = TASKS[config]

    def row(number):
        parts = {
            field: texts.profile(items, words if field == task.wording.truncated_field else 8)
            for field in task.profile_fields
        }
        profile = [{"id": f"{number}-{n}"} | {field: parts[field][n] for field in parts} for n in range(items)]
        question = f"{task.instruction} {texts.text(query_words)}"
        return {"id": str(number), "input": question, "output": "5", "profile": profile}

    return datasets.Dataset.from_list([row(number) for number in range(users)])


def first_four(config):
    """What a user would write with rank_bm25: the four best ids of each sample of a batch."""
    task = TASKS[config]

    def rank(batch):
        ids = []
        for question, profile in zip(batch["input"], batch["profile"], strict=True):
            documents = [" ".join(item[field] for field in task.document_fields) for item in profile]
            scores = ancestor(documents, question.partition(task.query_marker)[2])
            ids.append([profile[n]["id"] for n in by_score(scores, rules="official").order[:4]])
        return {"retrieved_ids": ids}

    return rank


def timed_map(rows, call, **options):
    with tempfile.TemporaryDirectory() as folder:
        options |= {"batched": True, "cache_file_name": f"{folder}/rows.arrow", "load_from_cache_file": False}
        seconds, result = timed(lambda: rows.map(call, **options), time.process_time)
        return seconds / len(rows) * 1e3, result.with_format(None)["retrieved_ids"][:]


def map_users(texts, users):
    print("\ninside map, ms a user: rank_bm25 alone next to ours with the prompt of four items (budget in words)")
    for name, (config, *_) in SHAPES.items():
        rows, personalize = rows_of(texts, name, users), Personalizer(config)
        theirs, expected = timed_map(rows, first_four(config), remove_columns=["profile"])
        ours, found = timed_map(rows, personalize, remove_columns=["profile"])
        arrow, again = timed_map(rows.with_format("arrow"), personalize)
        assert expected == found == again
        print(
            f"{name}   rank_bm25 {theirs:6.2f}   ours {ours:6.2f} ({theirs / ours:.1f} x)   "
            f"ours, Arrow format {arrow:6.2f} ({theirs / arrow:.1f} x)"
        )


def t5_tokenizer(texts):
    """T5's pipeline and a vocabulary of these texts' words; one word in three falls into pieces, as with T5's own."""
    import tokenizers
    import transformers

    parts = json.loads((TESTS / "tokenizer_files" / "t5" / "tokenizer.json").read_text(encoding="utf-8"))
    words = sorted({word for text in texts for word in text.split()})
    pieces = dict(parts["model"]["vocab"]) | {f"\u2581{word}": -9.0 for n, word in enumerate(words) if n % 3}
    parts["model"]["vocab"] = list(pieces.items())
    backend = tokenizers.Tokenizer.from_str(json.dumps(parts))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>", unk_token="<unk>")


def build_prompts(texts, users):
    rows = rows_of(texts, "LaMP_4-like", users)[:]
    for rules in ("official", "fixed"):
        speeds = []
        for k in (1, 4, 16):
            personalize = Personalizer("LaMP_4", retriever="first", k=k, rules=rules)
            seconds, _ = best_of_three(lambda: personalize(rows))  # noqa: B023 called at once
            speeds.append(f"k={k}: {users / seconds:,.0f}")
        print(f"prompts a second, {rules}, budget in words: {', '.join(speeds)}")


def count_tokens(texts, users, k=4, max_length=512):
    """Official prompts with a tokenizer, on all cores: so these times are of the clock."""
    print(f"\nofficial prompts with T5's tokenizer, {k} items, {max_length} tokens, ms a user by the clock")
    for name, (config, *_) in SHAPES.items():
        rows, wording = rows_of(texts, name, users)[:], TASKS[config].wording
        known = [*rows["input"], *(text for profile in rows["profile"] for item in profile for text in item.values())]
        tokenizer = t5_tokenizer(known)
        samples = [(text, profile[:k]) for text, profile in zip(rows["input"], rows["profile"], strict=True)]
        personalize = Personalizer(config, retriever="first", k=k, tokenizer=tokenizer, max_length=max_length)
        ways = {
            "calls": lambda: [official_calls(wording, *sample, tokenizer, max_length) for sample in samples],  # noqa: B023
            "ours": lambda: personalize(rows)["source"],  # noqa: B023
        }
        prompts = ways["ours"]()
        needed = list(dict.fromkeys(needed_texts(wording, samples, prompts)))
        ways["floor"] = lambda: tokenizer(needed)["input_ids"] and None  # noqa: B023
        times, encoding = {way: [] for way in ways}, []
        gc.freeze()  # what the shapes before left behind would slow down the way that makes more objects
        for _ in range(5):
            for way, call in ways.items():
                with timed_encoding(personalize) as spent:
                    start = time.perf_counter()
                    assert call() in (prompts, None)
                    times[way].append(time.perf_counter() - start)
                if way == "ours":
                    encoding.append(sum(spent))
        calls, ours, floor, spent = (min(found) / users * 1e3 for found in (*times.values(), encoding))
        print(
            f"{name}   official order of calls {calls:6.2f}   ours {ours:6.2f} ({calls / ours:.1f} x)   encoding "
            f"{spent:6.2f}, compared with each text once in one batch {floor:6.2f} ({spent / floor:.2f} x)"
        )


def needed_texts(wording, samples, prompts):
    """The texts whose tokens decide the prompts, and the prompts, whose lengths are in the rows."""
    for (text, items), prompt in zip(samples, prompts, strict=True):
        yield from (text, prompt)
        for item in items:
            yield item[wording.truncated_field]
            if wording.item_cost[1] is not None:
                yield wording.item_cost[1].format_map(item)


@contextmanager
def timed_encoding(personalize):
    """A list that gets the seconds of each encoding."""
    encoder, spent = personalize._tokens.encoder, []

    def encode(*arguments, **options):
        start = time.perf_counter()
        found = type(encoder).encode(encoder, *arguments, **options)
        spent.append(time.perf_counter() - start)
        return found

    encoder.encode = encode
    yield spent
    del encoder.encode


class Counter:
    """In place of a model: counts what it is asked to embed."""

    def __init__(self):
        self.texts = 0

    def encode(self, texts, **options):
        self.texts += len(texts)
        return np.zeros((len(texts), 4), np.float32)


def count_embeddings(texts):
    """One user's samples hold leave-one-out copies of one profile, as in the user-based setting."""
    items = texts.profile(100, 30)
    task, model, given = TASKS["LaMP_7"], Counter(), 0
    samples = []
    for number in range(20):
        profile = [{"id": f"{number}-{n}", "text": item} for n, item in enumerate(items) if n != number]
        samples.append(Sample(task, str(number), "", Query(items[number]), profile))
        given += len(profile) + 1
    ranker = Dense(model=model)
    ranker.rank(samples[:10])
    ranker.rank(samples[10:])
    print(
        f"dense: {given} texts in 20 samples of one user, {model.texts} embedded ({len(set(items))} items, 20 queries)"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    datasets.disable_progress_bars()
    texts = Texts(args.seed)
    score_users(texts, args.users)
    map_users(texts, args.users)
    print()
    build_prompts(texts, args.users)
    if importlib.util.find_spec("transformers") is not None:
        count_tokens(texts, args.users)
    count_embeddings(texts)
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
