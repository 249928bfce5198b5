import numpy as np
import pyarrow as pa
import pytest
import xxhash

from lamp_dataset.personalize.hashes import joined, text_hashes

TEXTS = ["", "so tired", "“é”\0\u2028", "x" * 10_000, "so tired"]
EXPECTED = [xxhash.xxh3_64_intdigest(text.encode()) for text in TEXTS]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view(), pa.binary()])
def test_hashes_are_those_of_the_texts(kind):
    array = pa.array(TEXTS, pa.string()).cast(kind)
    assert text_hashes(array).tolist() == EXPECTED
    assert text_hashes(array.slice(1, 3)).tolist() == EXPECTED[1:4]
    assert text_hashes(pa.chunked_array([array.slice(2), array.slice(0, 2)])).tolist() == EXPECTED[2:] + EXPECTED[:2]


def test_a_joined_hash_tells_order_and_sums_apart():
    a, b, c, d = (np.array([value], np.uint64) for value in (5, 7, 1, 11))
    assert joined(a, b) != joined(b, a)
    assert joined(a, 1) != joined(a, 2)
    assert joined(a) + joined(b) != joined(c) + joined(d)
    assert joined(np.arange(3), 2).shape == (3,)
    assert len(set(joined(np.arange(100_000)).tolist())) == 100_000
