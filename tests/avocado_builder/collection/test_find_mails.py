import json
import shutil

import pytest

ONE, TWO = "001-000001-EM.txt", "002-000002-EM.txt"


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
def test_a_copy_elsewhere_is_ignored(small, account, name):
    small.zip(account, [(f"002/{TWO}", b"Subject: two\n\nsecond"), (name, b"Subject: other\n\nother")])
    assert small.build()["mails"] == 2
    assert json.loads((small.out / "train_outputs.json").read_text())["golds"][0]["output"] == "one"


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
