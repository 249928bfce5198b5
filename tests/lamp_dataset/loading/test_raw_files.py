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
    from datasets.exceptions import ExpectedMoreSplitsError, NonMatchingSplitsSizesError
except ImportError:  # where they were before
    from datasets.utils.info_utils import ExpectedMoreSplitsError, NonMatchingSplitsSizesError


@pytest.fixture
def site():
    with fake_site.running() as site:
        yield site


@pytest.fixture
def load(tmp_path):
    def load(name, **options):
        return load_dataset("lamp", name, **{"cache_dir": str(tmp_path / "cache"), **options})

    return load


@pytest.fixture
def official(site, monkeypatch):
    """The loopback server in the place of the official site."""
    monkeypatch.setattr("lamp_dataset.formats.layout.BASE_URL", site.url)
    return site


def published(monkeypatch, name, counts, verified=tuple(SPLITS)):
    """Let the table say other counts."""
    task = dataclasses.replace(TASKS[name], num_samples=counts, verified_splits=verified)
    monkeypatch.setattr(lamp_dataset.lamp, "get_task", lambda wanted: task if wanted == name else TASKS[wanted])


@pytest.mark.parametrize("name", ["LaMP_2", "LaMP_2_news", "LaMP_2_time", "LaMP_3", "LaMP_5_time"])
def test_all_splits_come_from_their_places_on_the_site(name, site, load, tmp_path):
    written = made_up.write_all(tmp_path / "site", [name], count=7)[name]
    site.serve(tmp_path / "site")
    loaded = load(name, base_url=site.url)
    for split, (rows, golds) in written.items():
        assert loaded[split].to_list() == made_up.expected(TASKS[name], rows, golds)
    assert {path for method, path in site.log if method == "GET"} == set(site.files)


def test_streaming_over_http(site, load, tmp_path):
    written = made_up.write_all(tmp_path / "site", ["LaMP_3_time"], count=40)["LaMP_3_time"]
    site.serve(tmp_path / "site")
    streamed = load("LaMP_3_time", base_url=site.url, streaming=True)
    for split, (rows, golds) in written.items():
        assert list(streamed[split]) == made_up.expected(TASKS["LaMP_3_time"], rows, golds)
    site.failures["time/LaMP_3/test/test_questions.json"] = "page"
    with pytest.raises(ValueError, match="test_questions.json: expected a JSON list of rows .*, found an HTML page"):
        list(load("LaMP_3_time", base_url=site.url, streaming=True, split="test"))


def test_one_split_fetches_only_its_files(site, load, tmp_path):
    made_up.write_all(tmp_path / "site", ["LaMP_4"])
    site.serve(tmp_path / "site")
    load("LaMP_4", base_url=site.url, splits=("validation",))
    assert {path for _, path in site.log} == {"LaMP_4/dev/dev_questions.json", "LaMP_4/dev/dev_outputs.json"}


def test_the_second_call_asks_for_nothing_and_works_without_the_site(site, load, tmp_path, monkeypatch):
    made_up.write_all(tmp_path / "site", ["LaMP_4"])
    site.serve(tmp_path / "site")
    first = load("LaMP_4", base_url=site.url)
    asked = len(site.log)
    site.files.clear()
    for module in ("datasets.config.HF_HUB_OFFLINE", "datasets.config.HF_DATASETS_OFFLINE"):
        monkeypatch.setattr(module, True, raising=False)
    assert load("LaMP_4", base_url=site.url)["train"].to_list() == first["train"].to_list()
    assert len(site.log) == asked


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        ("page", "expected JSON, found an HTML page .* The file was not kept: try again, or pass data_dir"),
        ("empty", "expected JSON, found an empty file"),
        ("cut content", "expected JSON, but .* Was it cut off"),
    ],
)
@pytest.mark.parametrize("kind", ["questions", "outputs"])
def test_a_rejected_file_is_not_served_from_the_cache_again(kind, failure, message, site, load, tmp_path):
    written = made_up.write_all(tmp_path / "site", ["LaMP_4"])["LaMP_4"]
    site.serve(tmp_path / "site")
    path = f"LaMP_4/dev/dev_{kind}.json"
    site.failures[path] = failure
    if (kind, failure) == ("outputs", "cut content"):
        message = "expected JSON, but it ends in the middle"
    with pytest.raises(ValueError, match=f"{site.url}/{path}.*: {message}"):
        load("LaMP_4", base_url=site.url)
    site.failures.clear()
    rows, golds = written["validation"]
    assert load("LaMP_4", base_url=site.url)["validation"].to_list() == made_up.expected(TASKS["LaMP_4"], rows, golds)


