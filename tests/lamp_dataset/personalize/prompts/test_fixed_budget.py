import random

import pytest
from made_up import row, text
from stand_ins import WordTokenizer, numbers

from lamp_dataset.personalize.prompts.prompt import CUT, LEFT_OUT, WHOLE, Content, assemble, fixed_prompts, front_of
from lamp_dataset.personalize.prompts.tokens import Tokens
from lamp_dataset.tasks import TASKS

USER_BASED = [name for name, task in TASKS.items() if not task.time_based]


def prompt(name, text, items, max_length, tokenizer=None):
    return fixed_prompts(TASKS[name].wording, [Content(text, items)], Tokens(tokenizer or WordTokenizer()), max_length)[
        0
    ]


class Merging(WordTokenizer):
    """A tokenizer whose parts count less than the whole: a quotation mark at the end of a word is a token more."""

    def __call__(self, text, **options):
        return super().__call__(text.replace('w" ', 'w " '), **options)


def cases(name, count):
    rng = random.Random(f"fixed {name}")
    for _ in range(count):
        made = row(
            name, rng.randrange(99), size=rng.randint(1, 6), seed=rng.random(), words=(1, rng.choice([3, 20, 60]))
        )
        yield made["input"] + text(rng, 0, rng.choice([5, 100])), made["profile"], rng.choice([16, 40, 64, 128, 256])


@pytest.mark.parametrize("counter", [WordTokenizer, lambda: None, Merging], ids=["tokens", "words", "merging"])
@pytest.mark.parametrize("name", USER_BASED)
def test_the_budget_is_kept_and_the_input_whole(name, counter):
    wording, seen = TASKS[name].wording, set()
    for question, items, max_length in cases(name, 150):
        tokens = Tokens(counter())
        (found,) = fixed_prompts(wording, [Content(question, items)], tokens, max_length)
        seen |= set(found.use)
        if tokens.length(question) > max_length:
            assert found.text == question
            assert found.notes == (
                f"the input alone has {tokens.length(question)} {tokens.unit}, more than {max_length}: no profile",
            )
            continue
        assert tokens.length(found.text) <= max_length
        used = [item for item, use in zip(items, found.use, strict=True) if use != LEFT_OUT]
        assert used == items[: len(used)]
        assert bool(found.notes) == (len(used) < len(items))
        if all(use == WHOLE for use in found.use):
            assert found.text == assemble(wording, question, items)
        if wording.insert_after is None and used:
            assert found.text.endswith(question)
    assert seen == {WHOLE, CUT, LEFT_OUT}


def test_room_is_shared_and_what_one_item_leaves_goes_on():
    # without texts: 2 * (4 + '5 is the score for ""') = 12 words, ', and' 2, '.' 1, input 2 and one special: 18
    items = [{"score": "2", "text": "x y"}, {"score": "5", "text": numbers(0, 12)}]
    found = prompt("LaMP_3", "review: fine", items, 27)
    assert found.text == '2 is the score for "x y" , and 5 is the score for "w0 w1 w2 w3 w4 w5 w6 w7 w8" . review: fine'
    assert found.use == (WHOLE, CUT)
    assert len(found.text.split()) + 1 == 27


def test_texts_are_cut_as_they_stand_and_titles_found_as_words():
    found = prompt("LaMP_7", "it: x", [{"text": "One\n\n two,  three"}], 100, tokenizer=None)
    assert '"One\n\n two,  three"' in found.text
    (found,) = fixed_prompts(
        TASKS["LaMP_7"].wording, [Content("it: x", [{"text": "One\n\n two,  three four"}])], Tokens(), 14
    )
    assert found.text.startswith('"One\n\n two,  three" ')
    found = prompt("LaMP_1", 'Entitled: the title "x"', [{"title": "P", "abstract": ""}], 60)
    assert found.text == 'Entitled: the title, and "P" "x"'
    found = prompt("LaMP_1", 'an author entitled to "x"', [{"title": "P", "abstract": ""}], 60)
    assert found.notes == ("no 'title' in the input to insert the items after: the prompt is the input",)
    items = [{"title": "P", "abstract": ""}]
    wording, tokens = TASKS["LaMP_1"].wording, Tokens(WordTokenizer())
    (found,) = fixed_prompts(wording, [Content('the title "x"', items, front="Every title is short.\n")], tokens, 60)
    assert found.text == 'Every title is short.\nthe title, and "P" "x"'


def test_items_that_find_no_room_are_left_out_the_last_first():
    items = [{"score": str(n), "text": "good tea"} for n in range(5)]
    found = prompt("LaMP_3", "review: fine", items, 26)
    # three items of six words with one word of their texts, two times ', and', '.', the input and a special token
    assert found.use == (CUT, CUT, CUT, LEFT_OUT, LEFT_OUT)
    assert len(found.text.split()) + 1 == 26
    assert found.notes == ("no room for 2 of 5 items",)


def test_no_room_for_any_item_gives_the_input_and_an_item_without_text_is_an_item():
    found = prompt("LaMP_4", "article: a b c", [{"title": numbers(0, 30), "text": "x"}], 20)
    assert (found.text, found.use) == ("article: a b c", (LEFT_OUT,))
    assert found.notes == ("the input takes 5 of 20 tokens; no item fits",)
    found = prompt("LaMP_3", "review: fine", [{"score": "2", "text": ""}], 40)
    assert (found.text, found.use) == ('2 is the score for "" . review: fine', (WHOLE,))


def test_a_summary_gets_what_the_input_leaves_and_the_items_get_the_rest():
    wording, tokens = TASKS["LaMP_3"].wording, Tokens(WordTokenizer())
    for limit, front, note in [
        (6, "calm  reader\n", ()),
        (5, "calm  reader\n", ()),
        (4, "calm\n", ("the summary is cut to 1 tokens",)),
        (3, "", ("no room for the summary",)),
        (2, "", ("no room for the summary",)),
    ]:
        assert front_of(" calm  reader ", "review: fine", tokens, limit) == (front, note)
    items = [{"score": "2", "text": "x y"}, {"score": "5", "text": "z"}]
    (found,) = fixed_prompts(wording, [Content("review: fine", items, front="calm  reader\n")], tokens, 13)
    assert found.text == 'calm  reader\n2 is the score for "x y" . review: fine'
    assert (found.use, found.notes) == ((WHOLE, LEFT_OUT), ("no room for 1 of 2 items",))
    (found,) = fixed_prompts(wording, [Content("review: fine", items, front="calm  reader\n")], tokens, 6)
    assert (found.text, found.use) == ("calm  reader\nreview: fine", (LEFT_OUT, LEFT_OUT))
    assert found.notes == ("summary and input take 5 of 6 tokens; no item fits",)


@pytest.mark.parametrize("counter", [WordTokenizer, lambda: None, Merging], ids=["tokens", "words", "merging"])
def test_a_cut_summary_just_fits(counter):
    tokens = Tokens(counter())
    for limit in range(1, 40):
        front, notes = front_of('w" ' * 20, "in w put", tokens, limit)
        assert tokens.prompt_length(front + "in w put") <= max(limit, tokens.prompt_length("in w put"))
        assert bool(notes) == (front.count("w") < 20)
