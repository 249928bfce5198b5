import io
import json
import os
import shutil
import zipfile

import fake_avocado
import pytest

from avocado_builder.building import build, check_collection
from avocado_builder.collection import NeededMails, is_name


def test_names_are_exact():
    assert is_name("007-000042-EM.txt")
    for text in ("007-000042-em.txt", "007-000042-AT.txt", " 007-000042-EM.txt", "٠٠٧-000042-EM.txt", "", None, 7):
        assert not is_name(text)


def test_needed_names_are_a_sorted_set():
    needed = NeededMails()
    numbers = [n * 7919 % 2_011 for n in range(3_000)]
    for number in numbers:
        needed.add(f"{number % 3:03}-{number:06}-EM.txt")
    names = sorted({f"{n % 3:03}-{n:06}-EM.txt" for n in numbers})
    assert len(needed) == len(names) == 2_011
    assert list(needed) == needed.missing() == names
    assert [needed.find(names[0]), needed.find(names[0])] == [True, False]
    assert needed.missing() == names[1:]
    for name in ("000-000001-EM.txt", "003-000003-EM.txt", "000-000003-AT.txt", "", "000-000003-EM.txt\n"):
        assert name not in needed


TEXTS = {
    "001-000003-EM.txt": ("a subject", 'a body\nwith "quotes" and é'),
    "001-000001-EM.txt": ("", ""),
    "147-000874-EM.txt": ("half \ud83d", "x" * 3_000_000),
}


def test_texts_come_back_as_json_from_a_file_without_a_name(tmp_path):
    needed = NeededMails(tmp_path)
    for name, texts in TEXTS.items():
        needed.put(name, *texts)
    assert list(tmp_path.iterdir()) == []
    for name, (subject, body) in reversed(TEXTS.items()):
        assert needed.get(name) == (json.dumps(body).encode(), json.dumps(subject).encode())


def test_a_full_disk_is_an_error_that_names_the_folder(tmp_path):
    needed = NeededMails(tmp_path)
    needed._do("PRAGMA max_page_count = 9")
    with pytest.raises(OSError, match=f"{tmp_path}: .*full"):
        needed.put("147-000874-EM.txt", *TEXTS["147-000874-EM.txt"])


ONE, TWO = "001-000001-EM.txt", "002-000002-EM.txt"


@pytest.fixture
def small(tmp_path):
    """Two accounts with a mail or two each, and an id file that names three of them."""

    class Small:
        avocado, ids, out = tmp_path / "avocado", tmp_path / "ids", tmp_path / "out"

        def zip(self, account, members):
            fake_avocado.write_zip(self.avocado / f"{account}.zip", members)

        def name(self, *names):
            rows = [{"id": f"5{n}", "input": name, "profile": []} for n, name in enumerate(names)]
            (self.ids / "train_questions.json").write_text(json.dumps(rows))

        def build(self):
            return build(self.avocado, self.ids, self.out)

        def check_fails(self, match):
            """Both commands fail, the build leaves nothing."""
            for run in (lambda: check_collection(self.avocado, self.ids), self.build):
                with pytest.raises(ValueError, match=match):
                    run()
            assert sorted(path.name for path in tmp_path.iterdir()) == ["avocado", "ids"]

    made = Small()
    made.avocado.mkdir()
    made.ids.mkdir()
    made.zip("001", [(f"001/{ONE}", b"Subject: one\n\nfirst"), ("001/001-000009-EM.txt", b"Subject: nine\n\nninth")])
    made.zip("002", [(f"002/{TWO}", b"Subject: two\n\nsecond")])
    made.name(ONE, TWO)
    return made


def test_missing_mails_are_counted_and_the_first_twenty_named_before_any_work(small, monkeypatch):
    monkeypatch.setattr("avocado_builder.building.parse_mail", lambda raw: pytest.fail("a mail was read"))
    small.name(ONE, *(f"001-{n:06}-EM.txt" for n in range(100, 130)), "077-000001-EM.txt")
    shown = ", ".join(f"001-{n:06}-EM.txt" for n in range(100, 120))
    small.check_fails(rf"31 of 32 emails .*: {shown}, …\. .* accounts 077\.")


