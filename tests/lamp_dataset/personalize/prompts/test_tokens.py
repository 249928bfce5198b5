import pytest
from personal import WordTokenizer

from lamp_dataset.personalize.prompts.tokens import Tokens


class Offsets(WordTokenizer):
    """A fast tokenizer: says where its tokens end. Cased words are two tokens, so that ends lie inside words."""

    is_fast = True

    def __call__(self, text, return_offsets_mapping=False, **options):
        if not return_offsets_mapping:
            return super().__call__(text, **options)
        assert options == {"add_special_tokens": False}
        spans = [(n, n + 1) for n, character in enumerate(text) if not character.isspace()]
        return {"offset_mapping": spans, "input_ids": spans}


class Chat(WordTokenizer):
    chat_template = "there is one"

    def apply_chat_template(self, messages, tokenize, add_generation_prompt):
        assert (tokenize, add_generation_prompt) == (False, True)
        return " ".join(f"<{message['role']}> {message['content']} <end>" for message in messages) + " <assistant>"


def chat(prompt):
    return [{"role": "system", "content": "be brief"}, {"role": "user", "content": prompt}]


def test_words_stand_in_for_a_tokenizer():
    tokens = Tokens()
    assert (tokens.unit, tokens.length(" a  b\nc ")) == ("words", 3)
    assert tokens.ids("a b c", 2) == ["a", "b"]
    assert tokens.ids("a b c", 0) == []
    assert tokens.decode([["a", "b"], []]) == ["a b", ""]
    with pytest.raises(ValueError, match="0 words or more, found -1"):
        tokens.ids("a b c", -1)


@pytest.mark.parametrize(
    ("tokenizer", "limit", "expected"),
    [
        (None, 5, (" a  b c ", 3)),
        (None, 3, (" a  b c ", 3)),
        (None, 2, (" a  b", 2)),
        (None, 0, ("", 0)),
        (Offsets(), 2, (" a  b", 2)),
        (Offsets(), 0, ("", 0)),
        (WordTokenizer(), 3, (" a  b c ", 3)),
        (WordTokenizer(), 2, ("a b", 2)),  # no offsets: decoded
    ],
)
def test_shortening_keeps_the_text_as_it_stands(tokenizer, limit, expected):
    assert Tokens(tokenizer).shorten(" a  b c ", limit) == expected


def test_a_chat_template_counts_and_without_one_messages_do_not():
    tokens = Tokens(Chat(), chat)
    # <system> be brief <end> <user> x <end> <assistant>
    assert tokens.prompt_length("x y") == 9
    assert tokens.length("x y") == 3
    assert tokens.overhead == 8 - 2
    for tokens in (Tokens(WordTokenizer(), chat), Tokens(None, chat), Tokens(Chat())):
        assert tokens.overhead == 0
        assert tokens.prompt_length("x y") == tokens.length("x y")


def test_constant_lengths_are_counted_once():
    class Counting(WordTokenizer):
        calls = 0

        def __call__(self, text, **options):
            Counting.calls += 1
            return super().__call__(text, **options)

    tokens = Tokens(Counting())
    assert [tokens.length("a b"), tokens.length("a")] == [3, 2]
    assert Counting.calls == 2
