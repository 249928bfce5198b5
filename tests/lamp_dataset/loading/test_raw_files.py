"""Downloads from the official site, played by a server on the loopback with its ways to fail, silence among them."""

import dataclasses
import hashlib
import json

import fake_site
import made_up
import pytest
from datasets import DownloadConfig, load_dataset

import lamp_dataset.lamp
from lamp_dataset.loading import raw_files
from lamp_dataset.task import SPLITS
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.oldest

try:
    from datasets.exceptions import NonMatchingSplitsSizesError
except ImportError:  # where it was before
    from datasets.utils.info_utils import NonMatchingSplitsSizesError


TASK, PATH = TASKS["LaMP_4"], "LaMP_4/dev/dev_questions.json"


@pytest.fixture
def empty():
    """A site without files."""
    with fake_site.running() as site:
        yield site


@pytest.fixture
def site(empty, tmp_path):
    """A site with six samples of each split of LaMP_4."""
    empty.written = made_up.write_all(tmp_path / "site", ["LaMP_4"], count=6)["LaMP_4"]
    empty.serve(tmp_path / "site")
    return empty


@pytest.fixture
def load(tmp_path):
    def load(name="LaMP_4", **options):
        return load_dataset("lamp", name, **{"cache_dir": str(tmp_path / "cache"), **options})

    return load


@pytest.fixture
def official(site, monkeypatch):
    """The loopback server in the place of the official site."""
    monkeypatch.setattr("lamp_dataset.formats.files.BASE_URL", site.url)
    return site


@pytest.fixture
def published(monkeypatch):
    """Let the table say other counts of LaMP_4."""

    def publish(counts, verified=tuple(SPLITS)):
        task = dataclasses.replace(TASK, num_samples=counts, verified_splits=verified)
        monkeypatch.setattr(lamp_dataset.lamp, "get_task", lambda wanted: task)

    return publish


@pytest.mark.parametrize("name", ["LaMP_2", "LaMP_2_news", "LaMP_2_time", "LaMP_3", "LaMP_5_time"])
def test_all_splits_come_from_their_places_on_the_site(name, empty, load, tmp_path):
    written = made_up.write_all(tmp_path / "site", [name], count=7)[name]
    empty.serve(tmp_path / "site")
    loaded = load(name, base_url=empty.url)
    for split, (rows, golds) in written.items():
        assert loaded[split].to_list() == made_up.expected(TASKS[name], rows, golds)
    assert {path for method, path in empty.log if method == "GET"} == set(empty.files)


def test_streaming_over_http_and_one_split_fetches_only_its_files(site, load):
    streamed = load(base_url=site.url, streaming=True)
    for split, (rows, golds) in site.written.items():
        assert list(streamed[split]) == made_up.expected(TASK, rows, golds)
    site.failures["LaMP_4/test/test_questions.json"] = "page"
    with pytest.raises(ValueError, match="test_questions.json: expected a JSON list of rows .*, found an HTML page"):
        list(load(base_url=site.url, streaming=True, split="test"))
    site.log.clear()
    load(base_url=site.url, splits=("validation",))
    assert {path for _, path in site.log} == {PATH, "LaMP_4/dev/dev_outputs.json"}


def test_the_second_call_asks_for_nothing_and_works_without_the_site(site, load, monkeypatch):
    first = load(base_url=site.url)
    asked = len(site.log)
    site.files.clear()
    for module in ("datasets.config.HF_HUB_OFFLINE", "datasets.config.HF_DATASETS_OFFLINE"):
        monkeypatch.setattr(module, True, raising=False)
    assert load(base_url=site.url)["train"].to_list() == first["train"].to_list()
    assert len(site.log) == asked


@pytest.mark.parametrize(
    ("kind", "failure", "message"),
    [
        (
            "questions",
            "page",
            "expected JSON, found an HTML page .* The file was not kept: try again, or pass data_dir",
        ),
        ("outputs", "empty", "expected JSON, found an empty file"),
        ("questions", "cut content", "expected JSON, but .* Was it cut off"),
        ("outputs", "cut content", "expected JSON, but it ends in the middle"),
    ],
)
def test_a_rejected_file_is_not_served_from_the_cache_again(kind, failure, message, site, load):
    path = f"LaMP_4/dev/dev_{kind}.json"
    site.failures[path] = failure
    with pytest.raises(ValueError, match=f"{site.url}/{path}.*: {message}"):
        load(base_url=site.url)
    site.failures.clear()
    assert load(base_url=site.url)["validation"].to_list() == made_up.expected(TASK, *site.written["validation"])


@pytest.mark.parametrize("failure", [None, "error", "cut connection"])
def test_a_file_that_is_missing_or_cut_is_an_error_that_names_it_and_the_next_call_works(failure, site, load, tmp_path):
    path = "LaMP_4/test/test_questions.json"
    whole, options = site.files[path], {"base_url": site.url}
    if failure is None:
        del site.files[path]
    if failure != "cut connection":
        options["download_config"] = DownloadConfig(max_retries=0, cache_dir=tmp_path / "cache")
    site.failures[path] = failure
    with pytest.raises(ConnectionError, match=f"could not fetch .*{path}.* pass data_dir="):
        load(**options)
    site.failures.clear()
    site.files[path] = whole
    assert load(**options)["test"].num_rows == 6


@pytest.mark.parametrize("streaming", [False, True])
def test_no_network_says_what_works_without(streaming, load):
    with fake_site.running() as gone:
        pass
    with pytest.raises(ConnectionError, match=f"could not fetch {gone.url}/LaMP_4/.*onnect.*lamp_dataset.SAMPLE"):
        next(iter(load(base_url=gone.url, streaming=streaming)["validation"]))


