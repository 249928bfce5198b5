"""Models made in memory in a moment, for the tests of models. torch and transformers come when they are called."""

import json
import re

#: SentencePiece's mark of a word's beginning.
BLANK = "▁"


def tiny_tokenizer(texts):
    """A T5 tokenizer (Unigram, ``</s>`` at the end) whose pieces are the words, marks and characters of ``texts``."""
    from transformers import T5Tokenizer

    words = sorted({word for text in texts for word in re.findall(r"\w+", text)})
    characters = sorted({character for text in texts for character in text if not character.isspace()})
    pieces = dict.fromkeys(["<pad>", "</s>", "<unk>"], 0.0) | dict.fromkeys([BLANK, *characters], -4.0)
    pieces |= dict.fromkeys(words, -2.0) | dict.fromkeys([BLANK + word for word in words], -1.0)
    return T5Tokenizer(vocab=list(pieces.items()), extra_ids=0)


def original_tokenizer(texts, folder):
    """:func:`tiny_tokenizer` from files in the layout of the Hub, as transformers 4 reads them; gives it as 5 does."""
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer = tiny_tokenizer(texts)
    tokenizer.save_pretrained(folder)
    config = {"tokenizer_class": "T5Tokenizer", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config | {"extra_ids": 0}), encoding="utf-8")
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    return AutoTokenizer.from_pretrained(folder)


def tiny_t5(tokenizer, seed=0, width=64):
    """A T5 model of less than a megabyte, untrained."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=len(tokenizer), d_model=width, d_kv=16, d_ff=2 * width, num_layers=2, num_heads=4,
        dropout_rate=0.0, decoder_start_token_id=tokenizer.pad_token_id, pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    return T5ForConditionalGeneration(config)


CHAT_TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}> {{ message['content'] }} <end> {% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def tiny_chat(texts, seed=0):
    """A decoder-only model with a chat template, untrained, and its tokenizer of words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    words = sorted({word for text in texts for word in text.split()})
    marks = ["<end>", "<unk>", "<system>", "<user>", "<assistant>"]
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys([*marks, *words]))}
    plain = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="<unk>", eos_token="<end>")
    tokenizer.chat_template = CHAT_TEMPLATE
    torch.manual_seed(seed)
    config = GPT2Config(vocab_size=len(vocabulary), n_embd=32, n_layer=1, n_head=2, eos_token_id=0, bos_token_id=0)
    return tokenizer, GPT2LMHeadModel(config)


def tiny_encoder(texts, folder):
    """An untrained encoder of some kilobytes that knows the words of ``texts``, and its tokenizer, in files."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = sorted({word for text in texts for word in re.findall(r"\w+|[^\w\s]", text.lower())})
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])}
    BertTokenizerFast(vocab=vocabulary).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_labels=1,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)
