import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lamp_dataset.personalize.retrieval.vectors import SCHEMA, Vectors, is_same, text_hashes


def test_vectors_are_found_by_their_texts_in_any_group_of_rows(tmp_path):
    texts, vectors = [f"text {n}" for n in range(25)], np.arange(50, dtype=np.float32).reshape(25, 2)
    table = pa.table([texts, texts, text_hashes(texts), ["m"] * 25, pa.array(list(vectors))], schema=SCHEMA)
    pq.write_table(table, tmp_path / "v.parquet", row_group_size=7)
    found = Vectors(tmp_path / "v.parquet", "m").of(["text 24", "other", "text 3", "text 4"])
    assert {text: vector.tolist() for text, vector in found.items()} == {
        "text 3": [6, 7], "text 4": [8, 9], "text 24": [48, 49],
    }  # fmt: skip
    pq.write_table(SCHEMA.empty_table(), tmp_path / "empty.parquet")
    assert Vectors(tmp_path / "empty.parquet", "m").of(["text 3"]) == {}


@pytest.mark.parametrize(
    ("other", "same"),
    [("m probe 1.001 -0.5", True), ("n probe 1 -0.5", False), ("m probe 1.1 -0.5", False), ("m probe 1", False)],
)
def test_a_model_is_told_by_name_and_probe(other, same):
    assert is_same("m probe 1 -0.5", other) == same
