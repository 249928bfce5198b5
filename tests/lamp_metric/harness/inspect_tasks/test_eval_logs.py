from pathlib import Path

import pytest

pytestmark = pytest.mark.inspect


@pytest.fixture
def read():
    from lamp_metric.harness.inspect_tasks.eval_logs import read_inspect

    return read_inspect


def test_answers_come_from_a_log_or_from_a_folder_with_one(run, read):
    log = run("LaMP_3", lambda text: "4 \u2028 stars")
    path = Path(log.location)
    (path.parent / "preds.json").write_text("{}")  # another file, which the harness does not take for a log
    for place in (path, path.parent, path.parent.parent):
        answers = read(place)
        assert (answers.task, answers.name) == ("LaMP_3", str(path))
        assert answers.by_id == dict.fromkeys(("210", "211", "2110"), "4 \u2028 stars")


def test_a_log_in_json_is_read_too(run, read):
    log = run("LaMP_3", lambda text: "4", eval_options={"log_format": "json"})
    assert Path(log.location).suffix == ".json"
    assert len(read(Path(log.location)).by_id) == 3


def test_a_folder_with_an_odd_name(run, read, tmp_path):
    odd = tmp_path / "50% #1? ünï"
    log = run("LaMP_3", lambda text: "4", eval_options={"log_dir": str(odd)})
    [path] = odd.iterdir()
    assert read(odd).name == str(path)
    assert len(read(path).by_id) == 3, log.location


def test_one_of_several_configs_is_chosen(run, read, tmp_path):
    for config in ("LaMP_3", "LaMP_7"):
        run(config, lambda text: "4")
    assert read(tmp_path, "LaMP_7").task == "LaMP_7"
    with pytest.raises(ValueError, match="LaMP_3, LaMP_7; .*--config"):
        read(tmp_path)


def test_a_run_that_was_stopped_by_an_error_keeps_what_was_answered(run, read):
    said = iter(["4", "5"])
    log = run("LaMP_3", lambda text: next(said), eval_options={"max_samples": 1})
    assert log.status == "error"
    assert sorted(read(Path(log.location), partial=True).by_id.values()) == ["4", "5"]
    with pytest.raises(ValueError, match="all 3 samples"):
        read(Path(log.location))


def test_several_epochs_are_refused(run, read):
    log = run("LaMP_3", lambda text: "4", eval_options={"epochs": 2})
    with pytest.raises(ValueError, match=f"{log.location}: .*found 2 epochs.*--epochs 1"):
        read(Path(log.location))


def test_a_log_without_samples_is_told(run, read):
    log = run("LaMP_3", lambda text: "4", eval_options={"log_samples": False})
    with pytest.raises(ValueError, match="no samples were logged"):
        read(Path(log.location))


def test_a_log_of_another_task_is_refused(read, tmp_path):
    import inspect_models
    from inspect_ai import Task
    from inspect_ai import eval as inspect_eval
    from inspect_ai.dataset import Sample

    task = Task(dataset=[Sample(id="1", input="2 + 2")], name="sums")
    [log] = inspect_eval(task, model=inspect_models.mock(lambda text: "4"), log_dir=str(tmp_path), display="none")
    with pytest.raises(ValueError, match="expected samples of one of this benchmark's configs, found None"):
        read(Path(log.location))
    with pytest.raises(ValueError, match=f"{tmp_path}: .*found none"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["log.eval", "log.json"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"{}", b"[1]", b'{"version": 2, ', b"\xff\xfe"])
def test_a_damaged_log_is_named(read, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        read(tmp_path / name)


def test_a_log_that_was_cut_off_is_named(run, read):
    path = Path(run("LaMP_3", lambda text: "4").location)
    content = path.read_bytes()
    for end in range(0, len(content), len(content) // 7):
        path.write_bytes(content[:end])
        with pytest.raises(ValueError, match=path.name):
            read(path)


def test_nothing_there_is_told(read, tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        read(tmp_path / "nowhere.eval")
