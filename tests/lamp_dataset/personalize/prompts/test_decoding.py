import pytest

from lamp_dataset.personalize.prompts.decoding import REPLACEMENTS, clean_up, decode


def test_every_replacement_of_transformers_4_is_made_and_no_other():
    assert len(REPLACEMENTS) == 10
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
