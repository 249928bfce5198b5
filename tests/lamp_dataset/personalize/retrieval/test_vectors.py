import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lamp_dataset.personalize.retrieval.vectors import READ, Vectors, text_hashes

TEXTS, VECTORS = [f"text {n}" for n in range(25)], np.arange(2, 52, dtype=np.float32).reshape(25, 2)


def encode(texts):
    return VECTORS[[int(text.split()[1]) for text in texts]] * 1.0001


def table(vectors=VECTORS):
    return pa.table([text_hashes(TEXTS), list(vectors)], schema=READ)


def test_vectors_are_found_by_their_texts_in_any_group_of_rows(tmp_path):
    pq.write_table(table(), tmp_path / "v.parquet", row_group_size=7)
    for source in (tmp_path / "v.parquet", datasets.Dataset(table()).with_format("numpy")):
        found = Vectors(source, encode).of(["text 24", "other", "text 3", "text 4"])
        assert {text: vector.tolist() for text, vector in found.items()} == {
            "text 3": [8, 9], "text 4": [10, 11], "text 24": [50, 51],
        }  # fmt: skip
    pq.write_table(READ.empty_table(), tmp_path / "empty.parquet")
    assert Vectors(tmp_path / "empty.parquet", encode).of(["text 3"]) == {}


@pytest.mark.parametrize("wrong", [[1.0], None, [np.nan] * 2, [np.inf] * 2, [99.0, 0.0]])
def test_other_vectors_are_refused(tmp_path, wrong):
    vectors = [wrong if n % 2 else vector for n, vector in enumerate(VECTORS)]
    pq.write_table(table(vectors), tmp_path / "v.parquet")
    with pytest.raises(ValueError, match=r"v.parquet: expected vectors of this model, found another one for 'text 3'"):
        Vectors(tmp_path / "v.parquet", encode).of(["text 3", "text 4"])


def test_other_files_are_refused(tmp_path):
    pq.write_table(table(), tmp_path / "v.parquet")
    whole = (tmp_path / "v.parquet").read_bytes()
    strings = table().set_column(0, "text", pa.array(TEXTS))
    pq.write_table(strings, tmp_path / "s.parquet")
    for data in (b"", b"<html>", whole[:-9], (tmp_path / "s.parquet").read_bytes()):
        (tmp_path / "v.parquet").write_bytes(data)
        with pytest.raises(ValueError, match=r"v.parquet: expected a file of lamp-dataset vectors"):
            Vectors(tmp_path / "v.parquet", encode)
    for source in (3, [], datasets.Dataset(strings)):
        with pytest.raises(ValueError, match=r"vectors: expected a file of lamp-dataset vectors"):
            Vectors(source, encode)
