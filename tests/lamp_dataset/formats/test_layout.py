import os

import pytest

from lamp_dataset.formats.files import BASE_URL, LAYOUTS, Files, find_files, official_paths, urls
from lamp_dataset.task import SPLITS
from lamp_dataset.tasks import TASKS


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[]")


def lay_out(folder, task, layout, splits=tuple(SPLITS)):
    for split in splits:
        for path in (task.questions_path(split), task.outputs_path(split)):
            if path is not None:
                write(folder / layout(task, path))


def test_urls_are_those_of_the_site_or_a_mirror():
    task = TASKS["LaMP_2_news_time"]
    assert urls(task) == {
        split: Files(
            f"{BASE_URL}/time/LaMP_2/{name}/{name}_questions.json",
            None if split == "test" else f"{BASE_URL}/time/LaMP_2/{name}/{name}_outputs.json",
        )
        for split, name in SPLITS.items()
    }
    mirror = urls(TASKS["LaMP_2"], ["validation"], "http://127.0.0.1:8/lamp/")
    assert mirror["validation"].outputs == "http://127.0.0.1:8/lamp/LaMP_2/new/dev/dev_outputs.json"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", TASKS)
def test_every_layout_is_found(name, layout, tmp_path):
    task = TASKS[name]
    lay_out(tmp_path, task, layout)
    found = find_files(task, tmp_path)
    assert list(found) == list(SPLITS)
    for split, files in found.items():
        assert files.questions == str(tmp_path / layout(task, task.questions_path(split)))
        assert (files.outputs is None) == (split == "test")


def test_the_first_layout_wins_and_splits_without_files_are_left_out(tmp_path):
    task = TASKS["LaMP_4"]
    lay_out(tmp_path, task, LAYOUTS[0], ["validation"])
    lay_out(tmp_path, task, LAYOUTS[-1])
    assert find_files(task, tmp_path) == {
        "validation": Files(*(str(tmp_path / f"LaMP_4/dev/dev_{kind}.json") for kind in Files._fields))
    }


def test_local_golds_of_test_are_found_beside_the_questions(tmp_path):
    task = TASKS["LaMP_4_time"]
    for layout in LAYOUTS:
        folder = tmp_path / str(LAYOUTS.index(layout))
        lay_out(folder, task, layout, ["test"])
        path = folder / layout(task, task.questions_path("test").replace("questions", "outputs"))
        write(path)
        files = find_files(task, folder)["test"]
        assert files.outputs == str(path)
        assert official_paths(task, "test", files) == {
            "time/LaMP_4/test/test_questions.json": files.questions,
            "time/LaMP_4/test/test_outputs.json": files.outputs,
        }
    assert urls(task)["test"].outputs is None


def test_what_is_missing_is_listed(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        find_files(TASKS["LaMP_2"], tmp_path, ["test"])
    for path in ("LaMP_2/new/test/test_questions.json", "LaMP_2/test_questions.json", " test_questions.json"):
        assert path in str(caught.value)
    task = TASKS["LaMP_7"]
    lay_out(tmp_path, task, LAYOUTS[-1])
    (tmp_path / "dev_outputs.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"dev_outputs\.json: .*LaMP_7.*'validation'"):
        find_files(task, tmp_path)
    assert list(find_files(task, tmp_path, ["train", "test"])) == ["train", "test"]


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("user_others.json", "lamp-dataset oppu import"),
        ("product_rating/user_top_100_history.json", "lamp-dataset oppu import"),
        ("dev_questions.json.gz", "gzip files: unpack"),
    ],
)
def test_a_folder_of_other_files_is_told_what_makes_official_files_of_it(path, advice, tmp_path):
    write(tmp_path / path)
    with pytest.raises(FileNotFoundError, match=rf"no questions file of LaMP_3_time; .*{advice}"):
        find_files(TASKS["LaMP_3_time"], tmp_path)


@pytest.mark.parametrize("data_dir", [3, b"files", "https://example.org/lamp"])
def test_what_is_not_a_path_is_refused(data_dir):
    with pytest.raises(ValueError, match="data_dir: expected the path of a folder"):
        find_files(TASKS["LaMP_2"], data_dir)


def test_the_home_folder_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    lay_out(tmp_path / "files", TASKS["LaMP_7"], LAYOUTS[-1])
    assert find_files(TASKS["LaMP_7"], os.path.join("~", "files"))["test"].questions.startswith(str(tmp_path))


@pytest.mark.parametrize(("make", "found"), [(os.mkdir, "a folder"), (os.mkfifo, "named pipe")])
@pytest.mark.parametrize("name", ["dev_questions.json", "dev_outputs.json"])
def test_what_is_not_a_file_is_refused_and_never_opened(tmp_path, make, found, name):
    for other in ("dev_questions.json", "dev_outputs.json"):
        (make if other == name else lambda path: path.touch())(tmp_path / other)
    with pytest.raises(OSError, match=f"{name}: expected a file, found .*{found}"):
        find_files(TASKS["LaMP_3"], tmp_path, ["validation"])
