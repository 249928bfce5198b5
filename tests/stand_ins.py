"""What stands in for models in the tests: a tokenizer of words and an encoder that counts letters."""

import numpy as np

END = "</s>"


class WordTokenizer:
    """One word, one token, and one special token at the end; at the edges as T5's fast tokenizer in transformers.

    Below a limit of 0 it raises OverflowError, at 0 it does not shorten, at 1 nothing but the special token is left.
    ``kind="slow"`` is as the slow one: no shortening below 2, and no error.
    """

    def __init__(self, kind="fast"):
        self.kind = kind
        self.limits = []

    def __call__(self, text, max_length=None, truncation=False, add_special_tokens=True):
        words = text.split()
        if truncation:
            self.limits.append(max_length)
            if max_length < 0 and self.kind == "fast":
                raise OverflowError("can't convert negative int to unsigned")
            if max_length >= (1 if self.kind == "fast" else 2):
                words = words[: max_length - 1]
        return {"input_ids": [*words, END] if add_special_tokens else words}

    def batch_decode(self, batch, skip_special_tokens=False, clean_up_tokenization_spaces=None):
        assert skip_special_tokens is True
        assert clean_up_tokenization_spaces is False  # done by our own rule
        return [" ".join(word for word in ids if word != END) for ids in batch]


def numbers(start, stop):
    return " ".join(f"w{n}" for n in range(start, stop))


class Letters:
    """A model whose vector of a text counts its letters, times ``factor``. It remembers what it was asked."""

    def __init__(self, factor=1):
        self.asked, self.factor = [], factor

    def encode(self, texts, **_):
        self.asked += texts
        counts = [[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts]
        return np.array(counts, np.float32) * self.factor