@pytest.mark.parametrize("failure", [None, "error"])
def test_a_missing_file_is_an_error_that_names_it(failure, site, load, tmp_path):
    made_up.write_all(tmp_path / "site", ["LaMP_4"])
    site.serve(tmp_path / "site")
    del site.files["LaMP_4/test/test_questions.json"]
    site.failures["LaMP_4/test/test_questions.json"] = failure
    with pytest.raises(ConnectionError, match="LaMP_4/test/test_questions.json.* pass data_dir="):
        load("LaMP_4", base_url=site.url, download_config=DownloadConfig(max_retries=0, cache_dir=tmp_path / "cache"))


@pytest.mark.parametrize("streaming", [False, True])
def test_no_network_says_what_works_without(streaming, load):
    with fake_site.running() as gone:
        pass
    with pytest.raises(ConnectionError, match=f"could not fetch {gone.url}/LaMP_4/.*onnect.*lamp_dataset.SAMPLE"):
        next(iter(load("LaMP_4", base_url=gone.url, streaming=streaming)["validation"]))


def test_a_cut_connection_is_an_error_and_the_next_call_works(site, load, tmp_path):
    made_up.write_all(tmp_path / "site", ["LaMP_4"])
    site.serve(tmp_path / "site")
    site.failures["LaMP_4/train/train_questions.json"] = "cut connection"
    with pytest.raises(ConnectionError, match="could not fetch .*train_questions.json.* pass data_dir="):
        load("LaMP_4", base_url=site.url)
    site.failures.clear()
    assert load("LaMP_4", base_url=site.url)["train"].num_rows == 5


def test_verified_counts_are_checked(official, load, tmp_path, monkeypatch):
    made_up.write_all(tmp_path / "site", ["LaMP_4"], count=6)
    official.serve(tmp_path / "site")
    published(monkeypatch, "LaMP_4", {"train": 6, "validation": 6, "test": 7})
    with pytest.raises(NonMatchingSplitsSizesError, match="num_examples=7"):
        load("LaMP_4")
    assert load("LaMP_4", verification_mode="no_checks")["test"].num_rows == 6


def test_files_of_another_count_are_fetched_again(official, load, tmp_path, monkeypatch):
    made_up.write_all(tmp_path / "site", ["LaMP_4"], count=6)
    official.serve(tmp_path / "site")
    whole = official.files["LaMP_4/test/test_questions.json"]
    official.files["LaMP_4/test/test_questions.json"] = json.dumps(json.loads(whole)[:4]).encode()
    published(monkeypatch, "LaMP_4", {"train": 6, "validation": 6, "test": 6})
    with pytest.raises(NonMatchingSplitsSizesError, match="LaMP_4: expected the published number of samples"):
        load("LaMP_4")
    official.files["LaMP_4/test/test_questions.json"] = whole
    assert load("LaMP_4")["test"].num_rows == 6


def test_counts_that_are_not_verified_do_not_fail_a_download(official, load, tmp_path, monkeypatch):
    made_up.write_all(tmp_path / "site", ["LaMP_4"], count=6)
    official.serve(tmp_path / "site")
    published(monkeypatch, "LaMP_4", {"train": 99, "validation": 6, "test": None}, verified=("validation",))
    assert {split: len(rows) for split, rows in load("LaMP_4").items()} == {"train": 6, "validation": 6, "test": 6}


def test_counts_of_one_split_are_verified_alone(official, load, tmp_path, monkeypatch):
    made_up.write_all(tmp_path / "site", ["LaMP_4"], count=6)
    official.serve(tmp_path / "site")
    published(monkeypatch, "LaMP_4", {"train": 6, "validation": 6, "test": 7})
    assert load("LaMP_4", splits=("validation",))["validation"].num_rows == 6
    with pytest.raises((NonMatchingSplitsSizesError, ExpectedMoreSplitsError)):
        load("LaMP_4", splits=("test",))


def test_a_mirror_and_a_folder_are_not_held_against_the_published_counts(site, load, tmp_path):
    made_up.write_all(tmp_path / "site", ["LaMP_4"], count=6)
    site.serve(tmp_path / "site")
    assert load("LaMP_4", base_url=site.url)["test"].num_rows == 6
    assert load("LaMP_4", data_dir=str(tmp_path / "site"))["test"].num_rows == 6


