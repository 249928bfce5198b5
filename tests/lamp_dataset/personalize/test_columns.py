import datasets
import pyarrow as pa
from personal import batch, row

from lamp_dataset.personalize.columns import append, arrow_of


def rows():
    return batch([row("LaMP_3", number, size=2) for number in range(2)])


def test_in_map_the_profile_stays_in_arrow():
    seen = []

    def spy(lazy):
        seen.append(type(arrow_of(lazy)))
        lazy["input"]
        seen.append(type(arrow_of(lazy)))  # now a Python object that the caller may change: the batch counts
        return {}

    datasets.Dataset.from_dict(rows()).map(spy, batched=True)
    assert seen[0] is pa.Table
    assert seen[1] is not pa.Table


def test_columns_are_appended_to_lazy_batches_alone():
    class LazyBatch(dict):
        pass

    plain = LazyBatch(rows())
    assert arrow_of(plain) is plain
    table = pa.table({**rows(), "notes": ["old", "old"]})
    found = append(table, {"source": ["a", "b"], "notes": ["", "new"], "target": [None, None]})
    assert found.column_names == ["id", "input", "output", "source", "target", "notes"]
    assert found.column("notes").to_pylist() == ["", "new"]
    assert found.schema.field("target").type == pa.string()
