import pickle
import random

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets.fingerprint import Hasher
from made_up import batch, row

from lamp_dataset.personalize.retrieval.dense import READ, Dense, Vectors, text_hashes
from lamp_dataset.personalize.retrieval.rankers import make_ranker
from lamp_dataset.personalize.retrieval.samples import read_samples
from lamp_dataset.tasks import TASKS


class Counting:
    """A model of letters: the vector of a text counts its vowels. It remembers what it was asked."""

    def __init__(self, value=None):
        self.asked, self.value = [], value

    def encode(self, texts, batch_size, show_progress_bar, convert_to_numpy):
        self.asked += texts
        vectors = np.array([[text.count(letter) for letter in "aeiou"] for text in texts], np.float32)
        return vectors if self.value is None else np.full_like(vectors, self.value)


def samples(*texts, query="a", sample_id="310"):
    profile = [{"id": f"{sample_id}{n}", "text": text, "score": "1"} for n, text in enumerate(texts)]
    rows = [{"id": sample_id, "input": f"review: {query}", "profile": profile}]
    return read_samples(TASKS["LaMP_3"], batch(rows), "official")


def test_the_dot_product_ranks_and_of_equal_items_the_later_wins():
    (ranking,) = make_ranker("dense", model=Counting()).rank(samples("a", "aaee", "e", "aa", query="ae"))
    assert ranking.scores == [1.0, 4.0, 1.0, 2.0]
    assert ranking.order == [1, 3, 2, 0]
    (ranking,) = Dense(model=Counting()).rank(samples("aei", "o", "aei", "aei", query="aei"))
    assert ranking.order == [3, 2, 0, 1]
    ranker = Dense(model=Counting())
    assert list(ranker.rank(samples())[0].order) == []
    assert ranker.rank(samples("", "a"))[0].order == [1, 0]


def test_each_distinct_text_is_embedded_once_over_all_batches():
    model = Counting()
    ranker = Dense(model=model)
    rows = [row("LaMP_3", number, size=20) for number in range(3)]
    shared = {**rows[0], "id": "319", "profile": rows[0]["profile"][:10] + rows[1]["profile"]}
    task = TASKS["LaMP_3"]
    for part in (rows, [shared], rows):
        ranker.rank(read_samples(task, batch(part), "official"))
    texts = {item["text"] for made in rows for item in made["profile"]}
    queries = {made["input"].split("review:")[1].strip() for made in rows}
    assert len(model.asked) == ranker.embedded == len(texts) + len(queries)


def test_forgetting_changes_no_score():
    made = samples(*["a" * n + "e" for n in range(50)], query="ae")
    forgetful, other = Dense(model=Counting(), cache_size=3), Dense(model=Counting())
    for _ in range(2):
        assert forgetful.rank(made) == other.rank(made)
    assert len(forgetful._vectors) == 3
    assert forgetful.embedded > other.embedded


def test_a_model_with_ways_for_queries_and_documents_is_asked_so():
    class Two(Counting):
        def encode_query(self, texts, **options):
            return self.encode([f"query: {text}" for text in texts], **options)

        def encode_document(self, texts, **options):
            return self.encode([f"document: {text}" for text in texts], **options)

    model = Two()
    Dense(model=model).rank(samples("x", query="x"))
    assert model.asked == ["query: x", "document: x"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_that_gives_no_numbers_is_refused(value):
    with pytest.raises(ValueError, match="not finite"):
        Dense(model=Counting(value)).rank(samples("a"))


def test_a_pickled_ranker_carries_options_alone_and_bad_ones_are_refused():
    ranker = Dense(model="some/model", batch_size=8)
    ranker._encoder, ranker.embedded = object(), 7
    ranker._vectors[b"key"] = np.zeros(3)
    copy = pickle.loads(pickle.dumps(ranker))
    assert (copy.model, copy.batch_size, copy.embedded, copy._vectors, copy._encoder) == ("some/model", 8, 0, {}, None)
    assert pickle.dumps(copy) == pickle.dumps(Dense(model="some/model", batch_size=8))
    with pytest.raises(ValueError, match="batch_size from 1"):
        make_ranker("dense", model="x", batch_size=0)


def test_the_content_of_a_model_folder_counts_and_not_its_name_alone(tmp_path, monkeypatch):
    (tmp_path / "weights").write_text("one")
    ranker, rows = Dense(model=str(tmp_path)), samples("a")
    before, data = Hasher.hash(ranker), pickle.dumps(ranker)
    assert Hasher.hash(pickle.loads(data)) == Hasher.hash(Dense(model=str(tmp_path))) == before
    (tmp_path / "weights").write_text("two")
    assert Hasher.hash(Dense(model=str(tmp_path))) != before
    for stale in (ranker, pickle.loads(data)):
        with pytest.raises(ValueError, match=f"{tmp_path}.*changed"):
            stale.rank(rows)


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


@pytest.mark.parametrize("seed", range(5))
def test_wrong_vectors_in_any_part_are_found(tmp_path, seed):
    vectors = VECTORS.copy()
    part = seed * 5
    vectors[part : part + 5] += 1
    pq.write_table(table(vectors), tmp_path / "v.parquet", row_group_size=5)
    stored = Vectors(tmp_path / "v.parquet", encode)
    texts = random.Random(seed).sample(TEXTS, 25)
    groups = [texts[start : start + 3] for start in range(0, 25, 3)]
    with pytest.raises(ValueError, match="found another one for"):
        list(map(stored.of, groups))


def test_vectors_whose_lengths_overflow_are_an_error(tmp_path):
    huge = np.full((25, 2), 3e19, np.float32)
    huge[1:] *= np.linspace(1, 2, 24, dtype=np.float32)[:, None]
    pq.write_table(table(huge), tmp_path / "v.parquet")
    with pytest.raises(ValueError, match="found another one for 'text 4'"):
        Vectors(tmp_path / "v.parquet", lambda texts: huge[: len(texts)]).of(["text 4"])
    ranker = Dense(model=Counting(3e19))
    with pytest.raises(ValueError, match="too long: found a vector of length 6.71e\\+19, of 'late'"):
        ranker.embed(["late"])


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
