"""The official prompts: goldens worked by hand, and each rule of the budget against an independent statement of it."""

import random

import pytest
from made_up import row, text
from stand_ins import WordTokenizer, numbers

from lamp_dataset.personalize.prompts.prompt import CUT, EMPTY, LEFT_OUT, WHOLE, Content, official_prompts
from lamp_dataset.personalize.prompts.tokens import Tokens
from lamp_dataset.tasks import LAMP, TASKS

USER_BASED = [name for name, task in TASKS.items() if task.family is LAMP and not task.time_based]


def prompt(name, text, items, max_length, tokenizer=None):
    return official_prompts(
        TASKS[name].wording, [Content(text, items)], Tokens(tokenizer or WordTokenizer()), max_length
    )[0]


# ---- goldens: words are tokens, one special token at the end, so L("a b") = 3


AGAIN = "Following the given patterns"
#: Config, items, input, max_length and prompt. B is max_length without L(input), and P an item's part of it.
GOLDENS = [
    # L(input) = 6, B = 40 - 6 = 34; two items: P = (34 - 1 - 2) // 2 = 15; L('5 is the score for " " ') = 8
    # first item: 15 - 8 = 7 tokens, six words; all used, so the second gets 7 too and needs 4
    (
        "LaMP_3",
        [{"score": "5", "text": numbers(0, 10)}, {"score": "2", "text": "x y z"}],
        "X review: one two three",
        40,
        '5 is the score for "w0 w1 w2 w3 w4 w5" , and 2 is the score for "x y z" . X review: one two three',
    ),
    # the same budget: the first item leaves 15 - 4 - 8 = 3, the second gets 7 + 3 = 10 tokens, nine words
    (
        "LaMP_3",
        [{"score": "2", "text": "x y z"}, {"score": "5", "text": numbers(0, 12)}],
        "X review: one two three",
        40,
        f'2 is the score for "x y z" , and 5 is the score for "{numbers(0, 9)}" . X review: one two three',
    ),
    # L(input) = 11, B = 31 - 11 = 20; P = (20 - 0 - 2) // 2 = 9; an item costs 2 besides: 7 tokens, six words
    (
        "LaMP_1",
        [{"title": numbers(0, 9), "abstract": "never seen"}, {"title": "b c", "abstract": "never seen"}],
        'with the title "T U", which? [1]: "A" [2]: "B"',
        31,
        'with the title, and "w0 w1 w2 w3 w4 w5", and "b c" "T U", which? [1]: "A" [2]: "B"',
    ),
    # L(input) = 3, B = 30 - 3 = 27, P = 27 - 1 = 26; L('the tag for the movie: " " is "dark comedy" ') = 11: 15 tokens
    (
        "LaMP_2", [{"tag": "dark comedy", "description": numbers(0, 20)}], "description: robots", 30,
        f'the tag for the movie: "{numbers(0, 14)}" is "dark comedy" . description: robots',
    ),
    # B = 27, P = 26; L('the category for the article: " " is "food & drink" ') = 12: 14 tokens, 13 words
    (
        "LaMP_2_news", [{"category": "food & drink", "text": numbers(0, 20), "title": ""}], "article: bread", 30,
        f'the category for the article: "{numbers(0, 13)}" is "food & drink" . article: bread',
    ),
    # L(input) = 2, B = 28, P = 27; L('"Old Tea" is the title for " " ') = 9: 18 tokens, 17 words
    *(
        (name, [{"title": "Old Tea", "text": numbers(0, 20)}], "article:", 30,
         f'"Old Tea" is the title for "{numbers(0, 17)}" . article:')
        for name in ("LaMP_4", "LaMP_6")
    ),
    # L("Following the given patterns") = 5, so P = 30 - 2 - 1 - 5 = 22; L('"Old Tea" is a title " " ') = 8: 14 tokens
    (
        "LaMP_5", [{"title": "Old Tea", "abstract": numbers(0, 20)}], "paper:", 30,
        f'"Old Tea" is a title for "{numbers(0, 13)}" . {AGAIN} paper:',
    ),
    # L("are written by user. Following the given patterns") = 9: P = 30 - 2 - 1 - 9 = 18; L('"" ') = 2: 16 tokens
    ("LaMP_7", [{"text": numbers(0, 20)}], "it:", 30, f'"{numbers(0, 15)}"  are written by a person. {AGAIN} it:'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "items", "text", "max_length", "expected"), GOLDENS)
def test_prompts_as_worked_by_hand(name, items, text, max_length, expected):
    assert prompt(name, text, items, max_length).text == expected