def test_verified_counts_are_checked_for_the_splits_that_are_loaded(official, load, published):
    published({"train": 6, "validation": 6, "test": 7})
    with pytest.raises(NonMatchingSplitsSizesError, match="num_examples=7"):
        load()
    assert load(verification_mode="no_checks")["test"].num_rows == 6
    assert load(splits=("validation",))["validation"].num_rows == 6


def test_files_of_another_count_are_fetched_again(official, load, published):
    path = "LaMP_4/test/test_questions.json"
    whole = official.files[path]
    official.files[path] = json.dumps(json.loads(whole)[:4]).encode()
    published({"train": 6, "validation": 6, "test": 6})
    with pytest.raises(NonMatchingSplitsSizesError, match="LaMP_4: expected the published number of samples"):
        load()
    official.files[path] = whole
    assert load()["test"].num_rows == 6


def test_counts_that_are_not_verified_mirrors_and_folders_are_not_held_against_the_published(
    official, load, tmp_path, published, monkeypatch
):
    published({"train": 99, "validation": 6, "test": None}, verified=("validation",))
    assert {split: len(rows) for split, rows in load().items()} == {"train": 6, "validation": 6, "test": 6}
    monkeypatch.undo()
    assert load(base_url=official.url)["test"].num_rows == 6
    assert load(data_dir=str(tmp_path / "site"))["test"].num_rows == 6


def test_sizes_and_hashes_of_the_raw_files_are_kept(site, load):
    load(base_url=site.url)
    kept = load(base_url=site.url)["test"].info.download_checksums
    assert kept == {
        path: {"num_bytes": len(data), "checksum": hashlib.sha256(data).hexdigest()}
        for path, data in site.files.items()
    }


@pytest.mark.parametrize("source", ["base_url", "data_dir"])
def test_a_fresh_download_under_all_checks(source, site, load, tmp_path):
    where = {"base_url": site.url} if source == "base_url" else {"data_dir": str(tmp_path / "site")}
    load(**where)
    again = load(**where, download_mode="force_redownload", verification_mode="all_checks")
    assert {split: len(rows) for split, rows in again.items()} == {"train": 6, "validation": 6, "test": 6}


@pytest.fixture
def rows(site, load):
    def rows(streaming=False, **options):
        return list(load(streaming=streaming, base_url=site.url, splits=("validation",), **options)["validation"])

    return rows


@pytest.mark.parametrize("options", [{}, {"streaming": True}, {"num_proc": 2}], ids=str)
@pytest.mark.parametrize("failure", ["silent", "stalls", "stalls without ranges"])
def test_a_silent_server_is_an_error_that_says_which_file_how_long_and_what_to_do(
    failure, options, site, rows, monkeypatch
):
    monkeypatch.setenv("LAMP_TIMEOUT", "0.5")
    site.failures[PATH] = failure
    with pytest.raises(ConnectionError) as error:
        rows(**options)
    for fact in (f"{site.url}/{PATH}", "0.5 seconds", "LAMP_TIMEOUT", "data_dir="):
        assert fact in str(error.value)
    assert "outputs" not in str(error.value)
    assert len([path for _, path in site.log if path == PATH]) <= 3  # not asked again and again
    site.failures.clear()
    monkeypatch.delenv("LAMP_TIMEOUT")
    assert rows(**options) == made_up.expected(TASK, *site.written["validation"])


@pytest.mark.parametrize("streaming", [False, True])
def test_a_slow_server_is_waited_for(streaming, site, rows, monkeypatch):
    monkeypatch.setenv("LAMP_TIMEOUT", "2")  # the answer takes three seconds
    site.failures[PATH] = "slow"
    assert rows(streaming) == made_up.expected(TASK, *site.written["validation"])


def test_options_of_the_caller_come_first(site, rows, monkeypatch):
    asked = []
    monkeypatch.setattr(raw_files, "client_options", lambda given: asked.append(given) or {"trust_env": False})
    config = DownloadConfig(storage_options={"client_kwargs": {"trust_env": False}})
    rows(download_config=config)
    assert asked == [config.storage_options["client_kwargs"]] == [{"trust_env": False}]
    monkeypatch.undo()
    assert raw_files.client_options({"timeout": 1})["timeout"] == 1


@pytest.mark.parametrize("value", ["soon", "0", "-3", "nan", "inf", "1 2"])
@pytest.mark.parametrize("streaming", [False, True])
def test_a_wrong_time_out_is_refused_by_name(value, streaming, rows, monkeypatch):
    monkeypatch.setenv("LAMP_TIMEOUT", value)
    with pytest.raises(ValueError, match=f"LAMP_TIMEOUT.*{value}"):
        rows(streaming)


def test_a_cut_connection_is_tried_again_while_streaming(site, rows, monkeypatch):
    monkeypatch.setattr("datasets.config.STREAMING_READ_RETRY_INTERVAL", 0)
    whole, cuts = site.answer, iter(["cut connection", "cut connection"])

    def answer(path):
        if path == PATH and site.log[-1][0] == "GET":
            site.failures[path] = next(cuts, None)
        return whole(path)

    monkeypatch.setattr(site, "answer", answer)
    assert rows(streaming=True) == made_up.expected(TASK, *site.written["validation"])
    assert site.log.count(("GET", PATH)) == 3


def test_files_on_the_hub_are_opened_as_datasets_does_it(monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"theirs")
    monkeypatch.setattr("datasets.config.HF_ENDPOINT", "https://hub.example")
    monkeypatch.setattr("datasets.utils.file_utils.xopen", lambda url, mode: (tmp_path / "file").open(mode))
    with raw_files.open_raw("https://hub.example/datasets/me/x/resolve/main/file") as file:
        assert file.read() == b"theirs"
