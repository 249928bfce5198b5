import datasets
import pyarrow as pa
import pytest
from personal import batch, row

from lamp_dataset import Personalizer
from lamp_dataset.personalize.columns import COLUMNS, append, arrow_of, result_features


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


def test_a_class_that_only_shares_the_name_is_not_a_lazy_batch():
    class LazyBatch(dict):
        pass

    plain = LazyBatch(rows())
    assert arrow_of(plain) is plain


@pytest.mark.parametrize("form", [dict, pa.table])
def test_golds_come_from_the_batch_if_it_has_any(form):
    withheld = {name: values for name, values in rows().items() if name != "output"}
    for given, expected in ((rows(), rows()["output"]), (withheld, [None, None])):
        made = Personalizer("LaMP_3")(form(given))["target"]
        assert (made if form is dict else made.to_pylist()) == expected


def test_columns_are_appended_typed_and_replace_those_of_the_same_name():
    table = pa.table({**rows(), "notes": ["old", "old"]})
    found = append(table, {"source": ["a", "b"], "notes": ["", "new"], "target": [None, None]})
    assert found.column_names == ["id", "input", "output", "source", "target", "notes"]
    assert found.column("notes").to_pylist() == ["", "new"]
    assert found.schema.field("target").type == pa.string()


@pytest.mark.parametrize("scored", [True, False])
def test_features_name_every_column_of_the_result(scored):
    features = datasets.Features({"id": datasets.Value("string"), "profile": datasets.Value("string")})
    found = result_features(features, ("profile",), scored)
    assert list(found) == ["id", *(name for name in COLUMNS if scored or name != "retrieved_scores")]
    assert found["retrieved_ids"].feature == datasets.Value("string")
