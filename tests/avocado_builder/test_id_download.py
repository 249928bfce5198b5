import fake_site
import pytest

from avocado_builder.building import build, check_collection
from avocado_builder.collection.names import GATED
from avocado_builder.id_download import fetch_ids


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
    assert site.log == [("GET", f"{prefix}/{short}/{short}_questions.json") for short in ("train", "dev", "test")]
    assert not list((place / "tmp").iterdir())


def test_only_the_wanted_splits_are_fetched(place, site):
    serve(site, place / "ids", "LaMP_6")
    ids = check_collection(place / "avocado-1.0.2", None, splits=("validation",), base_url=site.url + "/")
    assert list(ids.files) == ["validation"]
    assert site.log == [("GET", "LaMP_6/dev/dev_questions.json")]


@pytest.mark.parametrize(
    ("failure", "error", "match"),
    [
        ("page", ValueError, r"train_questions\.json: expected JSON, the site sent an HTML page"),
        ("empty", ValueError, "the site sent an empty file"),
        (
            None,
            OSError,
            r"train_questions\.json: .* 404 Not Found\. .*--ids-dir",
        ),
        ("error", OSError, "the site answers 500"),
        ("cut connection", OSError, "cut off|cannot be fetched"),
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


def test_no_connection_is_one_plain_error(tmp_path, site):
    with fake_site.running() as gone:
        url = gone.url
    with pytest.raises(OSError, match=rf"{url}/\S*: cannot be fetched .*refused.* --ids-dir"):
        fetch_ids(GATED["user"], (), tmp_path, url)


@pytest.mark.parametrize("url", ["file:///etc", "ftp://x", "lamp"])
def test_only_web_addresses_are_fetched(tmp_path, url):
    with pytest.raises(ValueError, match=f"{url}/.*: expected .* http:// or https://"):
        fetch_ids(GATED["user"], (), tmp_path, url)
