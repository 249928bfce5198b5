import io
import json

import made_up
import pytest
from made_up import GOOD

from lamp_dataset.formats.outputs import check_texts, dump_outputs, golds_of, parse_outputs, read_outputs, write_outputs
from lamp_dataset.formats.texts import DuplicateIdError
from lamp_dataset.tasks import TASKS


def test_entries_keep_their_order_and_their_values(tmp_path):
    path = tmp_path / "preds.json"
    golds = [{"id": "2", "output": 5, "x": 1}, {"output": None, "id": "1"}]
    path.write_text("\ufeff" + json.dumps({"model": {"k": 1}, "golds": golds, "task": "LaMP_3"}), encoding="utf-8")
    found = read_outputs(path, TASKS["LaMP_3"])
    assert (found.task, list(found.by_id.items()), found.name) == ("LaMP_3", [("2", 5), ("1", None)], str(path))
    assert golds_of(json.loads(path.read_text(encoding="utf-8-sig")), "p")[1] == "LaMP_3"


@pytest.mark.parametrize("name", ["LaMP_2_news", "LaMP_4", "LaMP_7"])
def test_what_is_written_reads_back(name):
    task = TASKS[name]
    golds = made_up.golds(task, made_up.rows(task, 20))
    text = dump_outputs(task.official_name, golds.items())
    assert text.isascii()
    assert dict(parse_outputs(text.encode(), "o.json", task).by_id) == golds


def test_both_layouts_are_those_of_the_official_files():
    pairs = [{"id": "1", "output": "“é”"}, {"id": "2", "output": None}]
    whole = {"task": "LaMP_6", "golds": pairs}
    text = dump_outputs("LaMP_6", [(pair["id"], pair["output"]) for pair in pairs])
    assert text == f'{{"task":"LaMP_6","golds":{json.dumps(pairs)}}}'
    file = io.BytesIO()
    with write_outputs(file, "LaMP_6") as entries:
        for pair in pairs:
            entries.add(pair)
    assert file.getvalue().decode() == json.dumps(whole)


def test_only_texts_pass_as_golds_each_once():
    check_texts(parse_outputs(b'{"task": "LaMP_4", "golds": [{"id": "1", "output": ""}]}', "o.json"))
    for output, fact in (("null", "None"), ("5", "5"), ('"\\ud800"', "lone surrogate")):
        document = f'{{"task": "LaMP_4", "golds": [{{"id": "310", "output": {output}}}]}}'.encode()
        with pytest.raises(ValueError, match=f"o.json: sample '310'.*{fact}"):
            check_texts(parse_outputs(document, "o.json"))
    with pytest.raises(DuplicateIdError, match="o.json: .*'1'"):
        parse_outputs(b'{"task": "LaMP_4", "golds": [{"id": "1", "output": ""}, {"id": "1", "output": ""}]}', "o.json")


@pytest.mark.parametrize(("found", "official"), [("LaMP_2M", "LaMP_2"), ("LaMP_2N", "LaMP_2"), ("LaMP-3", "LaMP_3")])
def test_names_of_other_projects_get_a_hint(found, official):
    document = f'{{"task": "{found}", "golds": []}}'.encode()
    with pytest.raises(ValueError, match=f"o.json: .*'LaMP_4', found '{found}'.*'{official}'"):
        parse_outputs(document, "o.json", TASKS["LaMP_4"])


@pytest.mark.parametrize("key", ["golds", "task", "output"])
def test_a_duplicate_key_is_an_error_and_drops_nothing_in_silence(key):
    text = '{"task": "LaMP_4", "golds": [{"id": "1", "output": "x"}], "more": 0}'
    end = {
        "golds": ('"more": 0', '"golds": []'),
        "task": ('"more": 0', '"task": "LaMP_5"'),
        "output": ('"x"', '"x", "output": "y"'),
    }
    with pytest.raises(ValueError, match=f"o.json: .*{'id .1. ' * (key == 'output')}has the key '{key}' twice"):
        parse_outputs(text.replace(*end[key]).encode(), "o.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html>", "o.json: expected JSON, found an HTML page"),
        (GOOD, "expected an outputs file .* found questions"),
        ("[]", "found a bare list"),
        ('{"task": "LaMP_4"}', "found the keys 'task', without 'golds'"),
        ('{"task": "LaMP_4", "golds": {}}', "found {} as 'golds'"),
        ('{"task": "LaMP_5", "golds": []}', "expected the outputs of task 'LaMP_4', found 'LaMP_5'"),
        ('{"task": "LaMP_4", "golds": [1]}', "entry 0 of 'golds': expected an object, found int"),
        ('{"task": "LaMP_4", "golds": [{"id": 1, "output": "x"}]}', "expected a string as 'id', found 1"),
        ('{"task": "LaMP_4", "golds": [{"id": "1"}]}', "entry 0 of 'golds' \\(id '1'\\) has no 'output'"),
    ],
)
def test_bad_files_are_named(text, message):
    with pytest.raises(ValueError, match=message):
        check_texts(parse_outputs(text.encode(), "o.json", TASKS["LaMP_4"]))
