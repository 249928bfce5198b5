import pytest

from lamp_metric.predictions.scored_samples import read_values, samples_of_values

FOUND = {"310": 6, "311": 8.5}


@pytest.mark.parametrize(
    "text",
    [
        '{"310": 6, "311": 8.5}',
        '\ufeff{"310": 6,\n "311": 8.5}\n',
        '{"id": "310", "value": 6}\n\n{"id": 311, "value": 8.5, "why": "it fits"}\n',
        '{"310": 6}\n{"311": 8.5}\n',
        "id,value\n310,6\n311,8.5\n",
        'value,"id"\r\n6,310\r\n8.5,311',
    ],
)
def test_json_lines_and_csv_give_the_same_values(tmp_path, text):
    path = tmp_path / "own"
    path.write_text(text, encoding="utf-8")
    assert read_values(path) == FOUND


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected JSON"),
        ("[6, 8]", "expected JSON"),
        ('{"310": 6', "expected JSON"),
        ("310,6\n311,8\n", "expected JSON"),
        ("id,value\n310,good\n", "expected JSON"),
        ('{"310": 6, "310": 7}', "duplicate id '310'"),
        ("id,value\n310,6\n310,7\n", "duplicate id '310'"),
    ],
)
def test_another_file_is_refused_in_one_line(tmp_path, text, message):
    path = tmp_path / "own"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"own: {message}"):
        read_values(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"310": 6}, "j.json lacks 1 of the 2 ids in the samples .first: '311'"),
        ({**FOUND, "312": 1}, "j.json has 1 id not in the samples .first: '312'"),
        ({**FOUND, "311": float("nan")}, "j.json: expected a number for sample '311', at most 1e100, found nan"),
        ({**FOUND, "311": 1e308}, "j.json: expected a number for sample '311', at most 1e100, found 1e\\+308"),
        ({**FOUND, "311": None}, "found None"),
        ({**FOUND, "311": True}, "found True"),
        ({**FOUND, "311": "8"}, "found '8'"),
    ],
)
def test_each_sample_needs_one_finite_number(values, message):
    with pytest.raises(ValueError, match=message):
        samples_of_values("j.json", values, ["310", "311"], None, True)


def test_values_are_the_score_of_each_sample_and_their_mean_the_score():
    found = samples_of_values("j.json", FOUND, ["311", "310"], ["ann", "bob"], False)
    assert (found.scores, found.values("value"), found.keys) == ({"value": 7.25}, [8.5, 6.0], ["value"])
    assert (found.scorer.sign("value"), found.scorer.signed["also"]) == (-1, "value(better:lower)")
