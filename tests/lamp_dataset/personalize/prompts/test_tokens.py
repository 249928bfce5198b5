import official_prompts
import pytest
from stand_ins import WordTokenizer

from lamp_dataset.personalize.prompts.tokens import (
    SPACED,
    Encoder,
    Tokens,
    _FastTokenizer,
    _Words,
    clean_up,
    decode,
)


class Offsets(WordTokenizer):
    """A fast tokenizer: says where its tokens end, which is after each character."""

    backend_tokenizer = None

    def __call__(self, texts, return_offsets_mapping=False, return_special_tokens_mask=False, verbose=True, **options):
        if return_special_tokens_mask:
            return {"special_tokens_mask": [0, 1]}
        if not return_offsets_mapping:
            return {"input_ids": [super(Offsets, self).__call__(text, **options)["input_ids"] for text in texts]}
        assert (options, verbose) == ({"add_special_tokens": False}, False)
        spans = [[(n, n + 1) for n, character in enumerate(text) if not character.isspace()] for text in texts]
        return {"offset_mapping": spans}


class Chat(WordTokenizer):
    chat_template = "there is one"

    def apply_chat_template(self, messages, tokenize, add_generation_prompt):
        assert (tokenize, add_generation_prompt) == (False, True)
        return " ".join(f"<{message['role']}> {message['content']} <end>" for message in messages) + " <assistant>"


def chat(prompt):
    return [{"role": "system", "content": "be brief"}, {"role": "user", "content": prompt}]


def test_words_stand_in_for_a_tokenizer():
    tokens = Tokens()
    words = tokens.encoder
    assert isinstance(words, _Words)
    assert words.encode([" a  b\nc ", ""]) == [["a", "b", "c"], []]
    assert words.ends([" a  b"]) == [[2, 5]]
    assert words.truncate("", ["a", "b"], 1) == ["a"]
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


real = [pytest.mark.models, pytest.mark.tokenizers]
TEXTS = ["", " ", "good tea", 'so " </s> [SEP] <|im_end|> old .', "e\u0301 漢字 \n\n ca n't ", "map " * 30]


def load(kind):
    transformers = pytest.importorskip("transformers")
    return official_prompts.load(kind, False, transformers.PreTrainedTokenizerFast)


def test_a_tokenizer_without_a_rust_backend_is_called_text_by_text():
    tokenizer = WordTokenizer()
    encoder = Tokens(tokenizer).encoder
    assert type(encoder) is Encoder
    assert encoder.encode(["a b"]) == [["a", "b", "</s>"]]
    assert encoder.encode(["a b"], special=False) == [["a", "b"]]
    assert encoder.truncate("a b", ["a", "b", "</s>"], 2) == ["a", "</s>"]
    assert tokenizer.limits == [2]
    assert encoder.ends(["a b"]) == [None]


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("kind", [pytest.param(kind, marks=real) for kind in official_prompts.KINDS])
def test_a_fast_tokenizer_truncates_as_its_own_calls_do(kind, side):
    tokenizer, theirs = load(kind), load(kind)
    tokenizer.truncation_side = theirs.truncation_side = side
    encoder = Tokens(tokenizer).encoder
    assert type(encoder) is _FastTokenizer
    for text, ids in zip(TEXTS, encoder.encode(TEXTS), strict=True):
        assert ids == theirs(text)["input_ids"]
        for limit in range(len(ids) + 3):
            assert encoder.truncate(text, ids, limit) == theirs(text, max_length=limit, truncation=True)["input_ids"]
        for call in (lambda: encoder.truncate(text, ids, -1), lambda: theirs(text, max_length=-1, truncation=True)):  # noqa: B023
            with pytest.raises(OverflowError):
                call()


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=real) for kind in official_prompts.KINDS])
def test_a_fast_tokenizer_gives_the_ids_ends_and_texts_of_its_own_calls(kind):
    tokenizer, theirs = load(kind), Encoder(load(kind))
    encoder = Tokens(tokenizer).encoder
    assert encoder.encode(TEXTS, special=False) == theirs.encode(TEXTS, special=False)
    options = {"add_special_tokens": False, "return_offsets_mapping": True}
    assert encoder.ends(TEXTS) == [[end for _, end in tokenizer(t, **options)["offset_mapping"]] for t in TEXTS]
    ids = theirs.encode(TEXTS)
    assert encoder.decode(ids) == theirs.decode(ids)


@pytest.mark.models
@pytest.mark.tokenizers
def test_a_class_that_decodes_in_its_own_way_does():
    transformers = pytest.importorskip("transformers")

    class Shouting(transformers.PreTrainedTokenizerFast):
        def _decode(self, *arguments, **options):
            return super()._decode(*arguments, **options).upper()

    tokenizer = official_prompts.load("wordpiece", False, Shouting)
    encoder = Tokens(tokenizer).encoder
    assert encoder.decode(encoder.encode(["good tea ."])) == ["GOOD TEA."]


@pytest.mark.models
@pytest.mark.tokenizers
def test_truncation_and_padding_of_a_tokenizer_file_do_not_count():
    tokenizer = load("wordpiece")
    backend = tokenizer.backend_tokenizer
    backend.enable_truncation(3)
    backend.enable_padding(length=9)
    assert [len(ids) for ids in Tokens(tokenizer).encoder.encode(["tea", "map " * 30])] == [
        len(load("wordpiece")(text)["input_ids"]) for text in ("tea", "map " * 30)
    ]


@pytest.mark.models
@pytest.mark.tokenizers
def test_special_tokens_in_the_middle_are_left_to_the_tokenizer():
    from tokenizers import processors

    tokenizer = load("wordpiece")
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP] $A", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    encoder = Tokens(tokenizer).encoder
    assert encoder.truncate("good tea", encoder.encode(["good tea"])[0], 4) == [
        *tokenizer("good tea", max_length=4, truncation=True)["input_ids"]
    ]


def test_every_replacement_of_transformers_4_is_made_and_no_other():
    assert len(SPACED) == 10
    assert clean_up("a . b ? c ! d , e") == "a. b? c! d, e"
    assert clean_up("it 's I 'm we 've they 're do n't") == "it's I'm we've they're don't"
    assert clean_up("say ' so ' then") == "say'so'then"
    assert clean_up("in ' s") == "in's"  # in the order of transformers 4: the apostrophe between spaces first
    text = "a  b ; c : d ( e ) \u00e9 'll\n."
    assert clean_up(text) == text


def test_the_tokenizer_decodes_and_only_our_rule_cleans_up():
    class Tokenizer:
        def batch_decode(self, ids, skip_special_tokens, clean_up_tokenization_spaces):
            assert (skip_special_tokens, clean_up_tokenization_spaces) == (True, False)
            return [f"{row} ." for row in ids]

    assert decode(Tokenizer(), [[1], [2]]) == ["[1].", "[2]."]


@pytest.mark.models
@pytest.mark.tokenizers
def test_transformers_4_cleans_up_by_the_same_rule():
    transformers = pytest.importorskip("transformers")
    base = transformers.PreTrainedTokenizerBase
    text = "a . b ? c ! d , e ' f ' g n't h 'm i 's j 've k 're l 'd ; m's . ' ."
    theirs = base.clean_up_tokenization
    found = theirs(text) if isinstance(vars(base)["clean_up_tokenization"], staticmethod) else theirs(None, text)
    assert clean_up(text) == found