def test_stray_files_and_folders_are_reported_and_ignored(small, caplog):
    (small.avocado / "readme.txt").write_text("x")
    (small.avocado / "004.zip").mkdir()
    (small.avocado / "index").mkdir()
    (small.avocado / "1234.zip").write_bytes(b"no zip")
    (small.avocado / "001.ZIP").write_bytes(b"no zip")
    assert small.build()["ignored"] == ["001.ZIP", "004.zip", "1234.zip", "index", "readme.txt"]
    assert ": 001.ZIP, 004.zip, 1234.zip, index, readme.txt" in caplog.text


@pytest.mark.parametrize("name", ["../../evil/", "001/below/", "002/", "", "/001/", "001//", "./001/"])
def test_a_member_that_points_elsewhere_is_no_mail(small, name):
    small.zip("001", [(f"{name}{ONE}", b"Subject: evil\n\nx")])
    small.check_fails(rf"1 of 2 emails .*: {ONE}\. .*001\.zip has \S*{ONE}; expected it as 001/{ONE}")


def test_the_same_mail_twice_in_its_zip_is_an_error(small):
    with pytest.warns(UserWarning, match="Duplicate name"):
        small.zip("001", [(f"001/{ONE}", b"Subject: one\n\nfirst"), (f"001/{ONE}", b"Subject: one\n\nother")])
    small.check_fails(rf"001\.zip: member 001/{ONE} is there twice")


@pytest.mark.parametrize(
    ("account", "name"), [("003", f"001/{ONE}"), ("002", f"../../evil/{ONE}"), ("002", f"001/x/{ONE}")]
)
def test_a_copy_elsewhere_must_be_the_same(small, account, name):
    two = (f"002/{TWO}", b"Subject: two\n\nsecond")
    small.zip(account, [two, (name, b"Subject: one\n\nother")])
    small.check_fails(rf"001\.zip has 001/{ONE}, and \S*{account}\.zip has \S*{ONE} with other contents")
    small.zip(account, [two, (name, b"Subject: one\n\nfirst")])
    assert small.build()["mails"] == 2


def test_an_account_as_zip_and_as_folder_is_read_from_the_zip(small):
    (small.avocado / "001").mkdir()
    (small.avocado / "001" / ONE).write_bytes(b"Subject: other\n\nother")
    assert small.build()["ignored"] == ["001"]
    assert "Subject" not in (small.out / "train_questions.json").read_text()
    assert json.loads((small.out / "train_outputs.json").read_text())["golds"][0]["output"] == "one"


def test_extracted_folders_have_the_same_rules(small):
    shutil.rmtree(small.avocado)
    (small.avocado / "001" / "below").mkdir(parents=True)
    (small.avocado / "002").mkdir()
    (small.avocado / "002" / TWO).write_bytes(b"Subject: two\n\nsecond")
    (small.avocado / "001" / "below" / ONE).write_bytes(b"Subject: one\n\nfirst")
    small.check_fails(rf"1 of 2 emails .*avocado/001 has 001/below/{ONE}; expected it as 001/{ONE}")
    (small.avocado / "001" / ONE).write_bytes(b"Subject: one\n\nother")
    small.check_fails(rf"avocado/001 has 001/{ONE}, and \S*001 has 001/below/{ONE} with other contents")
    (small.avocado / "001" / "below" / ONE).unlink()
    assert small.build()["mails"] == 2
    shutil.rmtree(small.out)
    (small.avocado / "002" / TWO).unlink()
    (small.avocado / "002" / TWO).mkdir()
    small.check_fails(rf"1 of 2 emails .*: {TWO}")


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda path: None, FileNotFoundError, "avocado: expected .* Avocado .*, found nothing"),
        (lambda path: path.write_bytes(b""), NotADirectoryError, "avocado: expected .* Avocado .*, found a file"),
        (lambda path: path.mkdir(), ValueError, r"avocado: expected account files such as 147\.zip .*, found nothing"),
        (
            lambda path: (path / "docs").mkdir(parents=True),
            ValueError,
            "avocado: expected account files .*, found docs",
        ),
    ],
)
def test_a_wrong_path_says_what_is_there(small, make, error, match):
    shutil.rmtree(small.avocado)
    make(small.avocado)
    with pytest.raises(error, match=match):
        small.build()
    assert not small.out.exists()


# ---------------------------------------------------------------- zips


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
