import json
import os

import datasets
import pytest

from lamp_metric.asking.own_files import RUN, content_digest, own_content, own_folder, parsed

FORM = "lamp answers 1"
HEAD = b'{"format": "lamp answers 1"}\n'


@pytest.mark.parametrize("content", [HEAD, HEAD + b"more", HEAD[:-1]])
def test_a_file_that_begins_with_the_format_is_ours(tmp_path, content):
    (tmp_path / "f").write_bytes(content)
    assert own_content(tmp_path / "f", FORM) == content


def test_what_is_not_there_or_empty_is_nobodys(tmp_path):
    (tmp_path / "empty").touch()
    assert own_content(tmp_path / "none", FORM) == own_content(tmp_path / "empty", FORM) == b""
    assert [parsed(line) for line in (b"[1]", b"{", b"\xff", b"[" * 200_000)] == [{}] * 4


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 half a download",
        b'{"format": "lamp answers 2"}\n',
        b"\n" + HEAD,
        HEAD[:-3],
        b"[" * 200_000,
        b"x" * (2 << 20),
    ],
)
def test_a_file_of_somebody_else_is_named_and_left_as_it_is(tmp_path, content):
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(
        ValueError, match=r"f: expected a file of an earlier run, which begins with .*lamp answers 1.*left as it is"
    ):
        own_content(tmp_path / "f", FORM)
    assert (tmp_path / "f").read_bytes() == content


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("nowhere", path)])
def test_what_is_no_file_is_somebody_elses(tmp_path, make):
    make(tmp_path / "f")
    with pytest.raises(ValueError, match="expected a file of an earlier run"):
        own_content(tmp_path / "f", FORM)


def test_a_folder_is_taken_if_it_is_new_or_of_the_same_run(tmp_path):
    folder, settings = tmp_path / "a" / "run", {"k": 4, "model": "m"}
    own_folder(folder, {"k": 1})
    own_folder(folder, settings)  # nothing was made yet
    assert json.loads((folder / "settings.json").read_text()) == {"format": RUN, **settings}
    (folder / "own.json").write_text("{}")
    own_folder(folder, settings)
    with pytest.raises(ValueError, match=r"run holds another run, made with \{'k': 4\}; choose another output"):
        own_folder(folder, settings | {"k": 0})
    assert json.loads((folder / "settings.json").read_text())["k"] == 4


@pytest.mark.parametrize(
    ("name", "content"), [("settings.json", '{"theme": "dark"}'), ("settings.json", '{"cut'), ("own.json", "{}")]
)
def test_a_folder_with_files_of_somebody_else_is_refused(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=rf"{name}.*choose another output"):
        own_folder(tmp_path, {"k": 4})
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, content)]


def test_every_value_is_in_the_digest():
    table = datasets.Dataset.from_dict({"prompt": [[1, 2], [3]], "user_id": ["U0", "U1"]})
    others = [table.select([1, 0]), table.select([0]), table.rename_column("prompt", "labels")]
    others.append(table.map(lambda row: {"user_id": "U0"}))
    assert len({content_digest(found) for found in (table, *others)}) == 5
    assert content_digest(table) == content_digest(table.select([0, 1]))