# ---- every rule against a second statement of it

CONSTANT = dict.fromkeys(USER_BASED, 1) | {"LaMP_1": 0, "LaMP_5": 1 + 5, "LaMP_7": 1 + 9}
NEEDED = {
    "LaMP_1": lambda item: 2,
    "LaMP_2": lambda item: 5 + 2 + 1 + len(item["tag"].split()) + 1,
    "LaMP_2_news": lambda item: 5 + 2 + 1 + len(item["category"].split()) + 1,
    "LaMP_3": lambda item: len(item["score"].split()) + 4 + 2 + 1,
    "LaMP_4": lambda item: len(item["title"].split()) + 4 + 2 + 1,
    "LaMP_5": lambda item: len(item["title"].split()) + 3 + 2 + 1,
    "LaMP_6": lambda item: len(item["title"].split()) + 4 + 2 + 1,
    "LaMP_7": lambda item: 1 + 1,
}
TEXT = dict.fromkeys(USER_BASED, "text") | {"LaMP_1": "title", "LaMP_2": "description", "LaMP_5": "abstract"}
FACTORS = [0.6, 0.5, 0.4, 0.30000000000000004, 0.20000000000000004, 0.10000000000000003, 2.7755575615628914e-17]


def expected_limits(name, question, items, max_length):
    """The limits that the tokenizer is asked for, share after share, until one works; and whether one does."""
    limits = []
    for factor in FACTORS:
        room = max_length - min(len(question.split()) + 1, int(factor * max_length))
        each = (room - CONSTANT[name] - 2 * (len(items) - 1)) // len(items)
        saved = 0
        for item in items:
            limit = each + saved - NEEDED[name](item)
            limits.append(limit)
            if limit < 0:
                break
            words = len(item[TEXT[name]].split())
            used = min(words + 1, limit) if limit else words + 1
            saved += each - used - NEEDED[name](item)
        else:
            return limits, True
    return limits, False


def random_case(name, rng):
    made = row(name, rng.randrange(100), size=rng.randint(1, 6), seed=rng.random(), words=(1, rng.choice([3, 20, 60])))
    return TASKS[name].instruction + " " + text(rng, 0, rng.choice([5, 40, 150])), made["profile"]


@pytest.mark.parametrize("name", USER_BASED)
def test_every_limit_is_as_the_rules_say(name):
    rng = random.Random(name)
    fell_back, uses = 0, set()
    for _ in range(300):
        question, items = random_case(name, rng)
        max_length, tokenizer = rng.choice([16, 40, 64, 128, 256, 512]), WordTokenizer()
        found = prompt(name, question, items, max_length, tokenizer)
        limits, works = expected_limits(name, question, items, max_length)
        assert tokenizer.limits == limits
        assert works == (LEFT_OUT not in found.use)
        for use, item in zip(found.use, items, strict=True):
            assert use != WHOLE or f'"{item[TEXT[name]]}"' in found.text
        uses |= set(found.use)
        if not works:
            fell_back += 1
            assert found.text == question
            assert f" of {max_length} tokens; {len(items)} item" in found.notes[0]
    assert 0 < fell_back < 300
    assert uses >= {WHOLE, CUT}


def test_smaller_shares_are_tried_until_the_items_fit():
    # 0.6: B = 40 - 24 = 16, P = 15, limit 15 - 19 = -4; 0.5: 19 - 19 = 0 works, and 0 is no limit for this tokenizer
    tokenizer = WordTokenizer()
    items = [{"title": numbers(0, 12), "text": "x y z"}]
    found = prompt("LaMP_4", f"article: {numbers(0, 60)}", items, 40, tokenizer)
    assert tokenizer.limits == [-4, 0]
    assert found.text.startswith(f'"{numbers(0, 12)}" is the title for "x y z" . article: w0')
    assert found.notes == (
        "the tokenizer cannot truncate to 0 tokens",
        "the prompt has 82 tokens: the end of the input, beyond 40, will be lost",
    )


def test_seven_failures_give_the_bare_input_and_say_so():
    # needed: 60 + 7; P = (40 - 3 - 1 - 2) // 2 = 17, and (40 - 0 - 1 - 2) // 2 = 18 with the last share, which is 0
    tokenizer = WordTokenizer()
    items = [{"title": numbers(0, 60), "text": "x"}, {"title": "t", "text": "y"}]
    found = prompt("LaMP_4", "article: a", items, 40, tokenizer)
    assert tokenizer.limits == [17 - 67] * 6 + [18 - 67]
    assert (found.text, found.use) == ("article: a", (LEFT_OUT, LEFT_OUT))
    assert found.notes == (
        "the input takes 3 of 40 tokens; 2 items do not fit: the prompt is the input",  # no "negative int"
    )


