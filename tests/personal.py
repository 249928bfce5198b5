"""What the tests of retrieval and prompts share: a tokenizer of words, and made-up rows."""

import random

from lamp_dataset.tasks import get_task

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


WORDS = "the a of to was is good bad tea ship map old new red sea sings walks never always Tuesday. (again) it's"


def text(rng, low, high):
    return " ".join(rng.choice(WORDS.split()) for _ in range(rng.randint(low, high)))


def numbers(start, stop):
    return " ".join(f"w{n}" for n in range(start, stop))


def row(name, number=0, size=5, seed=0, words=(3, 12)):
    """A made-up row of a config."""
    task = get_task(name)
    rng = random.Random(f"{seed} {name} {number}")
    sample_id = f"31{number}"

    def item(position):
        date = {"date": f"20{rng.randint(10, 20)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}"} if task.dated else {}
        fields = {field: text(rng, *words) for field in task.profile_fields}
        return {"id": f"{sample_id}{position}", **date, **fields}

    query = text(rng, *words)
    if task.query_frame:
        before, between, after = task.query_frame
        query = f'{text(rng, 2, 5)}", which reference is related? {before}{query}{between}{text(rng, *words)}{after}'
    user = {"user_id": f"U{number}"} if task.names_users else {}
    output = task.labels[number % len(task.labels)] if task.labels else text(rng, 3, 6)
    start = task.instruction if task.query_frame else task.instruction + " "
    profile = [item(position) for position in range(size)]
    return {"id": sample_id, **user, "input": start + query, "output": output, "profile": profile}


def batch(rows):
    """Rows as ``map(batched=True)`` gives them."""
    return {name: [row[name] for row in rows] for name in rows[0]}
