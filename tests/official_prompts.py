"""Official prompts as the official script makes them, call by call, and their digests, recorded with transformers 4.57.

    PYTHONPATH=tests:. python tests/official_prompts.py

records ``official_prompts.json`` anew; never with transformers 5: what that makes is what the digests check.
"""

import hashlib
import json
import random
import sys
from pathlib import Path

from made_up import batch, row

from lamp_dataset import Personalizer
from lamp_dataset.task import JOINER
from lamp_dataset.tasks import TASKS

USER_BASED = [name for name, task in TASKS.items() if task.wording.shared and not task.time_based]
FILES = Path(__file__).parent / "tokenizer_files"
DIGESTS = Path(__file__).parent / "official_prompts.json"
KINDS = ("t5", "byte_bpe", "wordpiece")
#: Tokens that a user adds to a tokenizer.
ADDED = ["map", "<b>"]
#: Items and budget of the prompts of each row.
SETTINGS = ((1, 256), (4, 100), (4, 160), (6, 512))
ROWS = 30

#: Spaces before punctuation, contractions that come apart, all kinds of white space, characters no tokenizer knows.
ODD = (
    "ca n't", "it 's", "we 've", "they 're", "I 'm", "' quoted '", "good .", "old , new", "what ?", "no !", "a  b",
    "tea\nmap", "tab\tship", "nb\u00a0sp", "line\u2028end", "…", "ﬁne", "Café", "漢字", "wow！", "😀", '"said"', "</s>",
    "e\u0301", "1 2 3", "x" * 30, " ", "don't", "4.5/5", "<b>bold</b>",
)  # fmt: skip


def odd(rng, text):
    """``text`` with some of :data:`ODD` among its words, and at times white space at its ends."""
    words = text.split(" ")
    for _ in range(rng.randint(0, 1 + len(words) // 5)):
        words.insert(rng.randint(0, len(words)), rng.choice(ODD))
    return rng.choice(["", "", " "]) + " ".join(words) + rng.choice(["", "", " ", "\n"])


def rows(name, count=ROWS):
    """Seeded rows of a config, as ``map`` gives them: profiles of 1 to 8 items with short and long texts."""
    rng = random.Random(f"official {name}")
    made = []
    for number in range(count):
        one = row(name, number, size=rng.randint(1, 8), seed=rng.random(), words=(1, rng.choice([3, 20, 80])))
        one["input"] += " " + odd(rng, " ".join(rng.choices(one["input"].split(), k=rng.choice([1, 60]))))
        for item in one["profile"]:
            item.update({field: odd(rng, text) for field, text in item.items() if field not in ("id", "score")})
        made.append(one)
    return batch(made)


def official_calls(wording, text, items, tokenizer, max_length):
    """The prompt by the rules of the official script: one text at a time, in its order of calls."""

    def length(part):
        return len(tokenizer(part)["input_ids"])

    def cost(part, item):
        return part[0] + (length(part[1].format_map(item)) if part[1] else 0)

    def shorten(room):
        each = (room - cost(wording.template_cost, {}) - 2 * (len(items) - 1)) // len(items)
        saved, shortened = 0, []
        for item in items:
            needed = cost(wording.item_cost, item)
            limit = each + saved - needed
            ids = tokenizer(item[wording.truncated_field], max_length=limit, truncation=True)["input_ids"]
            saved += each - len(ids) - needed
            (short,) = tokenizer.batch_decode([ids], skip_special_tokens=True, clean_up_tokenization_spaces=True)
            shortened.append(wording.item.format_map({**item, wording.truncated_field: short}))
        return JOINER.join(shortened)

    share = 0.6
    while share >= 0:
        try:
            joined = shorten(max_length - min(length(text), int(share * max_length)))
        except Exception:  # as the script does
            share -= 0.1
            continue
        if wording.insert_after is None:
            return wording.template.format(items=joined, input=text)
        replacement = wording.template.format(insert_after=wording.insert_after, items=joined)
        return text.replace(wording.insert_after, replacement, 1)
    return text


def digest(prompt):
    return hashlib.sha256(prompt.encode("utf-8")).hexdigest()[:6]


def load(kind, added, loader):
    """The tokenizer by one of transformers' loaders."""
    tokenizer = loader.from_pretrained(str(FILES / kind))
    if added:
        tokenizer.add_tokens(ADDED)
    return tokenizer


def chat_length(tokenizer):
    """What the chat template adds to a prompt. The official script knows no chats: its budget is for the prompt."""
    if not tokenizer.chat_template:
        return 0
    messages = Personalizer("LaMP_3").messages("x")
    chat = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return len(tokenizer(chat, add_special_tokens=False)["input_ids"]) - len(tokenizer("x")["input_ids"])


def reference(name, tokenizer):
    """The digests of a config's prompts, six hexadecimal digits each, in one string."""
    wording, made, found = TASKS[name].wording, rows(name), []
    for k, max_length in SETTINGS:
        for text, profile in zip(made["input"], made["profile"], strict=True):
            found.append(digest(official_calls(wording, text, profile[:k], tokenizer, max_length)))
    return "".join(found)


def record():
    import transformers

    if not transformers.__version__.startswith("4.57."):
        sys.exit(f"error: the digests are recorded with transformers 4.57 alone, found {transformers.__version__}")
    found = {}
    for kind in KINDS:
        for added in (False, True):
            tokenizer = load(kind, added, transformers.AutoTokenizer)
            key = f"{kind} with added tokens" if added else kind
            found[key] = {name: reference(name, tokenizer) for name in USER_BASED}
    DIGESTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
