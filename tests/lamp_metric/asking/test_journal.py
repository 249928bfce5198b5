import json
import threading

import pytest

from lamp_metric.asking.journal import Journal

SETTINGS = {"model": "m", "k": 4}
FIRST = {"id": "210", "output": "4", "finish_reason": "stop"}
SECOND = {"id": "211", "output": 'a "quoted"\n\u2028line \ud800'}


def written(path, *entries, settings=SETTINGS):
    with Journal(path, settings) as journal:
        journal.keep(entries)
    return path.read_bytes()


def test_entries_come_back_after_the_settings(tmp_path):
    path = tmp_path / "j"
    data = written(path, FIRST, SECOND)
    assert [json.loads(line) for line in data.splitlines()] == [SETTINGS, FIRST, SECOND]
    with Journal(path, SETTINGS) as journal:
        assert journal.entries == {"210": FIRST, "211": SECOND}
    assert path.read_bytes() == data


def test_an_entry_is_in_the_file_before_it_is_closed(tmp_path):
    with Journal(tmp_path / "j", SETTINGS) as journal:
        journal.keep([FIRST])
        assert json.loads((tmp_path / "j").read_bytes().splitlines()[-1]) == FIRST


def test_whatever_the_byte_at_which_a_kill_cuts_whole_lines_stay_and_the_next_run_ends_with_the_same(tmp_path):
    path = tmp_path / "j"
    data = written(path, FIRST, SECOND)
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        with Journal(path, SETTINGS) as journal:
            assert len(journal.entries) == max(0, data[:cut].count(b"\n") - 1)
            journal.keep([entry for entry in (FIRST, SECOND) if entry["id"] not in journal.entries])
        assert path.read_bytes() == data, cut


def test_answers_made_with_other_settings_are_refused_and_kept(tmp_path):
    path = tmp_path / "j"
    data = written(path, FIRST)
    with pytest.raises(ValueError, match=r"j: answers of another run, made with \{'k': 4\}, not with \{'k': 0\}"):
        Journal(path, SETTINGS | {"k": 0})
    assert path.read_bytes() == data


def test_a_run_without_an_answer_leaves_nothing_that_binds_the_next(tmp_path):
    path = tmp_path / "j"
    with Journal(path, SETTINGS):
        pass
    assert not path.exists()
    with pytest.raises(KeyboardInterrupt), Journal(path, SETTINGS):
        raise KeyboardInterrupt
    assert not path.exists()
    written(path, FIRST, settings={"k": 0})


@pytest.mark.parametrize("line", [b"{", b"[]", b"null", b'{"id": "1"}', b'{"output": "1"}', b"\xff", b'["210", "4"]'])
def test_a_line_that_is_no_answer_is_named_and_nothing_is_lost(tmp_path, line):
    path = tmp_path / "j"
    data = written(path, FIRST) + line + b"\n"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"j, line 3: expected an answer"):
        Journal(path, SETTINGS)
    assert path.read_bytes() == data


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "j"
    path.write_bytes(b"[1]\n")
    with pytest.raises(ValueError, match="another run"):
        Journal(path, SETTINGS)


def test_what_was_kept_is_on_the_disk_at_the_end(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append((tmp_path / "j").read_bytes()))
    data = written(tmp_path / "j", FIRST)
    assert synced == [data]


def test_threads_keep_whole_lines(tmp_path):
    path = tmp_path / "j"
    with Journal(path, SETTINGS) as journal:
        threads = [
            threading.Thread(
                target=lambda part=part: [journal.keep([FIRST | {"id": f"{part} {n}"}]) for n in range(50)]
            )
            for part in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with Journal(path, SETTINGS) as journal:
        assert len(journal.entries) == 400


def test_what_a_full_disk_refused_is_no_half_line_for_the_next_entry(tmp_path):
    class Full:
        """A file whose disk is full once, after ten bytes; like io.BufferedWriter it keeps the rest for later."""

        def __init__(self, file):
            self.file, self.rest, self.full = file, b"", True

        def write(self, data):
            self.rest += data

        def flush(self):
            now, self.rest = (self.rest[:10], self.rest[10:]) if self.full else (self.rest, b"")
            self.file.write(now)
            if self.full:
                self.full = False
                raise OSError(28, "No space left on device")
            self.file.flush()

        def __getattr__(self, name):
            return getattr(self.file, name)

    path = tmp_path / "j"
    with Journal(path, SETTINGS) as journal:
        journal._file = Full(journal._file)
        with pytest.raises(OSError, match="No space"):
            journal.keep([FIRST])
        journal.keep([SECOND])
    with Journal(path, SETTINGS) as journal:
        assert list(journal.entries) == ["210", "211"]
