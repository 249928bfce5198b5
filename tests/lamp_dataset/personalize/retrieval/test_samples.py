import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset
from made_up import batch, row

from lamp_dataset import Personalizer
from lamp_dataset.formats.texts import DuplicateIdError
from lamp_dataset.personalize.retrieval.samples import Sample, append, arrow_of, positions_by_id, read_samples
from lamp_dataset.tasks import TASKS


def view(sample):
    documents = sample.documents
    assert {type(text) for text in documents} <= {str}
    assert list(map(str, sample.texts)) == documents
    return sample.id, sample.input, sample.query, sample.size, documents, sample.column("id"), sample.items([2, 0])


@pytest.mark.parametrize("name", TASKS)
def test_plain_values_and_arrow_are_seen_alike(name):
    task, rows = TASKS[name], [row(name, number, size=4) for number in range(3)]
    plain = read_samples(task, batch(rows), "official")
    table = pa.table(batch(rows))
    arrow = read_samples(task, table, "official")
    parts = read_samples(task, pa.concat_tables([table.slice(0, 1), table.slice(1, 2)]), "official")
    assert all(isinstance(sample.profile, pa.StructArray) for sample in (*arrow, *parts))
    assert [view(sample) for sample in plain] == [view(sample) for sample in arrow] == [view(s) for s in parts]
    item = rows[1]["profile"][3]
    assert plain[1].documents[3] == " ".join(item[field] for field in task.document_fields)


def test_other_forms_of_a_profile_are_read_too():
    made = row("LaMP_4")
    (expected,) = read_samples(TASKS["LaMP_4"], batch([made]), "official")
    large = pa.list_(pa.struct([(field, pa.large_string()) for field in made["profile"][0]]))
    forms = [
        {name: np.array(values, object) for name, values in batch([{**made, "profile": None}]).items()},
        pa.table({**batch([made]), "profile": pa.array([made["profile"]], large)}),
        pa.table({**batch([made]), "profile": pa.array([made["profile"]], pa.large_list(large.value_type))}),
    ]
    forms[0]["profile"] = np.empty(1, object)
    forms[0]["profile"][0] = np.array(made["profile"], object)
    for form in forms:
        (sample,) = read_samples(TASKS["LaMP_4"], form, "official")
        assert view(sample) == view(expected)


def test_a_sliced_batch_sees_its_own_profiles_and_plain_ones_are_not_copied():
    rows = [row("LaMP_4", number, size=number) for number in (3, 4, 5)]
    table = pa.table(batch(rows)).slice(1, 1)
    (sample,) = read_samples(TASKS["LaMP_4"], table, "official")
    assert sample.items(range(4)) == rows[1]["profile"]
    made = row("LaMP_3")
    (sample,) = read_samples(TASKS["LaMP_3"], batch([made]), "official")
    assert isinstance(sample, Sample)
    assert sample.profile[0] is made["profile"][0]
    with pytest.raises(ValueError, match="equal length, found 2 as 'id', 1 as 'input', 2 as 'profile'"):
        Personalizer("LaMP_4")({"id": ["1", "2"], "input": ["a"], "profile": [[], []]})


@pytest.mark.parametrize("form", [dict, pa.table])
def test_no_profile_is_an_empty_one_and_a_field_of_none_counts_as_empty(form):
    rows = [row("LaMP_4", number, size=2) for number in range(3)]
    rows[0]["profile"], rows[1]["profile"] = None, []
    rows[2]["profile"][0]["title"] = None
    samples = read_samples(TASKS["LaMP_4"], form(batch(rows)), "official")
    assert [sample.size for sample in samples] == [0, 0, 2]
    assert next(map(str, samples[2].documents)) == " " + rows[2]["profile"][0]["text"]
    assert list(samples[0].documents) == []


@pytest.mark.parametrize("form", [dict, pa.table])
def test_missing_columns_are_named(form):
    made = batch([row("LaMP_3")])
    del made["profile"]
    with pytest.raises(ValueError, match="expected rows with id, input, profile; found no 'profile' among id, input"):
        read_samples(TASKS["LaMP_3"], form(made), "official")


@pytest.mark.parametrize("form", [dict, pa.table])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": 310}, "sample 310: expected a string as 'id', found 310"),
        ({"id": None}, "expected a string as 'id', found None"),
        ({"input": None}, "sample '310': expected a string as 'input', found None"),
        ({"profile": [None]}, "expected a list of dicts as profile"),
    ],
)
def test_odd_values_are_refused_by_sample(form, change, message):
    with pytest.raises(ValueError, match=message):
        read_samples(TASKS["LaMP_3"], form(batch([{**row("LaMP_3"), **change}])), "official")


@pytest.mark.parametrize("form", [dict, pa.table])
def test_items_are_found_by_their_ids_if_these_are_unique(form):
    rows = [row("LaMP_4", number, size=3) for number in range(2)]
    rows[1]["profile"][2]["id"] = "3110"
    good, doubled = read_samples(TASKS["LaMP_4"], form(batch(rows)), "official")
    assert positions_by_id(good) == {"3100": 0, "3101": 1, "3102": 2}
    with pytest.raises(DuplicateIdError, match="sample '311'.*'3110'"):
        positions_by_id(doubled)


@pytest.mark.parametrize("form", [dict, pa.table])
def test_an_item_without_an_id_is_named(form):
    rows = [row("LaMP_4", number, size=2) for number in range(2)]
    for item in (item for made in rows for item in made["profile"]):
        del item["id"]
    with pytest.raises(ValueError, match="expected the field 'id' of LaMP_4, found .*'title'"):
        Personalizer("LaMP_4")(form(batch(rows)))


@pytest.mark.parametrize("value", ["x" * 10**6, ["x"] * 10**6])
def test_messages_do_not_quote_whole_texts(value):
    for wrong in (
        {"id": [value], "input": [3]},
        {"input": [[value]]},
        {"profile": [[value]]},
        {"profile": [[{"id": value}]]},
    ):
        with pytest.raises(ValueError, match=r"\A.{1,400}\Z"):
            Personalizer("LaMP_4")({**batch([row("LaMP_4", 1, size=2)]), **wrong})


@pytest.mark.parametrize("wrong", [None, 3, [row("LaMP_4")], Dataset.from_list([row("LaMP_4")])])
def test_something_else_than_a_batch_is_refused_with_a_hint(wrong):
    with pytest.raises(ValueError, match=f"found {type(wrong).__name__};.*map"):
        Personalizer("LaMP_4")(wrong)


@pytest.mark.parametrize("form", [dict, pa.table])
def test_ids_of_items_are_shown_as_strings(form):
    made = row("LaMP_4", size=2)
    for number, item in enumerate(made["profile"]):
        item["id"] = number
    result = Personalizer("LaMP_4", retriever="first")(form(batch([made])))
    assert (result.to_pydict() if form is pa.table else result)["retrieved_ids"] == [["0", "1"]]


def rows():
    return batch([row("LaMP_3", number, size=2) for number in range(2)])


def test_in_map_the_profile_stays_in_arrow():
    seen = []

    def spy(lazy):
        seen.append(type(arrow_of(lazy)))
        lazy["input"]
        seen.append(type(arrow_of(lazy)))  # now a Python object that the caller may change: the batch counts
        return {}

    Dataset.from_dict(rows()).map(spy, batched=True)
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
