import json

import fake_site
import pytest

from avocado_builder.building import build, check_collection
from avocado_builder.collection import configs_of
from avocado_builder.id_files import fetch_ids, find_id_files, read_ids
from lamp_dataset.loading.raw_files import PROVENANCE, hash_file

NAME = "147-000874-EM.txt"


def row(**changes):
    return {"id": "500", "input": NAME, "profile": [{"text": "147-000137-EM.txt", "id": "5000"}], **changes}


def read(tmp_path, content, setting=None):
    path = tmp_path / "train_questions.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return read_ids({"train": path}, setting)


def test_an_id_file_is_counted_and_its_names_collected(tmp_path):
    ids = read(tmp_path, [row(), row(id="501", input="003-000001-EM.txt")])
    assert ids.task.name == "LaMP_6"
    assert list(ids.needed) == ["003-000001-EM.txt", "147-000137-EM.txt", NAME]
    file = ids.files["train"]
    assert (file.rows, file.items, file.setting, file.sha256) == (2, 2, "user", hash_file(file.path, PROVENANCE)[1])


def test_the_setting_is_read_from_the_rows(tmp_path):
    assert read(tmp_path, [row(user_id=3)]).task.name == "LaMP_6_time"
    assert read(tmp_path, [row(user_id="3")], "time").task.name == "LaMP_6_time"
    with pytest.raises(ValueError, match="expected an id file of the user-based setting, found one of the time-based"):
        read(tmp_path, [row(user_id=3)], "user")
    with pytest.raises(ValueError, match="sample '501': some rows have a 'user_id', others do not"):
        read(tmp_path, [row(user_id=3), row(id="501")])
    for name, content in [("a", [row()]), ("b", [row(user_id=1)])]:
        (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(ValueError, match="b: expected an id file of the user-based setting"):
        read_ids({"train": tmp_path / "a", "validation": tmp_path / "b"})


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"[]", "found an empty list"),
        ({"task": "LaMP_6", "golds": [{"id": "1", "output": NAME}]}, "outputs file.*'1'"),
        ([row(id=500)], "expected a string as 'id'"),
        ([row(profile={})], "sample '500': expected a list as 'profile', found {}"),
        ([row(profile=[{"id": "1"}])], "profile item 0: expected an object with 'text'"),
        ([row(), row()], "duplicate id '500'"),
        ([row(input=None)], "'input': expected the name of an email .*, found NoneType"),
        ([row(input="147-000874-em.txt")], "found a text of 17 characters$"),
        ([row(profile=[{"text": "x" * 99}])], "profile item 0: 'text': .* found a text of 99 .*already been built"),
        ([row(input="١٤٧-000874-EM.txt")], "expected the name of an email"),
    ],
)
def test_what_is_no_id_file_says_so(tmp_path, content, match):
    with pytest.raises(ValueError, match=match) as error:
        read(tmp_path, content)
    assert "train_questions.json" in str(error.value)


@pytest.mark.parametrize("layout", ["{name}", "{split}/{name}", "LaMP_6/{split}/{name}", "LaMP_6/{name}"])
def test_id_files_are_found_flat_or_as_on_the_site(tmp_path, layout):
    expected = {}
    for split, short in [("train", "train"), ("validation", "dev")]:
        expected[split] = tmp_path / layout.format(split=short, name=f"{short}_questions.json")
        expected[split].parent.mkdir(parents=True, exist_ok=True)
        expected[split].write_text("[]")
    looked_for = layout.format(split="test", name="test_questions.json")
    sentence = f"no id file for test: looked for {looked_for}; that split is left out"
    assert find_id_files(tmp_path) == (expected, {"test": sentence})
    assert find_id_files(tmp_path, ("validation",)) == ({"validation": expected["validation"]}, {})
    for splits in (("train", "test"), ("test",)):
        with pytest.raises(FileNotFoundError, match=rf"{tmp_path}: expected .* {looked_for}, found none [^.]*$"):
            find_id_files(tmp_path, splits)


def test_a_folder_without_id_files_says_so(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"train_questions\.json, dev_questions\.json, test_questions\.json, found none"
    ):
        find_id_files(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError, match="expected the folder of the id files, found a file"):
        find_id_files(tmp_path / "file")


def test_the_setting_chooses_where_both_lie_and_time_based_files_do_alone(tmp_path):
    for folder in ("LaMP_6", "time/LaMP_6"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "test_questions.json").write_text("[]")
    (tmp_path / "time" / "LaMP_6" / "test").mkdir()
    (tmp_path / "time" / "LaMP_6" / "test" / "test_questions.json").write_text("[]")
    assert find_id_files(tmp_path)[0]["test"] == tmp_path / "LaMP_6" / "test_questions.json"
    assert find_id_files(tmp_path, setting="time")[0]["test"].parent.parent.parent == tmp_path / "time"
    lay(alone := tmp_path / "alone", TIME)
    assert find_id_files(alone)[0] == {"validation": alone / TIME}
    with pytest.raises(FileNotFoundError, match=r"time/LaMP_6/test/test_questions\.json, found none"):
        find_id_files(alone, ("test",))
    with pytest.raises(FileNotFoundError, match="found none"):
        find_id_files(alone, (), "user")


