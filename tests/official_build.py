"""What the benchmark's own script does, written from its behavior: the builder must equal it, and be faster.

It extracts every zip of the collection, parses the needed files with mail-parser and deletes the extracted files. At
the end it joins the rows in memory and dumps them.
"""

import json
import logging
import shutil
import zipfile
from pathlib import Path

import mailparser

FILES = {"train": "train", "validation": "dev", "test": "test"}
INSTRUCTION = "Generate a subject for the following email: "


def build(zips, extract, id_files, output, time_based=False):
    """``zips``: a folder of zips; ``id_files``: split -> path. Returns (number of extracted files, their bytes)."""
    logging.getLogger("mailparser").setLevel(logging.CRITICAL)
    questions = {split: json.loads(Path(path).read_text()) for split, path in id_files.items()}
    needed = {row["input"] for rows in questions.values() for row in rows}
    needed |= {item["text"] for rows in questions.values() for row in rows for item in row["profile"]}
    extract, output = Path(extract), Path(output)
    extract.mkdir(parents=True, exist_ok=True)
    mails, files, size = {}, 0, 0
    for path in Path(zips).glob("*"):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(extract)
        for member in extract.glob("*/*"):
            files, size = files + 1, size + member.stat().st_size
            if member.name in needed:
                mail = mailparser.parse_from_file(str(member))
                mails[member.name] = mail.subject, mail.body.strip()
        for entry in extract.iterdir():
            shutil.rmtree(entry)
    output.mkdir(parents=True, exist_ok=True)
    for split, rows in questions.items():
        _dump(output, split, rows, mails, time_based)
    return files, size


def _dump(output, split, rows, mails, time_based):
    done, golds = [], []
    for row in rows:
        subject, body = mails[row["input"]]
        profile = []
        for item in row["profile"]:
            item["title"], item["text"] = mails[item["text"]]
            profile.append(item)
        new = {"id": row["id"], "input": INSTRUCTION + body, "profile": profile}
        if time_based:
            new["user_id"] = row["user_id"]
        done.append(new)
        golds.append({"id": row["id"], "output": subject})
    # The script wraps the test questions like outputs; all readers of questions expect a bare list.
    (output / f"{FILES[split]}_questions.json").write_text(json.dumps(done))
    if split != "test":
        (output / f"{FILES[split]}_outputs.json").write_text(json.dumps({"task": "LaMP_6", "golds": golds}))
