import multiprocessing
import os
import pickle
import signal
import subprocess
import sys

import datasets
import made_users
import pytest
from made_up import row

import lamp_dataset
from lamp_dataset import Personalizer
from lamp_dataset.personalize.split import load_split, personalize_split
from lamp_dataset.personalize.workers import _process, shared

NAME = "LaMP_4"
OWN = """
import os, signal, threading
from lamp_dataset import Ranking

class Own:
    needs_query = needs_dates = scored = False
    def rank(self, samples):
        return [Ranking(range(sample.size)[::-1]) for sample in samples]

class Locked(Own):
    def __init__(self):
        self.lock = threading.Lock()

class Odd(ValueError):
    def __init__(self, sample, reason):
        super().__init__(f"{sample} {reason}")

class Failing(Own):
    def rank(self, samples):
        if samples[0].id == "3164":  # of the second part
            raise Odd(samples[0].id, "has no order")
        return super().rank(samples)

class Dying(Own):
    def rank(self, samples):
        os.kill(os.getpid(), signal.SIGKILL)

class Threads(Own):
    def rank(self, samples):
        found = os.environ["OMP_NUM_THREADS"], os.environ["RAYON_NUM_THREADS"], str(os.getppid())
        return [Ranking(range(sample.size), notes=found) for sample in samples]

class Endless(Own):
    def rank(self, samples):
        with open(os.environ["PIPE"], "w") as pipe:
            print("here", file=pipe, flush=True)
            threading.Event().wait()
"""


@pytest.fixture
def here(tmp_path, monkeypatch, own_cache):
    """A folder of its own to work in, with caches and retrievers of ours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_own", raising=False)
    (tmp_path / "my_own.py").write_text(OWN)
    return tmp_path


@pytest.fixture(scope="module")
def rows():
    return datasets.Dataset.from_list([row(NAME, number, size=number % 7) for number in range(300)])


@pytest.mark.oldest
@pytest.mark.parametrize("retriever", ["bm25", "random", "my_own:Own"])
def test_several_processes_write_the_file_of_one_to_the_byte(here, rows, retriever):
    personalizer = Personalizer(NAME, retriever=retriever, k=2, max_length=40)
    for workers in (1, 2):
        personalize_split(rows, personalizer, workers).to_parquet(f"{workers}.parquet")
    assert (here / "1.parquet").read_bytes() == (here / "2.parquet").read_bytes()


def test_a_second_run_comes_from_the_cache_and_starts_no_process(here, monkeypatch):
    rows = load_split("LaMP_3", "validation", lamp_dataset.SAMPLE)
    first = personalize_split(rows, Personalizer("LaMP_3"), 2)
    monkeypatch.setattr("lamp_dataset.personalize.workers._process", None)
    assert personalize_split(rows, Personalizer("LaMP_3"), 2).cache_files == first.cache_files


def test_processes_share_the_cores(here, rows):
    found = personalize_split(rows, Personalizer(NAME, retriever="my_own:Threads"), 3)["notes"]
    threads = max(1, os.cpu_count() // 3)
    assert {note.removesuffix("; the profile is empty") for note in found} == {f"{threads}; {threads}; {os.getpid()}"}


@pytest.mark.parametrize(
    ("retriever", "error", "message"),
    [
        ("Failing", ValueError, "3164 has no order"),
        ("Dying", ChildProcessError, "a process died"),
        ("Locked", ValueError, "my_own.Locked .* cannot be sent to other processes: cannot pickle"),
    ],
)
def test_what_goes_wrong_in_a_process_is_an_error_here(here, rows, retriever, error, message):
    with pytest.raises(error, match=message):
        personalize_split(rows, Personalizer(NAME, retriever=f"my_own:{retriever}"), 2)


def test_processes_end_with_a_block_that_fails_and_parts_are_read_only_a_few_ahead(here, rows):
    read = []

    def parts():
        for part in rows.with_format("arrow").iter(10):
            read.append(part)
            yield part

    def write():
        with shared(parts(), Personalizer(NAME), 2) as done:
            assert next(done)["id"].to_pylist() == rows["id"][:10]
            raise OSError("full disk")

    with pytest.raises(OSError, match="full disk"):
        write()
    assert len(read) == 5


def test_a_process_that_waits_for_work_ends_with_its_pipe():
    with _process(pickle.dumps(Personalizer(NAME)), 2) as pipe:
        (process,) = multiprocessing.active_children()
        pipe.close()
        process.join()
        assert process.exitcode == 0


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_and_no_file_outlives_a_killed_command(here, ending):
    made_users.write(here / "data", {"validation": 130})
    pipe = here / "pipe"
    os.mkfifo(pipe)
    given = ["--data-dir", "data", "--retriever", "my_own:Endless", "--workers", "2", "--output", "p.jsonl"]
    command = subprocess.Popen(
        [sys.executable, "-m", "lamp_dataset", "personalize", "LaMP_3", *given],
        env={**os.environ, "PIPE": str(pipe), "HF_DATASETS_CACHE": str(here / "cache")},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with open(pipe) as living:
        assert living.readline() == "here\n"
        if ending == signal.SIGKILL:
            command.kill()
        else:  # to all of them, as a terminal and a batch system do
            os.killpg(command.pid, ending)
        living.read()  # ends when the last process that has the pipe open does
    _, shown = command.communicate()
    assert command.returncode == (-ending if ending == signal.SIGKILL else 128 + ending)
    assert "Traceback" not in shown
    assert not list(here.glob("*p.jsonl*"))
