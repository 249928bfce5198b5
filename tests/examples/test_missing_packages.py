"""The scripts of examples/ and benchmarks/ without the packages that they need: help all the same, and one line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
#: Runs a script with a package hidden, whether it is installed or not.
HIDDEN = (
    "import runpy, sys; missing, sys.argv = sys.argv[1], sys.argv[2:]; sys.modules[missing] = None;"
    "sys.path.insert(0, sys.argv[0].rpartition('/')[0]); runpy.run_path(sys.argv[0], run_name='__main__')"
)
EXAMPLES = {
    "choose_retriever": ("torch", "models,dense", ["--model", "m", "--preds", "a.json", "b.json"]),
    "distributed": ("ray", "ray", ["--rows", "r"]),
    "finetune": ("torch", "models", ["--model", "m"]),
    "per_user": ("peft", "adapters", ["--model", "m"]),
    "summaries": ("torch", "models", ["--model", "m"]),
    "train_retriever": ("torch", "dense", ["--model", "m", "--feedback", "f"]),
    "zero_shot": ("torch", "models", ["--model", "m"]),
}
BENCHMARKS = {
    "retrieve": ("rank_bm25", "test"),
    "push": ("trustme", "test"),
    "report": ("matplotlib", "report"),
    "scale": ("rank_bm25", "test"),
    "score": ("scipy", "test"),
    "avocado": ("mailparser", "test"),
}


def run(folder, script, missing, *arguments):
    command = [sys.executable, "-c", HIDDEN, missing, str(ROOT / folder / f"{script}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("script", "package"),
    [
        *((script, needs[0]) for script, needs in EXAMPLES.items()),
        ("reproduce", "lamp_metric"),
        ("judge", "lamp_metric"),
    ],
)
def test_an_example_shows_its_help_without_the_package(script, package):
    done = run("examples", script, package, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--config" in done.stdout


@pytest.mark.parametrize("script", EXAMPLES)
def test_an_example_says_in_one_line_which_extra_it_needs(script, tmp_path):
    package, extra, more = EXAMPLES[script]
    done = run("examples", script, package, "--config", "LaMP_3", "--output", str(tmp_path / "o"), *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {package} is not installed; from a checkout: pip install '.[{extra}]'\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("script", BENCHMARKS)
def test_a_benchmark_says_in_one_line_which_extra_it_needs(script):
    package, extra = BENCHMARKS[script]
    done = run("benchmarks", script, package)
    assert (done.returncode, done.stdout) == (2, "")
    expected = f"error: {package.replace('_', '-')} is not installed; from a checkout: pip install '.[{extra}]'\n"
    assert done.stderr == expected


def test_every_script_that_needs_an_extra_says_so_in_its_first_words():
    seen = set()
    for path in sorted([*(ROOT / "examples").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")]):
        text = path.read_text(encoding="utf-8")
        asks = r"(?:error: .* is not installed.*'\.\[|\b(?:check_installed|require)\([^)]*, \")([\w,]+)"
        for extra in re.findall(asks, text):
            seen.add(path.stem)
            assert f"Needs: pip install '.[{extra}]'" in text.split('"""')[1], path.name
    assert seen == {*EXAMPLES, *BENCHMARKS} - {"summaries"}  # which asks by zero_shot
