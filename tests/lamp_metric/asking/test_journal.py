import json
import os
import resource
from concurrent.futures import ThreadPoolExecutor

import datasets
import pytest

from lamp_metric.asking.journal import RUN, Journal, content_digest, own_content, own_folder, parsed

SETTINGS = {"model": "m", "max_answer": 128}
FIRST = {"output": "4", "finish_reason": "stop"}
SECOND = {"output": 'a "quoted" {\n\u2028line \ud800\\', "sent": {"seed": 0}}


def written(path, *entries, settings=SETTINGS, question="How many stars?"):
    """Entries of samples 210, 211, … in a journal."""
    with Journal(path, settings) as journal:
        for number, entry in enumerate(entries):
            journal.keep({journal.key(f"21{number}", question): entry})
    return path.read_bytes()


def outputs(path, settings=SETTINGS):
    with Journal(path, settings) as journal:
        return {name: entry["output"] for (name, _), entry in journal.entries.items()}


def test_entries_come_back_after_the_line_that_says_how_they_are_made(tmp_path):
    path = tmp_path / "j"
    data = written(path, FIRST, SECOND)
    head, *entries = [json.loads(line) for line in data.splitlines()]
    assert head == {"format": Journal.FORMAT, **SETTINGS}
    with Journal(path, SETTINGS) as journal:
        keys = [journal.key(name, "How many stars?") for name in ("210", "211")]
        expected = [
            {"id": name, "asked": asked, **entry} for (name, asked), entry in zip(keys, (FIRST, SECOND), strict=True)
        ]
        assert [*journal.entries.values()] == expected == entries
    assert path.read_bytes() == data


def test_an_entry_is_in_the_file_before_it_is_closed(tmp_path):
    with Journal(tmp_path / "j", SETTINGS) as journal:
        for entry in (FIRST, SECOND):
            journal.keep({("210", "a"): entry})
            assert json.loads((tmp_path / "j").read_bytes().splitlines()[-1])["output"] == entry["output"]


def test_whatever_the_byte_at_which_a_kill_cuts_whole_lines_stay_and_the_next_run_ends_with_the_same(tmp_path):
    path = tmp_path / "j"
    data = written(path, FIRST, SECOND)
    for cut in range(data.index(b"\n"), len(data)):
        path.write_bytes(data[:cut])
        known = outputs(path)
        assert len(known) == data[: cut + 1].count(b"\n") - 1  # an entry counts without its line end
        with Journal(path, SETTINGS) as journal:
            for name, entry in (("210", FIRST), ("211", SECOND)):
                if name not in known:
                    journal.keep({journal.key(name, "How many stars?"): entry})
        assert path.read_bytes().rstrip() == data.rstrip(), cut


@pytest.mark.parametrize("change", [b"\n", b"\r\n"])
def test_what_editors_do_to_line_ends_loses_no_answer(tmp_path, change):
    path = tmp_path / "j"
    path.write_bytes(b"\xef\xbb\xbf" + written(path, FIRST).replace(b"\n", change) + b"\n")
    assert outputs(path) == {"210": "4"}


@pytest.mark.parametrize(
    ("settings", "question"), [({"model": "n"}, "How many stars?"), (SETTINGS, "How many?"), (SETTINGS, [{"a": 1}])]
)
def test_an_answer_to_another_question_is_missing_and_stays(tmp_path, settings, question, caplog):
    path = tmp_path / "j"
    data = written(path, FIRST, SECOND)
    with Journal(path, settings) as journal:
        keys = [journal.key(name, question) for name in ("210", "211", "212")]
        assert journal.missing(keys) == [0, 1, 2]
        journal.keep({keys[0]: {"output": "5"}})
        assert journal.missing(keys) == [1, 2]
    assert path.read_bytes().startswith(data)
    assert f"{path}: 2 answers to another prompt, model or option" in caplog.messages[0]
    with Journal(path, settings) as journal:
        assert journal.entries[keys[0]]["output"] == "5"
    with Journal(path, SETTINGS) as journal:
        assert journal.missing([journal.key("210", "How many stars?")]) == []


def test_a_run_without_an_answer_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), Journal(tmp_path / "j", SETTINGS):
        raise KeyboardInterrupt
    assert not any(tmp_path.iterdir())


LINES = [
    b"{",
    b"[]",
    b"null",
    b'{"id": "1", "asked": "a"}',
    b'{"id": "1", "asked": "a", "output": "{ paid"},',
    b'{"id": "1", "asked": "a", "output": 4}',
    b'{"id": 1, "asked": "a", "output": ""}',
    b"\xff",
    b"[" * 200_000,
]


@pytest.mark.parametrize(
    ("line", "more"), [(line, more) for line in LINES for more in (b"", b"\n", b"\n\n") if line + more != b"{"]
)
def test_a_line_that_is_no_answer_is_named_and_nothing_is_lost(tmp_path, line, more):
    path = tmp_path / "j"
    data = written(path, FIRST) + line + more
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"j, line 3: expected an answer, found .*; mend or remove the line"):
        Journal(path, SETTINGS)
    assert path.read_bytes() == data


def test_a_journal_that_cannot_be_written_is_refused_before_the_first_question(tmp_path, monkeypatch):
    written(tmp_path / "j", FIRST)
    (tmp_path / "j").chmod(0o444)
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    user = os.geteuid()
    os.seteuid(user or 65534)  # root may write everything
    try:
        with pytest.raises(PermissionError, match="'j'"):
            Journal("j", SETTINGS)
    finally:
        os.seteuid(user)


def test_a_file_that_appears_meanwhile_is_left_as_it_is(tmp_path):
    path = tmp_path / "j"
    with Journal(path, SETTINGS) as journal:
        data = written(path, FIRST)
        with pytest.raises(FileExistsError, match="j: another program made it meanwhile"):
            journal.keep({("211", "a"): SECOND})
    assert path.read_bytes() == data


def test_a_file_of_somebody_else_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "j"
    path.write_bytes(b"half a download")
    with pytest.raises(ValueError, match="j: expected a file of an earlier run"):
        Journal(path, SETTINGS)
    assert path.read_bytes() == b"half a download"


def test_what_was_kept_is_on_the_disk_at_the_end(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append((tmp_path / "j").exists()))
    with Journal(tmp_path / "j", SETTINGS) as journal:
        journal.keep({("210", "a"): FIRST})
        journal.keep({("211", "a"): FIRST})
        before = len(synced)
    assert synced[before:] == [True]


def test_threads_keep_whole_lines(tmp_path):
    path = tmp_path / "j"
    with Journal(path, SETTINGS) as journal, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: journal.keep({(str(number), "a"): FIRST}), range(400)))
    assert len(outputs(path)) == 400


def test_a_full_disk_is_told_by_the_file_which_is_as_before(tmp_path):
    path = tmp_path / "j"
    data, limits = written(path, FIRST), resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(path, SETTINGS) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(data) + 10, limits[1]))
        try:
            with pytest.raises(OSError, match="File too large") as caught:
                journal.keep({("211", "a"): SECOND})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert (caught.value.filename, path.read_bytes()) == (os.fspath(path), data)
        journal.keep({("211", "a"): SECOND})
    assert list(outputs(path)) == ["210", "211"]


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