def lay(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("[]")


USER, TIME = "LaMP_6/train/train_questions.json", "time/LaMP_6/dev/dev_questions.json"


def test_a_missing_user_based_file_is_never_replaced_by_the_time_based_one(tmp_path):
    lay(tmp_path, USER, TIME)
    assert find_id_files(tmp_path)[0] == {"train": tmp_path / USER}
    missing = r"expected .* LaMP_6/dev/dev_questions\.json, found none [^.]*"
    for setting in (None, "user"):
        with pytest.raises(FileNotFoundError, match=f"{missing}$"):
            find_id_files(tmp_path, ("validation",), setting)
    assert find_id_files(tmp_path, ("validation",), "time") == ({"validation": tmp_path / TIME}, {})


def test_a_missing_file_is_never_replaced_by_one_of_another_layout(tmp_path):
    """A flat file may be of either setting: nothing is promised about it either."""
    lay(tmp_path, USER, "dev_questions.json")
    assert find_id_files(tmp_path)[0] == {"train": tmp_path / USER}
    with pytest.raises(FileNotFoundError, match=r"LaMP_6/dev/dev_questions\.json, found none [^.]*$"):
        find_id_files(tmp_path, ("validation",))
    lay(tmp_path, USER, "LaMP_6/test/test_questions.json")
    sentence = "no id file for validation: looked for LaMP_6/dev/dev_questions.json; that split is left out"
    assert find_id_files(tmp_path)[1] == {"validation": sentence}
    assert find_id_files(tmp_path, ("train",))[1] == {}


@pytest.fixture
def site(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with fake_site.running() as site:
        yield site


def serve(site, folder, prefix):
    for short in ("train", "dev", "test"):
        path = f"{prefix}/{short}/{short}_questions.json"
        site.files[path] = (folder / f"{short}_questions.json").read_bytes()


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("setting", "ids", "prefix"), [(None, "ids", "LaMP_6"), ("time", "time_ids", "time/LaMP_6")])
def test_ids_are_fetched_from_the_site_where_none_are_given(place, site, setting, ids, prefix, monkeypatch):
    (place / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(place / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    serve(site, place / ids, prefix)
    build(place / "avocado-1.0.2", None, place / "out", setting=setting, base_url=site.url)
    build(place / "avocado-1.0.2", place / ids, place / "other")
    assert files(place / "out") == files(place / "other")
    wanted = [f"{prefix}/{short}/{short}_questions.json" for short in ("train", "dev", "test")]
    assert [path for method, path in site.log if method == "GET"] == wanted
    assert not list((place / "tmp").iterdir())


def test_only_the_wanted_splits_are_fetched(place, site):
    serve(site, place / "ids", "LaMP_6")
    ids = check_collection(place / "avocado-1.0.2", None, splits=("validation",), base_url=site.url + "/")
    assert list(ids.files) == ["validation"]
    assert {path for _, path in site.log} == {"LaMP_6/dev/dev_questions.json"}


@pytest.mark.parametrize(
    ("failure", "error", "match"),
    [
        ("page", ValueError, r"train_questions\.json: expected JSON, the site sent an HTML page"),
        (None, OSError, r"could not fetch \S*train_questions\.json \(\w+: .*--ids-dir"),
        ("cut connection", OSError, r"could not fetch \S*train_questions\.json \(\w+: .*--ids-dir"),
        ("cut content", ValueError, "[Cc]ut off"),
    ],
)
def test_the_content_is_checked_not_the_status(place, site, failure, error, match):
    serve(site, place / "ids", "LaMP_6")
    path = "LaMP_6/train/train_questions.json"
    if failure is None:
        del site.files[path]
    else:
        site.failures[path] = failure
    with pytest.raises(error, match=match):
        build(place / "avocado-1.0.2", None, place / "out", base_url=site.url)
    assert sorted(path.name for path in place.iterdir()) == ["avocado-1.0.2", "ids", "time_ids"]


def test_an_address_that_cannot_be_fetched_is_one_plain_error(tmp_path, site):
    with fake_site.running() as gone:
        url = gone.url
    with pytest.raises(OSError, match=rf"could not fetch {url}/\S* .*Refused.* --ids-dir"):
        fetch_ids(configs_of(None)["user"], (), tmp_path, url)
    for url in ("file:///etc", "ftp://x", "lamp"):
        with pytest.raises(ValueError, match=f"{url}/.*: expected .* http:// or https://"):
            fetch_ids(configs_of(None)["user"], (), tmp_path, url)
