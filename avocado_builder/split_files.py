"""The files of a split, questions and golds, byte for byte as the benchmark's script writes them, as a stream."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from avocado_builder.collection.mail_names import NeededMails
from avocado_builder.id_files import CONTENT_LENGTH, id_rows
from lamp_dataset.atomic import PRIVATE, write_whole
from lamp_dataset.formats.json_file import Encoded, EntryWriter, encode
from lamp_dataset.formats.outputs import write_outputs
from lamp_dataset.loading.raw_files import PROVENANCE, hash_file
from lamp_dataset.task import SPLITS, SPLITS_WITH_GOLDS, Task


def file_names(split: str) -> dict[str, str]:
    """Kind of file -> its name in the built folder, for the kinds that a split has: the golds of test are withheld.

    KeyError for another split.

    >>> file_names("validation")
    {'questions': 'dev_questions.json', 'outputs': 'dev_outputs.json'}
    """
    kinds = ("questions", "outputs") if split in SPLITS_WITH_GOLDS else ("questions",)
    return {kind: f"{SPLITS[split]}_{kind}.json" for kind in kinds}


def write_split(split: str, ids: Path, task: Task, mails: NeededMails, folder: Path) -> dict[str, dict[str, Any]]:
    """Write the questions of a split, from its id file, and, if the benchmark publishes them, its golds.

    Questions are a bare list in every split. The benchmark's script wraps those of test like outputs, which none of
    its other scripts can read. The result gives name, number of entries, size and SHA-256 of each file.
    """
    paths = {kind: folder / name for kind, name in file_names(split).items()}
    with ExitStack() as stack:
        files = {kind: stack.enter_context(write_whole(path, "wb", PRIVATE)) for kind, path in paths.items()}
        writers = {"questions": stack.enter_context(EntryWriter(files["questions"]))}
        if "outputs" in files:
            writers["outputs"] = stack.enter_context(write_outputs(files["outputs"], task.official_name))
        for row in id_rows(ids, task):
            for writer, entry in zip(writers.values(), expand(row, task, mails), strict=False):
                writer.add(entry)
    facts = {}
    for kind, path in paths.items():
        size, sha256 = hash_file(path, PROVENANCE)
        facts[kind] = {"file": path.name, "rows": writers[kind].count, "bytes": size, "sha256": sha256}
    return facts


def expand(row: Mapping[str, Any], task: Task, mails: NeededMails) -> tuple[dict[str, Any], dict[str, Any]]:
    """A question and its gold: the row with its names of mails replaced by texts, which are JSON already.

    The input is the task's instruction, a space and the body; the gold is the subject. For a task that completes mails,
    the input has the subject and so many words of the body, and the gold has the others. The keys of a row are id,
    input, profile and, in the time-based setting, user_id. A profile item keeps its keys in their order; ``text``
    becomes the body, and ``title``, the subject, comes last.
    """
    body, subject = mails.get(row["input"])
    text, gold = Encoded(encode(f"{task.instruction} ")[:-1] + body[1:]), Encoded(subject)
    if task.completes_texts:
        words, length = json.loads(body).split(), int(row[CONTENT_LENGTH])
        text = f"{task.pair.asks.format(title=json.loads(subject))} {' '.join(words[:length])}"
        gold = " ".join(words[length:])
    items = [
        item | dict(zip(("text", "title"), map(Encoded, mails.get(item["text"])), strict=True))
        for item in row["profile"]
    ]
    question = {"id": row["id"], "input": text, "profile": items}
    if task.names_users:
        question["user_id"] = row["user_id"]
    return question, {"id": row["id"], "output": gold}
