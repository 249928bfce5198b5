"""Makes the three small tokenizers beside this file. Run once, with transformers 4.57, sentencepiece and protobuf:

    PYTHONPATH=tests:. python tests/tokenizer_files/make.py

They have the layout of files on the Hub: T5's Unigram model with ``spiece.model`` (as google/flan-t5-base), byte-level
BPE with a chat template (as Qwen), and BERT's WordPiece. Tests read the files as they are: training again
gives other ones, and the digests of prompts (official_prompts.py) would have to be recorded again.
"""

import json
import tempfile
from pathlib import Path

import sentencepiece
from official_prompts import training_texts
from sentencepiece import sentencepiece_model_pb2
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

HERE = Path(__file__).parent
EXTRA = [f"<extra_id_{number}>" for number in range(10)]
#: What T5's normalization does to these characters: white space becomes a space, ligatures and … come apart.
RULES = {"9": "20", "A": "20", "D": "20", "A0": "20", "2028": "20", "2026": "2E 2E 2E", "FB01": "66 69", "FF01": "21"}
CHAT = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def write(name, tokenizer, config):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def special(*tokens):
    return [AddedToken(token, special=True, normalized=False) for token in tokens]


def t5(texts):
    folder = HERE / "t5"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        rules = Path(scratch) / "rules.tsv"
        rules.write_text("".join(f"{old}\t{new}\n" for old, new in RULES.items()), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts), model_prefix=f"{scratch}/spiece", vocab_size=400, model_type="unigram",
            pad_id=0, eos_id=1, unk_id=2, bos_id=-1, hard_vocab_limit=False, normalization_rule_tsv=str(rules),
            num_threads=1, minloglevel=2,
        )  # fmt: skip
        proto = sentencepiece_model_pb2.ModelProto.FromString(Path(f"{scratch}/spiece.model").read_bytes())
    proto.trainer_spec.model_prefix, proto.normalizer_spec.normalization_rule_tsv = (
        "spiece",
        "",
    )  # no path of this machine
    (folder / "spiece.model").write_bytes(proto.SerializeToString())
    pieces = [(piece.piece, piece.score) for piece in proto.pieces] + [(token, 0.0) for token in EXTRA[::-1]]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.normalizer = normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.add_special_tokens(special("<pad>", "</s>", "<unk>", *EXTRA))
    config = {"tokenizer_class": "T5Tokenizer", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    write("t5", tokenizer, config | {"extra_ids": 10, "additional_special_tokens": EXTRA, "model_max_length": 512})


def byte_bpe(texts):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(SPLIT), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet, show_progress=False)
    )
    tokenizer.add_special_tokens(special("<|endoftext|>", "<|im_start|>", "<|im_end|>"))
    config = {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    write("byte_bpe", tokenizer, config | {"chat_template": CHAT, "model_max_length": 32768})


def wordpiece(texts):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=400, special_tokens=special(*marks), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    config = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512}
    write("wordpiece", tokenizer, names | config)


if __name__ == "__main__":
    texts = training_texts()
    for make in (t5, byte_bpe, wordpiece):
        make(texts)
