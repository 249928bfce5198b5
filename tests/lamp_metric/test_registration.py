import subprocess
import sys

import evaluate
import pytest
from evaluate.loading import evaluation_module_factory

import lamp_metric  # noqa: F401
from lamp_dataset import __version__
from lamp_metric.registration import register
from lamp_metric.signature import RULE


def test_the_name_leads_to_the_module_of_the_package():
    found = evaluation_module_factory("lamp_metric")
    assert found.module_path == "lamp_metric.lamp_metric"
    assert found.hash == f"{__version__}-rule{RULE}"


def test_registering_twice_changes_nothing():
    before = evaluate.loading.evaluation_module_factory
    register()
    assert evaluate.loading.evaluation_module_factory is before


@pytest.mark.parametrize("imports", ["import lamp_metric, evaluate", "import evaluate, lamp_metric"])
def test_the_order_of_imports_does_not_matter(imports, tmp_path):
    code = f"{imports}; print(evaluate.load('lamp_metric', 'LaMP_3').__class__.__module__)"
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "lamp_metric.lamp_metric"
