import itertools
import json
import random

import pytest

from lamp_metric.scorers.wrappers import REASONING, WRAPPERS, unwrap, wrapper_of


@pytest.mark.parametrize(
    ("kind", "text", "inside"),
    [
        ("reasoning", "<think>Short?</think>\n\nRain, Again", "Rain, Again"),
        ("reasoning", "Short?\n</think>Rain, Again", "Rain, Again"),  # the template wrote the opening tag
        ("reasoning", "<think></think>", ""),
        ("reasoning that never ends", "<think>Okay, the user wants a headline", ""),
        ("label", "Subject line: Re: Rain", "Re: Rain"),
        ("label", '*Title*: "Rain"', "Rain"),
        ("label", "Here is a headline: Rain", "Rain"),
        ("label", "Sure! Here’s your paraphrased tweet: Rain", "Rain"),
        ("label", 'Certainly, here is a headline for this article:\n\n"Rain"', "Rain"),
        ("label", "Title:", ""),
        ("quotes", '"Rain"', "Rain"),
        ("quotes", "“It's ‘Rain’”", "It's ‘Rain’"),
        ("quotes", "‘Don’t Go’", "Don’t Go"),
        ("asterisks", "**Title: Rain**", "Rain"),
        ("JSON", '{"title": "Rain", "confidence": 0.9}', "Rain"),
        ("code fence", '```json\n{"headline": "**Rain**"}\n```', "Rain"),
    ],
)
def test_what_chat_models_put_around_a_text_is_taken_off(kind, text, inside):
    assert (wrapper_of(text), unwrap(text)) == (kind, inside)
    assert unwrap(f" {text}\n") == inside


@pytest.mark.parametrize(
    "text",
    [
        "Review: The Wire",
        "Here Is What Changed: A List",
        "Here Is the Headline They Did Not Want: Lost",
        "What's in a Title: A Study",
        '"Rain" and "Snow"',
        '"Rain": A Review',
        "'The Dogs' Dinner'",
        "{X, Y}: Sets of Sets",
        '{"a": "Rain", "b": "Snow"}',
        "Subject to Change: A Memoir\n",
        "Rain <think>Is it?</think>",
        "```js``` for Beginners",
        '"',
        "**",
        " Rain ",
        "",
        "東京",
    ],
)
def test_an_answer_without_a_wrapper_comes_back_unchanged(text):
    assert (wrapper_of(text), unwrap(text)) == (None, text)


WORDS = "Review Here Is What Changed The Wire Title Don't dogs' 5 Ways to Save—Now #tag @ann U.S. naïve ¿Qué? Subject"
QUOTED = ['"Rain"', "'Snow'", "“Fog”", "‘Hail’", "[Video]", "(Updated)", "*Really*", "{x}"]


def title(rng):
    """A made-up title with colons, quotation marks and brackets, all of them around less than the whole."""
    words = rng.choices(WORDS.split(), k=rng.randint(1, 9)) + rng.sample(QUOTED, k=rng.randint(0, 3))
    rng.shuffle(words)
    first = rng.choice(["Review:", "Rain", "Ann's", "10", "On", "Here Is Why:"])
    return f"{first} {''.join(word + rng.choice([' ', ' ', ' ', ': ', ', ', ' - ']) for word in words)}end"


AROUND = {
    "reasoning": lambda text: f"<think>\nA title: maybe {text[:9]}?\n</think>\n\n{text}",
    "label": lambda text: f"Here is a headline: {text}",
    "JSON": lambda text: json.dumps({"title": text}),
    "code fence": lambda text: f"```\n{text}\n```",
    "quotes": lambda text: f"«{text}»",
}


def test_random_titles_stay_and_come_out_of_two_wrappers_unchanged():
    rng = random.Random(21)
    for _ in range(2000):
        text = title(rng)
        assert (wrapper_of(text), unwrap(text)) == (None, text)
        for outer, inner in itertools.permutations(AROUND, 2):
            wrapped = AROUND[outer](AROUND[inner](text))
            assert (wrapper_of(wrapped), unwrap(wrapped)) == (outer, text)
            assert unwrap(unwrap(wrapped)) == text


def test_only_reasoning_is_taken_off_on_demand():
    assert unwrap("<think>a</think>Title: Rain", REASONING) == "Title: Rain"
    assert set(REASONING) < set(WRAPPERS)


@pytest.mark.parametrize("text", ["Title: " * 30_000, "```\n" * 30_000, "'a" * 30_000, '{"a":' * 30_000 + "}" * 30_000])
def test_an_answer_that_repeats_itself_is_no_trouble(text):
    assert len(unwrap(text)) > len(text) / 2
