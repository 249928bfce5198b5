import io
import json
import random

import made_up
import pytest

from lamp_dataset.formats.json_files import DECODER, Encoded, EntryWriter, describe, encode, load_json, read_json
from lamp_dataset.formats.texts import Number
from lamp_dataset.tasks import TASKS


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected JSON, found an empty file"),
        (b"\xef\xbb\xbf<html>", "found an HTML page"),
        (b"\x1f\x8b", "expected JSON, found a gzip file: unpack it"),
        (b"PAR1\x15\x04\xb5", "expected JSON, found a Parquet file"),
        (b"id,output\n1,5", r"begins b'id,output.*; for predictions, lamp_metric.write_predictions writes"),
        (b'{"a": "b', "it ends in the middle, at character 8"),
        (b'{"a": "b\\', "it ends in the middle"),
        (b'{"a": "b\\ud8"', "escape at character"),
        (b'{"a": 1 "b"}', "Expecting ',' delimiter at character 8"),
        (b'{"a": "\xff"}', "expected UTF-8, found byte 0xff at byte 7"),
        (b"[" * 100_000, "nested too deep"),
        (b"9" * 5_000, "Exceeds the limit"),
    ],
)
def test_what_is_no_json_is_described(data, message):
    with pytest.raises(ValueError, match=f"^name: .*{message}"):
        load_json(data, "name")


def test_json_with_a_byte_order_mark_and_kinds_of_file(tmp_path):
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": "\xc3\xa9"}')
    assert read_json(tmp_path / "a.json") == {"a": "é"}
    assert describe(b"\x1f\x8bxx") == "a gzip file: unpack it"
    assert describe(b"hello") == "a file that begins b'hello'"


def value(r, depth=0):
    kind = r.randrange(9 if depth < 3 else 7)
    if kind == 7:
        return [value(r, depth + 1) for _ in range(r.randrange(4))]
    if kind == 8:
        return {r.choice(made_up.ODD): value(r, depth + 1) for _ in range(r.randrange(4))}
    return [r.choice(made_up.ODD), r.choice(made_up.ODD), None, True, r.randrange(-9, 10**9), 1.5e-9, "\ud800"][kind]


def test_encode_equals_json_dumps_on_generated_values():
    r = random.Random(5)
    for _ in range(2_000):
        made = value(r)
        assert encode(made).decode("ascii") == json.dumps(made)


def test_numbers_as_spelled_and_encoded_parts_pass_unchanged():
    text = '{"score": 5.00, "n": 12345678901234567890123, "list": [1e2, -0, "5"]}'
    assert encode(DECODER.decode(text)).decode() == json.dumps(json.loads(text))
    assert encode([Number("4"), "4"]) == b'[4, "4"]'
    assert encode({"text": Encoded(b'"\\u00e9"'), "l": [Encoded(b"7")]}) == b'{"text": "\\u00e9", "l": [7]}'


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_a_list_equals_json_dumps(count):
    rows = made_up.rows(TASKS["LaMP_3_time"], count)
    file = io.BytesIO()
    with EntryWriter(file) as entries:
        for row in rows:
            entries.add(row)
    assert file.getvalue().decode() == json.dumps(rows)
    assert entries.count == count


def test_a_failed_block_leaves_the_list_open():
    file = io.BytesIO()

    def fail():
        with EntryWriter(file, b'{"golds": [', b"]}") as entries:
            entries.add({"id": "210"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert file.getvalue() == b'{"golds": [{"id": "210"}'
