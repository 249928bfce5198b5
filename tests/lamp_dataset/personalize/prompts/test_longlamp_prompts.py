"""LongLaMP's official prompts and retrieval against a second statement of its code's rules, call by call."""

import random

import official_prompts
import pytest
from made_up import batch, row, text

from lamp_dataset import Personalizer
from lamp_dataset.personalize.prompts.tokens import SPACED
from lamp_dataset.tasks import TASKS


def abstract(query, items, passed):
    short = [passed(" ".join(item["abstract"].split()[:750])) for item in items]
    worded = [f'"{s}" is the abstract for the title "{item["title"]}"' for s, item in zip(short, items, strict=True)]
    context = "Use the above abstracts as context to understand the style and language of the user and,"
    return f"{', and '.join(worded)}. {context} {query}"


def review(query, items, passed):
    worded = [
        f'"{item["overall"]}" is a rating for the product with description "{item["description"]}". '
        f'"{item["summary"]}" is summary for "{passed(item["reviewText"])}" '
        for item in items
    ]
    return f"{', and '.join(worded)}. Following the given patterns {query}"


def topic(query, items, passed):
    worded = [f'"{item["summary"]}" is a summary for "{passed(item["content"])}" ' for item in items]
    return f"{', and '.join(worded)}. Following the given patterns, {query}"


def email(query, items, passed):
    worded = [f'"{item["title"]}" is the title for "{passed(item["text"])}" ' for item in items]
    return f"{', and '.join(worded)}. {query}"


#: Base -> the prompt, the query of an input, the document of an item.
RULES = {
    "LongLaMP_abstract": (abstract, lambda q: q.split("items:", 1)[1].strip(), "{title} {abstract}"),
    "LongLaMP_review": (review, lambda q: q, "{overall} {summary} {description} {reviewText}"),
    "LongLaMP_topic": (topic, lambda q: q, "{summary} {content}"),
    "LongLaMP_email": (email, lambda q: q.split(":", 1)[1].strip(), "{text}"),
}
NAMES = [name for name, task in TASKS.items() if task.base in RULES]
INPUTS = {"LongLaMP_abstract": '{}" using the following items: 1. {}\n2. tea'}


def rows(name, long=60):
    rng, base = random.Random(name), TASKS[name].base
    made = [row(name, number, size=rng.randint(1, 6), words=(1, rng.choice([3, long]))) for number in range(12)]
    for one in made:
        one["input"] += INPUTS.get(base, " {} {}").format(text(rng, 1, 4), text(rng, 1, 9))
        for item in one["profile"]:
            item.update({f: official_prompts.odd(rng, item[f]) for f in TASKS[name].profile_fields})
    return made


@pytest.mark.parametrize("name", NAMES)
def test_without_a_tokenizer_texts_go_in_as_they_are_and_abstracts_as_750_words(name):
    make = RULES[TASKS[name].base][0]
    made = rows(name, long=900)
    found = Personalizer(name, retriever="first", k=3, max_length=256)(batch(made))
    assert found["source"] == [make(one["input"], one["profile"][:3], str) for one in made]
    field = TASKS[name].wording.truncated_field
    cut = [[len(item[field].split()) > 750 for item in one["profile"][:3]] for one in made]
    is_cut = TASKS[name].wording.max_words is not None
    assert found["retrieved_use"] == [["cut" if is_cut and one else "whole" for one in some] for some in cut]
    noted = ["will be lost" in note for note in found["notes"]]
    assert noted == [length > 256 for length in found["source_length"]]


@pytest.mark.models
@pytest.mark.tokenizers
@pytest.mark.parametrize("limit", [None, 20])
@pytest.mark.parametrize("kind", official_prompts.KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_each_long_text_passes_through_the_tokenizer(name, kind, limit):
    import tokenizers
    import transformers

    backend = tokenizers.Tokenizer.from_file(str(official_prompts.FILES / kind / "tokenizer.json"))
    backend.no_padding()
    backend.enable_truncation(limit or {"byte_bpe": 32768}.get(kind, 512))

    def passed(given):
        shown = backend.decode(backend.encode(given).ids, skip_special_tokens=True)
        for spaced in SPACED:
            shown = shown.replace(spaced, spaced.strip())
        return shown

    tokenizer = official_prompts.load(kind, False, transformers.AutoTokenizer)
    tokenizer.model_max_length = limit or tokenizer.model_max_length
    made = rows(name)
    found = Personalizer(name, retriever="first", k=2, tokenizer=tokenizer)(batch(made))
    assert found["source"] == [RULES[TASKS[name].base][0](one["input"], one["profile"][:2], passed) for one in made]
    assert any("cut" in use for use in found["retrieved_use"]) == (limit is not None)


@pytest.mark.parametrize("name", NAMES)
def test_bm25_is_rank_bm25_of_query_and_document_and_recency_the_stored_order(name):
    rank_bm25 = pytest.importorskip("rank_bm25", reason="not installed")
    _, query, document = RULES[TASKS[name].base]
    made = [one for one in rows(name) if len(one["profile"]) > 1]
    found = Personalizer(name, retriever="bm25", k=6)(batch(made))
    for one, ids in zip(made, found["retrieved_ids"], strict=True):
        corpus = [document.format_map(item).split() for item in one["profile"]]
        scores = rank_bm25.BM25Okapi(corpus).get_scores(query(one["input"]).split())
        assert [scores[[item["id"] for item in one["profile"]].index(i)] for i in ids] == sorted(scores, reverse=True)
    latest = Personalizer(name, retriever="recency", k=3)(batch(made))["retrieved_ids"]
    assert latest == [[item["id"] for item in one["profile"]][-3:][::-1] for one in made]
    fused = Personalizer(name, retriever="rrf", rankers=("bm25", "recency"), k=1)(batch(made))
    assert all(fused["personalized"])


@pytest.mark.parametrize("name", NAMES)
def test_fixed_rules_keep_the_budget_and_quotes_are_escaped_on_request(name):
    made = rows(name)
    found = Personalizer(name, rules="fixed", max_length=120, k=2)(batch(made))
    assert all(
        length <= 120 or not used for length, used in zip(found["source_length"], found["personalized"], strict=True)
    )
    plain, escaped = (Personalizer(name, k=1, escape_quotes=escape)(batch(made)) for escape in (False, True))
    for column in ("source", "target"):
        assert escaped[column] == [shown.replace('"', '\\"') for shown in plain[column]]
