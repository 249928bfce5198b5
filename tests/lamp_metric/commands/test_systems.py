from pathlib import Path

import pytest

from lamp_metric.commands.systems import systems_of


def test_names_come_from_the_user_or_from_the_files(monkeypatch):
    assert systems_of(["none=n.json", "d/own.json", "x=a.json,b.json", "k=16=b=c.json"]) == {
        "none": [Path("n.json")],
        "own": [Path("d/own.json")],
        "x": [Path("a.json"), Path("b.json")],
        "k=16": [Path("b=c.json")],
    }
    assert list(systems_of(["a/p.json", "b/p.json", "c/q.json"])) == ["a/p.json", "b/p.json", "q"]
    monkeypatch.setenv("HOME", "/me")
    assert systems_of(["~/a.json", "b=~/b.json"]) == {"a": [Path("/me/a.json")], "b": [Path("/me/b.json")]}


def test_a_file_may_have_an_equals_sign_or_a_comma_in_its_name(tmp_path):
    for name in ("k=4.json", "1,2.json"):
        (tmp_path / name).write_text("")
    found = systems_of([f"{tmp_path}/k=4.json", f"two={tmp_path}/1,2.json"])
    assert {name: len(paths) for name, paths in found.items()} == {"k=4": 1, "two": 1}
    (tmp_path / "b").symlink_to(tmp_path / "k=4.json")
    with pytest.raises(ValueError, match="twice"):  # a link to one of the files
        systems_of([f"{tmp_path}/k=4.json", f"{tmp_path}/b"])


@pytest.mark.parametrize(
    ("values", "facts"),
    [
        (["a.json"], "two.*1"),
        (["a.json", "a.json"], "twice.*a.json"),
        (["x=a.json,b.json", "y=b.json"], "twice.*b.json"),
        (["x=a.json", "x=b.json"], "called x"),
        (["=a.json", "b.json"], "NAME=FILE.*'=a.json'"),
        (["x=", "b.json"], "NAME=FILE.*'x='"),
        (["x=a.json,", "b.json"], "NAME=FILE.*'x=a.json,'"),
    ],
)
def test_what_is_no_comparison_is_named(values, facts):
    with pytest.raises(ValueError, match=f"--preds.*{facts}"):
        systems_of(values)
