import pytest

from lamp_dataset.formats.json_file import describe, load_json, read_json


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected JSON, found an empty file"),
        (b"  ", "found only white space"),
        (b"\xef\xbb\xbf<html>", "found an HTML page"),
        (b"\x1f\x8b", "expected UTF-8"),
        (b"PAR1", "found a Parquet file"),
        (b'{"a": "b', "it ends in the middle, at character 8"),
        (b'{"a": 1', "it ends in the middle"),
        (b'{"a": "b\\', "it ends in the middle"),
        (b'{"a": "b\\ud8', "it ends in the middle"),
        (b'{"a": "b\\ud8"', "escape at character"),
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