def test_no_room_in_words_is_said_without_a_limit_below_zero():
    # needed: 6; P = 5 - 0 - 1 = 4 at most
    (found,) = official_prompts(
        TASKS["LaMP_3"].wording, [Content("review: a", [{"score": "5", "text": "x"}])], Tokens(), 5
    )
    assert found.text == "review: a"
    assert found.notes == ("the input takes 2 of 5 words; 1 item does not fit: the prompt is the input",)


def test_another_reason_of_the_tokenizer_is_kept():
    class Strict(WordTokenizer):
        def __call__(self, text, max_length=None, truncation=False, add_special_tokens=True):
            if truncation:
                raise ValueError("truncation is off")
            return super().__call__(text)

    found = prompt("LaMP_3", "review: a", [{"score": "5", "text": "x"}], 100, Strict())
    assert "(truncation is off): the prompt is the input" in found.notes[0]


def test_a_limit_of_one_leaves_an_empty_text_and_the_row_says_so():
    # B = 12 - 2 = 10, P = 10 - 1 = 9, limit 9 - 8 = 1: the special token alone
    found = prompt("LaMP_3", "review:", [{"score": "5", "text": "good tea"}], 12)
    assert found.text == '5 is the score for "" . review:'
    assert found.use == (EMPTY,)
    assert found.notes == ("nothing is left of the texts of 1 of 1 items",)


def test_a_text_of_unknown_characters_alone_is_decoded_to_nothing_and_called_empty():
    class Unknowing(WordTokenizer):
        def batch_decode(self, batch, **options):
            return super().batch_decode([[word for word in ids if word.isascii()] for ids in batch], **options)

    items = [{"text": "\u2600 \u2601"}, {"text": "so \u2600"}, {"text": " "}]
    found = prompt("LaMP_7", "tweet: a", items, 100, Unknowing())
    assert found.use == (EMPTY, WHOLE, WHOLE)  # what was blank before has lost nothing
    assert found.notes == ("nothing is left of the texts of 1 of 3 items",)


def test_a_slow_tokenizer_never_fails_but_overflows_and_the_row_says_so():
    # B = 20 - 3 = 17, P = 16, limit 16 - 37 = -21
    tokenizer = WordTokenizer("slow")
    items = [{"title": numbers(0, 30), "text": numbers(0, 50)}]
    found = prompt("LaMP_4", "article: a", items, 20, tokenizer)
    assert tokenizer.limits == [-21]
    assert found.text == f'"{numbers(0, 30)}" is the title for "{numbers(0, 50)}" . article: a'
    assert found.notes[0] == "the tokenizer cannot truncate to -21 tokens"
    assert "the end of the input, beyond 20, will be lost" in found.notes[1]


def test_the_end_of_a_long_input_is_not_cut_here_but_announced():
    # int(0.6 * 100) = 60 are reserved for an input of 101; P = 40 - 1, limit 39 - 8 = 31: 30 words. The prompt has
    # 1 + 4 + 30 words of the item, the full stop, 100 words of the input and one special token
    question = f"article: {numbers(0, 99)}"
    found = prompt("LaMP_4", question, [{"title": "t", "text": numbers(0, 80)}], 100)
    assert found.text.endswith(f'" . {question}')
    assert found.notes == ("the prompt has 137 tokens: the end of the input, beyond 100, will be lost",)


def test_titles_inside_words_none_at_all_and_odd_texts():
    found = prompt("LaMP_1", 'an author entitled to "x"', [{"title": "P", "abstract": ""}], 60)
    assert found.text == 'an author entitle, and "P"d to "x"'
    found = prompt("LaMP_1", "which reference?", [{"title": "P", "abstract": ""}], 60)
    assert (found.text, found.use) == ("which reference?", (LEFT_OUT,))
    assert found.notes == ("no 'title' in the input to insert the items after: the prompt is the input",)
    items = [{"title": "{text} {0}", "text": "{items} {input}"}]
    assert prompt("LaMP_4", "article: {items}", items, 60).text == (
        '"{text} {0}" is the title for "{items} {input}" . article: {items}'
    )
    items = [{"score": "1", "text": "a\n\n b\tc"}]
    assert prompt("LaMP_3", "review:\n x", items, 60).text == '1 is the score for "a b c" . review:\n x'