def test_sizes_and_hashes_of_the_raw_files_are_kept(site, load, tmp_path):
    made_up.write_all(tmp_path / "site", ["LaMP_4"])
    site.serve(tmp_path / "site")
    load("LaMP_4", base_url=site.url)
    kept = load("LaMP_4", base_url=site.url)["test"].info.download_checksums
    assert kept == {
        path: {"num_bytes": len(data), "checksum": hashlib.sha256(data).hexdigest()}
        for path, data in site.files.items()
    }


@pytest.mark.parametrize("source", ["base_url", "data_dir"])
def test_a_fresh_download_under_all_checks(source, site, load, tmp_path):
    made_up.write_all(tmp_path / "site", ["LaMP_4"], count=6)
    site.serve(tmp_path / "site")
    where = {"base_url": site.url} if source == "base_url" else {"data_dir": str(tmp_path / "site")}
    load("LaMP_4", **where)
    again = load("LaMP_4", **where, download_mode="force_redownload", verification_mode="all_checks")
    assert {split: len(rows) for split, rows in again.items()} == {"train": 6, "validation": 6, "test": 6}


PATH = "LaMP_4/dev/dev_questions.json"


@pytest.fixture
def served(tmp_path):
    with fake_site.running() as served:
        served.written = made_up.write_all(tmp_path / "site", ["LaMP_4"])["LaMP_4"]["validation"]
        served.serve(tmp_path / "site")
        yield served


@pytest.fixture
def rows(served, tmp_path):
    def rows(streaming=False, **options):
        options = {"base_url": served.url, "splits": ("validation",), "cache_dir": str(tmp_path / "cache"), **options}
        return list(load_dataset("lamp", "LaMP_4", streaming=streaming, **options)["validation"])

    return rows


@pytest.mark.parametrize("options", [{}, {"streaming": True}, {"num_proc": 2}], ids=str)
@pytest.mark.parametrize("failure", ["silent", "stalls", "stalls without ranges"])
def test_a_silent_server_is_an_error_that_says_which_file_how_long_and_what_to_do(
    failure, options, served, rows, monkeypatch
):
    monkeypatch.setenv("LAMP_TIMEOUT", "0.5")
    served.failures[PATH] = failure
    with pytest.raises(ConnectionError) as error:
        rows(**options)
    for fact in (f"{served.url}/{PATH}", "0.5 seconds", "LAMP_TIMEOUT", "data_dir="):
        assert fact in str(error.value)
    assert "outputs" not in str(error.value)
    assert len([path for _, path in served.log if path == PATH]) <= 3  # not asked again and again
    served.failures.clear()
    monkeypatch.delenv("LAMP_TIMEOUT")
    assert rows(**options) == made_up.expected(TASKS["LaMP_4"], *served.written)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_slow_server_is_waited_for(streaming, served, rows, monkeypatch):
    monkeypatch.setenv("LAMP_TIMEOUT", "2")  # the answer takes three seconds
    served.failures[PATH] = "slow"
    assert rows(streaming) == made_up.expected(TASKS["LaMP_4"], *served.written)


def test_options_of_the_caller_come_first(served, rows, monkeypatch):
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


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("LAMP_TIMEOUT", "")
    assert raw_files.patience() == 60


def test_a_cut_connection_is_tried_again_while_streaming(served, rows, monkeypatch):
    monkeypatch.setattr("datasets.config.STREAMING_READ_RETRY_INTERVAL", 0)
    whole, cuts = served.answer, iter(["cut connection", "cut connection"])

    def answer(path):
        if path == PATH and served.log[-1][0] == "GET":
            served.failures[path] = next(cuts, None)
        return whole(path)

    monkeypatch.setattr(served, "answer", answer)
    assert rows(streaming=True) == made_up.expected(TASKS["LaMP_4"], *served.written)
    assert served.log.count(("GET", PATH)) == 3


def test_files_on_the_hub_are_opened_as_datasets_does_it(monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"theirs")
    monkeypatch.setattr("datasets.config.HF_ENDPOINT", "https://hub.example")
    monkeypatch.setattr("datasets.utils.file_utils.xopen", lambda url, mode: (tmp_path / "file").open(mode))
    with raw_files.open_url("https://hub.example/datasets/me/x/resolve/main/file") as file:
        assert file.read() == b"theirs"
