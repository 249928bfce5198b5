import hashlib
import io
import json

import pytest

from lamp_dataset.formats.lists import read_rankings, write_rankings

RANKINGS = {"210": ["2101", "2100"], "211": [], "2“é”": ['21"0']}


def test_what_is_written_reads_back_as_it_was(tmp_path):
    path = tmp_path / "ranking.json"
    with path.open("w", encoding="utf-8", newline="") as file:
        assert write_rankings(file, RANKINGS.items()) == 3
    found = read_rankings(path)
    assert (dict(found.by_id), found.name) == (RANKINGS, str(path))
    assert list(found.by_id) == list(RANKINGS)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert json.loads(path.read_bytes()) == RANKINGS
    file = io.StringIO()
    assert write_rankings(file, []) == 0
    assert json.loads(file.getvalue()) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<html>", "HTML"),
        ("[]", "found list"),
        ('{"210": "2100"}', "'2100' for sample '210'"),
        ('{"210": [2100]}', r"\[2100\] for sample '210'"),
        ('{"210": ["a"], "211": null}', "None for sample '211'"),
    ],
)
def test_another_shape_is_named_with_its_file_and_sample(tmp_path, text, found):
    path = tmp_path / "ranking.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"ranking.json: expected .*{found}"):
        read_rankings(path)
