"""Bad questions files of LaMP_4, each with the facts that its message must state."""

import json

import made_up

from lamp_dataset.tasks import TASKS

GOOD = json.dumps(made_up.rows(TASKS["LaMP_4"], 6, items=(1, 3), odd=False))


def changed(change):
    made = json.loads(GOOD)
    change(made)
    return json.dumps(made)


BAD = {
    "empty": ("", "q.json: expected a JSON list of rows .*, found an empty file"),
    "blank": (" \n", "found only white space"),
    "html": ("<!DOCTYPE html><html></html>", "found an HTML page"),
    "zip": (b"PK\x03\x04rest", "found a zip file"),
    "words": ("not json", "found a file that begins b'not json'"),
    "an object": ('{"id": "1"}', "expected a JSON list of rows .*, found an object, not a list"),
    "empty list": ("[]", "expected samples, found an empty list"),
    "cut in a string": (GOOD[:500], "the row that begins at byte .* does not end. Was it cut off"),
    "two lists": (GOOD + GOOD, "expected the end of the file at byte .*, found '\\[{"),
    "trailing comma": (GOOD[:-1] + ",]", "expected JSON, but Expecting value at byte"),
    "raw newline in a string": (GOOD.replace("article:", "article:\n", 1), "Invalid control character at byte"),
    "not UTF-8": (GOOD.encode().replace(b"plain", b"pl\xffin", 1), "expected UTF-8, found b'.xff' at byte"),
    "row is null": (changed(lambda m: m.insert(2, None)), "expected an object as row, found null at byte"),
    "no id": (changed(lambda m: m[2].pop("id")), "row 2: expected a string as 'id', found the keys 'input', 'profile'"),
    "id is a number": (changed(lambda m: m[2].update(id=7)), "row 2: expected a string as 'id', found the number 7"),
    "no input": (changed(lambda m: m[2].pop("input")), "sample '12': expected a string as 'input'.* found the keys"),
    "input is null": (changed(lambda m: m[2].update(input=None)), "sample '12': .* as 'input' .*, found None"),
    "no profile": (changed(lambda m: m[2].pop("profile")), "sample '12': expected a list as 'profile', found the keys"),
    "profile is an object": (changed(lambda m: m[2].update(profile={})), "expected a list as 'profile', found {}"),
    "item is a string": (
        changed(lambda m: m[2]["profile"].insert(0, "x")),
        "sample '12': profile item 0: expected an object, found 'x'",
    ),
    "item lacks a field": (
        changed(lambda m: m[2]["profile"][0].pop("title")),
        "sample '12': profile item 0: expected a string as 'title' \\(LaMP_4\\), found the keys 'text', 'id'",
    ),
    "item lacks its id": (changed(lambda m: m[2]["profile"][0].pop("id")), "profile item 0: expected a string as 'id'"),
    "field is null": (changed(lambda m: m[2]["profile"][0].update(text=None)), "as 'text' .*, found None"),
    "field is a number": (changed(lambda m: m[2]["profile"][0].update(text=1)), "as 'text' .*, found the number 1"),
    "doubled id": (changed(lambda m: m[4].update(id="11")), "duplicate id '11'"),
    "user_id": (changed(lambda m: m[2].update(user_id="U1")), "has a 'user_id': this is a file of"),
    "lone high surrogate": (
        GOOD.replace("plain", "pl\\ud83din", 1),
        "sample '10': 'input' holds a lone surrogate, '.ud83d' at character",
    ),
    "outputs file": (
        '{"task":"LaMP_4","golds":[{"id": "410", "output": "x"}]}',
        "found an outputs file: sample '410' has the keys 'id', 'output'",
    ),
    "wrapper of another task": (
        '{"task": "LaMP_7", "golds": ' + GOOD + "}",
        "expected questions of task 'LaMP_4', found 'LaMP_7'",
    ),
    "wrapper of another task, behind": (
        '{"golds": ' + GOOD + ', "task": "LaMP_7"}',
        "expected questions of task 'LaMP_4', found 'LaMP_7'",
    ),
    "a long id": (changed(lambda m: [row.update(id="9" * 100_000) for row in m[:2]]), "duplicate id '99.*…'"),
    "wrapper with a bad escape": ('{"task": "\\u00", "golds": ' + GOOD + "}", "expected a task's name as 'task'"),
    "deep nesting": ('[{"id": ' + "[" * 100_000, "values nested too deep"),
}
