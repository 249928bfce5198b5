"""The parts of evaluate that are not public: if one of them changes, these tests say which."""

from pathlib import Path

import evaluate
import pytest
from evaluate.loading import evaluation_module_factory

import lamp_metric  # noqa: F401
from lamp_dataset import __version__
from lamp_metric.evaluate_internals import discard, forget_files, is_collecting, patch_evaluate, write_empty_file
from lamp_metric.signature import SCORING_VERSION


@pytest.fixture
def metric(tmp_path):
    return evaluate.load("lamp_metric", "LaMP_4", cache_dir=str(tmp_path))


def test_a_metric_collects_from_the_first_sample_to_the_scores(metric):
    assert not is_collecting(metric)
    metric.add(prediction="a", reference="a")
    assert is_collecting(metric)
    metric.compute()
    assert not is_collecting(metric)
    for name in ("writer", "buf_writer", "data", "filelocks", "file_paths", "selected_feature_format", "features"):
        assert hasattr(metric, name), name
    assert callable(metric._init_writer)


def test_an_empty_file_is_written_once_and_never_over_samples(metric):
    write_empty_file(metric)
    first = metric.writer
    write_empty_file(metric)
    assert metric.writer is first
    assert len(metric) == 0


def test_after_an_error_files_go_and_locks_are_released(metric):
    metric.add(prediction="a", reference="a")
    metric._finalize()
    paths = [Path(path) for path in metric.file_paths]
    assert all(path.exists() for path in paths)
    locks = metric.filelocks
    discard(metric)
    assert not any(path.exists() for path in paths)
    assert not any(lock.is_locked for lock in locks)
    discard(metric)  # nothing is left to do


def test_forgotten_files_are_never_touched(metric):
    metric.add(prediction="a", reference="a")
    metric._finalize()
    paths = [Path(path) for path in metric.file_paths]
    forget_files(metric)
    discard(metric)
    assert all(path.exists() for path in paths)


def test_the_name_leads_to_the_module_of_the_package_however_often_registered():
    found = evaluation_module_factory("lamp_metric")
    assert found.module_path == "lamp_metric.lamp_metric"
    assert found.hash == f"{__version__}-rule{SCORING_VERSION}"
    before = evaluate.loading.evaluation_module_factory
    patch_evaluate()
    assert evaluate.loading.evaluation_module_factory is before
