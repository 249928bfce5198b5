import hashlib
import json

import pytest

from avocado_builder.id_files import read_ids
from avocado_builder.split_files import write_split

MAILS = {"001-000001-EM.txt": ("one é", "first\nbody"), "001-000002-EM.txt": ("", 'the "second"')}
ONE, TWO = MAILS


@pytest.fixture
def write(tmp_path):
    """Writes the split of an id file with these rows; returns its files and what is told of them."""

    def make(rows, split="train"):
        path = tmp_path / "ids.json"
        path.write_text(json.dumps(rows))
        ids = read_ids({split: path})
        for name in ids.needed:
            ids.needed.put(name, *MAILS[name])
        facts = write_split(split, path, ids.task, ids.needed, tmp_path)
        return {kind: (tmp_path / fact["file"]).read_bytes() for kind, fact in facts.items()}, facts

    return make


def row(sample_id, name, *items, **more):
    return {"id": sample_id, "input": name, "profile": list(items), **more}


def test_files_are_those_of_json_dumps(write):
    rows = [row("500", ONE, {"text": TWO, "id": "5000"}, {"id": "5001", "text": ONE}), row("501", TWO)]
    files, facts = write(rows)
    instruction = "Generate a subject for the following email: "
    profile = [
        {"text": 'the "second"', "id": "5000", "title": ""},
        {"id": "5001", "text": "first\nbody", "title": "one é"},
    ]
    questions = [
        {"id": "500", "input": f"{instruction}first\nbody", "profile": profile},
        {"id": "501", "input": f'{instruction}the "second"', "profile": []},
    ]
    golds = [{"id": "500", "output": "one é"}, {"id": "501", "output": ""}]
    assert files["questions"] == json.dumps(questions).encode()
    assert files["outputs"] == json.dumps({"task": "LaMP_6", "golds": golds}).encode()
    for kind, data in files.items():
        assert facts[kind] == {
            "file": f"train_{kind}.json", "rows": 2, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
        }  # fmt: skip


def test_further_keys_numbers_and_dates_stay(write):
    item = {"text": ONE, "id": "5000", "date": "2001-05-01", "title": "old", "n": 1e5, "more": [1, {"x": None}]}
    files, _ = write([row("500", ONE, item, user_id=17)], "test")
    (question,) = json.loads(files["questions"])
    assert list(question) == ["id", "input", "profile", "user_id"]
    assert question["user_id"] == 17
    expected = {**item, "text": "first\nbody", "title": "one é"}
    assert json.dumps(question["profile"][0]) == json.dumps(expected), "keys keep their order"
    assert set(files) == {"questions"}, "the golds of test are not published"
