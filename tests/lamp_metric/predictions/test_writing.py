import pytest

from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.tasks import TASKS
from lamp_metric import write_predictions


def test_written_predictions_are_the_official_format(tmp_path, monkeypatch):
    path = tmp_path / "preds.json"
    write_predictions(path, "LaMP_4", ["310", "311"], ["a “title”", " b "])
    assert path.read_text() == (
        '{"task":"LaMP_4","golds":[{"id": "310", "output": "a \\u201ctitle\\u201d"}, {"id": "311", "output": "b"}]}'
    )
    assert dict(read_outputs(path, TASKS["LaMP_4"]).by_id) == {"310": "a “title”", "311": "b"}
    monkeypatch.setenv("HOME", str(tmp_path))
    write_predictions("~/preds.json", "LaMP_2_news_time", ["1"], ["travel"])
    assert read_outputs(path).task == "LaMP_2"
    write_predictions(path, "LaMP_3", ["1", "2"], [4, 4.5])
    assert list(read_outputs(path).by_id.values()) == ["4", "4.5"]
    write_predictions(path, "LaMP_3", ["1", "2"], [[4, " 5"], ["1", "2"]])
    assert list(read_outputs(path).by_id.values()) == [["4", "5"], ["1", "2"]]


@pytest.mark.parametrize(
    ("ids", "outputs", "message"),
    [
        (["1"], ["a", "b"], "outputs.*ids.* 2 and 1"),
        ([1], ["a"], "ids: .*strings.* 1 .*position 0"),
        (["1", "1"], ["a", "b"], "ids: .*duplicate.*'1'"),
        (["1", "2"], ["a", None], "output of sample '2': .*LaMP_4.*None"),
        (["1"], [[]], r"output of sample '1': .* found list \[\]"),
        ("12", ["a", "b"], "ids: .*list"),
    ],
)
def test_predictions_that_cannot_be_scored_are_not_written(tmp_path, ids, outputs, message):
    with pytest.raises(ValueError, match=message):
        write_predictions(tmp_path / "p.json", "LaMP_4", ids, outputs)
    assert not (tmp_path / "p.json").exists()


@pytest.mark.parametrize(("name", "options"), [("LaMP_6", {}), ("LaMP_4", {"private": True})])
def test_a_private_file_and_one_of_the_gated_task_are_for_their_owner_alone(tmp_path, name, options):
    for path in (tmp_path / "new.json", tmp_path / "old.json"):
        (tmp_path / "old.json").touch(0o644)
        write_predictions(path, name, ["1"], ["Lunch"], **options)
        assert path.stat().st_mode & 0o777 == 0o600
