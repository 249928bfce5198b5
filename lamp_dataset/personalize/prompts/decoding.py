"""From token ids to text as the official runs decoded them, whatever the version of transformers.

Standard library only: prompts, ``compute_metrics`` and the examples decode with it.
"""

from collections.abc import Sequence
from typing import Any

#: What ``clean_up_tokenization`` of transformers 4 replaces, in its order.
REPLACEMENTS = (
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
)


def clean_up(text: str) -> str:
    """``text`` without the spaces before punctuation and contractions.

    >>> clean_up("It 's late , is n't it ?")
    "It's late, isn't it?"
    """
    for spaced, joined in REPLACEMENTS:
        text = text.replace(spaced, joined)
    return text


def decode(tokenizer: Any, ids: Sequence[Sequence[int]]) -> list[str]:
    """The texts of rows of token ids, without special tokens and cleaned up.

    transformers 4 cleaned up by default. transformers 5 does so only on request, and not for BPE tokenizers.
    """
    texts = tokenizer.batch_decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return [clean_up(text) for text in texts]
