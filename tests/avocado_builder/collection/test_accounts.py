import io
import json
import os
import shutil
import zipfile

import pytest

ONE, TWO = "001-000001-EM.txt", "002-000002-EM.txt"


def test_a_cut_zip_is_named(small):
    path = small.avocado / "002.zip"
    path.write_bytes(path.read_bytes()[:-30])
    small.check_fails(r"002\.zip: .*damaged")


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x05\x06" + bytes(18) + b"\xff" * 40])
def test_what_is_no_zip_is_named(small, content):
    (small.avocado / "002.zip").write_bytes(content)
    small.check_fails(rf"002\.zip: .*damaged|1 of 2 emails .*: {TWO}")


def test_a_damaged_member_that_is_not_needed_is_never_read(small):
    path = small.avocado / "001.zip"
    data = bytearray(path.read_bytes())
    at = data.index(b"001/001-000009-EM.txt") + len(b"001/001-000009-EM.txt") + 4
    data[at] ^= 0xFF
    path.write_bytes(data)
    assert small.build()["mails"] == 2


@pytest.mark.parametrize(
    ("position", "value", "match"),
    [
        (8, b"\x01\x00", " is encrypted"),
        (10, b"\x0c\x00", ": expected .* 0 or 8, found 12"),
        (24, b"\x00\x00\x00\x70", ": 1,879,048,192 bytes"),
    ],
)
def test_a_mail_that_is_encrypted_packed_in_another_way_or_huge_is_named(small, position, value, match):
    path = small.avocado / "002.zip"
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + position
    data[at : at + len(value)] = value
    path.write_bytes(data)
    small.check_fails(rf"002\.zip: member 002/{TWO}{match}")


def test_a_checksum_that_does_not_fit_is_noticed(small):
    path = small.avocado / "002.zip"
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 16] ^= 0x01
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"002\.zip: member 002/{TWO} is damaged .*CRC"):
        small.build()


def test_stored_members_are_read_too(small):
    with zipfile.ZipFile(small.avocado / "002.zip", "w") as archive:
        archive.writestr(f"002/{TWO}", b"Subject: two\n\nsecond")
    small.build()
    assert '"second"' not in (small.out / "train_outputs.json").read_text()
    assert json.loads((small.out / "train_questions.json").read_text())[1]["input"].endswith("email: second")


class Pipe(io.BytesIO):
    """A file that cannot be rewound: zipfile then writes sizes behind the members."""

    def seekable(self):
        return False

    def seek(self, *where):
        raise io.UnsupportedOperation

    def tell(self):
        raise io.UnsupportedOperation


def streamed(path, name, data):
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    path.write_bytes(pipe.getvalue())


def with_64_bits(path, name, data):
    with zipfile.ZipFile(path, "w") as archive, archive.open(name, "w", force_zip64=True) as member:
        member.write(data)


def behind_other_bytes(path, name, data):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.comment = b"a comment"
        archive.writestr(name, data)
    path.write_bytes(b"#!/bin/sh\n" + whole.getvalue())


@pytest.mark.parametrize("write", [streamed, with_64_bits, behind_other_bytes])
def test_zips_written_in_other_ways_are_read_too(small, write):
    write(small.avocado / "002.zip", f"002/{TWO}", b"Subject: two\n\nsecond")
    small.build()
    assert json.loads((small.out / "train_outputs.json").read_text())["golds"][1] == {"id": "51", "output": "two"}


def test_a_disk_that_cannot_read_is_named(small, monkeypatch):
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda file, size: os.pread(-1, 1, 0))
    with pytest.raises(OSError, match=r"Bad file descriptor: .*001\.zip"):
        small.build()


def test_a_flipped_byte_never_gives_a_wrong_text(small):
    """Whatever byte of a zip is damaged: the right rows, or an error that names the zip."""
    path = small.avocado / "002.zip"
    whole = path.read_bytes()
    right = small.build() and (small.out / "train_questions.json").read_bytes()
    refused = 0
    for position in range(len(whole)):
        for bit in (0x01,) if position % 3 else (0x80,):
            shutil.rmtree(small.out, ignore_errors=True)
            data = bytearray(whole)
            data[position] ^= bit
            path.write_bytes(data)
            try:
                small.build()
            except ValueError as error:
                assert "002.zip" in str(error) or f": {TWO}." in str(error)  # noqa: PT017
                refused += 1
            else:
                assert (small.out / "train_questions.json").read_bytes() == right
    assert refused > len(whole) / 2
