import os
import shutil
import sys
from pathlib import Path

import datasets
import pyarrow.parquet
import pytest
from blocks import ROOT, blocks_of
from made_up import row

from lamp_dataset import Personalizer

pytestmark = pytest.mark.models

NAME = "LaMP_3"


@pytest.fixture
def spark_home(tmp_path, monkeypatch):
    """Spark as the package has it, with two workers of its own kind; what they write is in a folder of ours."""
    if shutil.which("java") is None:
        pytest.skip("no Java, which Spark runs on")
    package = Path(pytest.importorskip("pyspark", reason="no pyspark").__file__).parent
    (tmp_path / "spark").mkdir()
    for path in package.iterdir():
        (tmp_path / "spark" / path.name).symlink_to(path)
    monkeypatch.setenv("SPARK_HOME", str(tmp_path / "spark"))
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--master local-cluster[2,1,1024] pyspark-shell")


def test_two_workers_of_spark_give_the_rows_of_map(spark_home, tmp_path, monkeypatch):
    (block,) = (block for block in blocks_of(ROOT / "docs/how-to/models.md") if "mapInArrow" in block.text)
    monkeypatch.chdir(tmp_path)
    rows = datasets.Dataset.from_list([row(NAME, number, size=5 + number % 40) for number in range(40)])
    Path("export", NAME).mkdir(parents=True)
    for part in range(2):
        rows.shard(2, part, contiguous=True).to_parquet(f"export/{NAME}/validation-{part}.parquet")
    exec(block.text, {})
    expected = rows.map(Personalizer(NAME, k=2), batched=True, remove_columns=["profile"]).to_list()
    found = [row for file in Path("prompts").glob("*.parquet") for row in pyarrow.parquet.read_table(file).to_pylist()]
    assert sorted(found, key=lambda row: int(row["id"])) == expected
