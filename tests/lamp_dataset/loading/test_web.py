"""Servers that keep silent, and one that is only slow, on the loopback."""

import fake_site
import made_up
import pytest
from datasets import DownloadConfig, load_dataset

from lamp_dataset.loading import web
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.oldest

PATH = "LaMP_4/dev/dev_questions.json"


@pytest.fixture
def site(tmp_path):
    with fake_site.running() as site:
        site.written = made_up.write_all(tmp_path / "site", ["LaMP_4"])["LaMP_4"]["validation"]
        site.serve(tmp_path / "site")
        yield site


@pytest.fixture
def rows(site, tmp_path):
    def rows(streaming=False, **options):
        options = {"base_url": site.url, "splits": ("validation",), "cache_dir": str(tmp_path / "cache"), **options}
        return list(load_dataset("lamp", "LaMP_4", streaming=streaming, **options)["validation"])

    return rows


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("failure", ["silent", "stalls", "stalls without ranges"])
def test_a_silent_server_is_an_error_that_says_which_file_how_long_and_what_to_do(
    failure, streaming, site, rows, monkeypatch
):
    monkeypatch.setenv("LAMP_TIMEOUT", "0.5")
    site.failures[PATH] = failure
    with pytest.raises(ConnectionError) as error:
        rows(streaming)
    for fact in (f"{site.url}/{PATH}", "0.5 seconds", "LAMP_TIMEOUT", "data_dir="):
        assert fact in str(error.value)
    assert "outputs" not in str(error.value)
    assert len([path for _, path in site.log if path == PATH]) <= 3  # not asked again and again
    site.failures.clear()
    monkeypatch.delenv("LAMP_TIMEOUT")
    assert rows(streaming) == made_up.expected(TASKS["LaMP_4"], *site.written)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_slow_server_is_waited_for(streaming, site, rows, monkeypatch):
    monkeypatch.setenv("LAMP_TIMEOUT", "2")  # the answer takes three seconds
    site.failures[PATH] = "slow"
    assert rows(streaming) == made_up.expected(TASKS["LaMP_4"], *site.written)


def test_options_of_the_caller_come_first(site, rows, monkeypatch):
    asked = []
    monkeypatch.setattr(web, "client_options", lambda given: asked.append(given) or {"trust_env": False})
    config = DownloadConfig(storage_options={"client_kwargs": {"trust_env": False}})
    rows(download_config=config)
    assert asked == [config.storage_options["client_kwargs"]] == [{"trust_env": False}]
    monkeypatch.undo()
    assert web.client_options({"timeout": 1})["timeout"] == 1


@pytest.mark.parametrize("value", ["soon", "0", "-3", "nan", "inf", "1 2"])
@pytest.mark.parametrize("streaming", [False, True])
def test_a_wrong_time_out_is_refused_by_name(value, streaming, rows, monkeypatch):
    monkeypatch.setenv("LAMP_TIMEOUT", value)
    with pytest.raises(ValueError, match=f"LAMP_TIMEOUT.*{value}"):
        rows(streaming)


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("LAMP_TIMEOUT", "")
    assert web.patience() == 60


def test_a_cut_connection_is_tried_again_while_streaming(site, rows, monkeypatch):
    monkeypatch.setattr("datasets.config.STREAMING_READ_RETRY_INTERVAL", 0)
    whole, cuts = site.answer, iter(["cut connection", "cut connection"])

    def answer(path):
        if path == PATH and site.log[-1][0] == "GET":
            site.failures[path] = next(cuts, None)
        return whole(path)

    monkeypatch.setattr(site, "answer", answer)
    assert rows(streaming=True) == made_up.expected(TASKS["LaMP_4"], *site.written)
    assert site.log.count(("GET", PATH)) == 3


def test_files_on_the_hub_are_opened_as_datasets_does_it(monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"theirs")
    monkeypatch.setattr("datasets.config.HF_ENDPOINT", "https://hub.example")
    monkeypatch.setattr("datasets.utils.file_utils.xopen", lambda url, mode: (tmp_path / "file").open(mode))
    with web.open_url("https://hub.example/datasets/me/x/resolve/main/file") as file:
        assert file.read() == b"theirs"
