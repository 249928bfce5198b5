import os
import stat

import pytest

from lamp_dataset.atomic import write_whole
from lamp_dataset.formats.json_file import describe, load_json, read_json


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "out.json"
    with write_whole(path) as file:
        file.write("one\r\n")
        assert not path.exists()
    assert path.read_bytes() == b"one\r\n"

    def fail():
        with write_whole(path) as file:
            file.write("two")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"one\r\n"
    assert os.listdir(tmp_path) == ["out.json"]


def test_permissions_are_those_asked_for_under_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        with write_whole(tmp_path / "a") as file:
            file.write("x")
        with write_whole(tmp_path / "b", "wb", permissions=0o600) as file:
            file.write(b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600


def test_a_target_that_cannot_be_written(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match="expected the name of a file"), write_whole(tmp_path / "folder"):
        pass
    message = f"out: the folder {tmp_path / 'no'} is not there; make it first"
    with pytest.raises(FileNotFoundError, match=message), write_whole(tmp_path / "no" / "out"):
        pass


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected JSON, found an empty file"),
        (b"  ", "found nothing but white space"),
        (b"\xef\xbb\xbf<html>", "found an HTML page"),
        (b"\x1f\x8b", "expected UTF-8"),
        (b"PAR1", "found a Parquet file"),
        (b'{"a": "b', "it ends in the middle, at character 8"),
        (b'{"a": 1', "it ends in the middle"),
        (b'{"a": 1 "b"}', "Expecting ',' delimiter at character 8"),
        (b'{"a": "\xff"}', "expected UTF-8, found byte 0xff at byte 7"),
        (b"[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_no_json_is_described(data, message):
    with pytest.raises(ValueError, match=f"^name: .*{message}"):
        load_json(data, "name")


def test_json_with_a_byte_order_mark(tmp_path):
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": "\xc3\xa9"}')
    assert read_json(tmp_path / "a.json") == {"a": "é"}
    with pytest.raises(ValueError, match="found a folder"):
        read_json(tmp_path)


def test_kinds_of_file():
    assert describe(b"\x1f\x8bxx") == "a gzip file"
    assert describe(b"hello") == "a file that begins b'hello'"
