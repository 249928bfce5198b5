import official_prompts
import pytest
from personal import WordTokenizer

from lamp_dataset.personalize.prompts.encoders import Encoder, _FastTokenizer, _Words, make_encoder

real = [pytest.mark.models, pytest.mark.tokenizers]
TEXTS = ["", " ", "good tea", 'so " </s> [SEP] <|im_end|> old .', "e\u0301 漢字 \n\n ca n't ", "map " * 30]


def load(kind):
    transformers = pytest.importorskip("transformers")
    return official_prompts.load(kind, False, transformers.PreTrainedTokenizerFast)


def test_words():
    words = make_encoder(None)
    assert isinstance(words, _Words)
    assert words.encode([" a  b\nc ", ""]) == [["a", "b", "c"], []]
    assert words.ends([" a  b"]) == [[2, 5]]
    assert (words.truncate("", ["a", "b"], 1), words.decode([["a", "b"]])) == (["a"], ["a b"])


def test_a_tokenizer_without_a_rust_backend_is_called_text_by_text():
    tokenizer = WordTokenizer()
    encoder = make_encoder(tokenizer)
    assert type(encoder) is Encoder
    assert encoder.encode(["a b"]) == [["a", "b", "</s>"]]
    assert encoder.encode(["a b"], special=False) == [["a", "b"]]
    assert encoder.truncate("a b", ["a", "b", "</s>"], 2) == ["a", "</s>"]
    assert tokenizer.limits == [2]
    assert encoder.ends(["a b"]) is None


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("kind", [pytest.param(kind, marks=real) for kind in official_prompts.KINDS])
def test_a_fast_tokenizer_truncates_as_its_own_calls_do(kind, side):
    tokenizer, theirs = load(kind), load(kind)
    tokenizer.truncation_side = theirs.truncation_side = side
    encoder = make_encoder(tokenizer)
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
    encoder = make_encoder(tokenizer)
    assert encoder.encode(TEXTS, special=False) == theirs.encode(TEXTS, special=False)
    assert encoder.ends(TEXTS) == theirs.ends(TEXTS)
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
    encoder = make_encoder(tokenizer)
    assert encoder.decode(encoder.encode(["good tea ."])) == ["GOOD TEA."]


@pytest.mark.models
@pytest.mark.tokenizers
def test_truncation_and_padding_of_a_tokenizer_file_do_not_count():
    tokenizer = load("wordpiece")
    backend = tokenizer.backend_tokenizer
    backend.enable_truncation(3)
    backend.enable_padding(length=9)
    assert [len(ids) for ids in make_encoder(tokenizer).encode(["tea", "map " * 30])] == [
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
    assert type(make_encoder(tokenizer)) is Encoder
