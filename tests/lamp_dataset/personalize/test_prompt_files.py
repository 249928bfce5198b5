import json
import os

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lamp_dataset import TASKS
from lamp_dataset.personalize.prompt_files import check_prompt_path, read_prompts, write_prompts, write_tables

ROWS = [{"source": "é\u2028", "retrieved_scores": [0.1 + 0.2]}, {"source": "", "retrieved_scores": None}]
READERS = {"p.parquet": datasets.Dataset.from_parquet, "p.jsonl": datasets.Dataset.from_json}


@pytest.mark.parametrize("name", READERS)
def test_rows_read_back_to_the_last_bit(name, tmp_path):
    path = str(tmp_path / name)
    write_prompts(datasets.Dataset.from_list(ROWS), path)
    assert READERS[name](path, cache_dir=str(tmp_path / "cache")).to_list() == ROWS


@pytest.mark.parametrize(("private", "readable"), [(True, 0), (False, 0o044)])
def test_a_private_file_is_for_the_user_alone(private, readable, tmp_path):
    path = tmp_path / "p.jsonl"
    write_prompts(datasets.Dataset.from_list(ROWS), str(path), private)
    assert path.stat().st_mode & 0o077 == readable


PROMPT = {"id": "310", "source": "Generate a headline for the following article: rain", "target": None}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.parquet", "PAR1", "expected prompts, found no parquet: .*"),
        ("p.jsonl", "[", "expected prompts, found no json: .*"),
        ("p.jsonl", "", "expected prompts, found no json: empty"),
        ("p.jsonl", [{"id": "310", "source": "rain"}], "expected rows with id, source and target.*1 rows with id, s"),
        ("p.jsonl", [PROMPT, {**PROMPT, "source": None}], "no id or source None"),
        ("p.jsonl", [{**PROMPT, "id": 310}], "no id or source None"),
        ("p.jsonl", [PROMPT, PROMPT], "duplicate id '310'"),
        ("p.jsonl", [{**PROMPT, "source": "rain"}], "expected prompts of LaMP_4, which hold 'Gener.*found 'rain'"),
        ("p.csv", "id", "expected a name that ends in .parquet or .jsonl"),
    ],
)
def test_what_is_no_file_of_prompts_is_refused(name, content, said, tmp_path, own_cache):
    lines = content if isinstance(content, str) else "".join(json.dumps(row) + "\n" for row in content)
    (tmp_path / name).write_text(lines)
    with pytest.raises(ValueError, match=rf"{name}: .*{said}"):
        read_prompts(tmp_path / name, "LaMP_4")


@pytest.mark.parametrize("name", READERS)
def test_prompts_read_back(name, tmp_path, own_cache):
    rows = [PROMPT | {"target": "Rain"}, PROMPT | {"id": "310-1"}]
    write_prompts(datasets.Dataset.from_list(rows), str(tmp_path / name))
    assert read_prompts(str(tmp_path / name), "LaMP_4").to_list() == rows


@pytest.mark.parametrize(("config", "others"), [("LaMP_6", 0), ("LaMP_4", 0o055)])
def test_what_datasets_keeps_of_licensed_prompts_is_for_the_user_alone(config, others, tmp_path, own_cache):
    write_prompts(datasets.Dataset.from_list([{**PROMPT, "source": TASKS[config].opening}]), str(tmp_path / "p.jsonl"))
    kept = read_prompts(tmp_path / "p.jsonl", config).cache_files[0]["filename"]
    assert os.stat(os.path.dirname(kept)).st_mode & 0o077 == others


def test_another_ending_is_refused():
    with pytest.raises(ValueError, match=r"p\.csv: .*\.parquet or \.jsonl"):
        check_prompt_path("p.csv")
    assert check_prompt_path("a/p.jsonl") == "a/p.jsonl"


SCHEMA = pa.schema(
    [("id", pa.string()), ("profile", pa.list_(pa.struct([("text", pa.string())])))], metadata={"huggingface": "{}"}
)
TABLE_ROWS = [{"id": f"{n}", "profile": [{"text": "é\u2028"}, {"text": None}] * (n % 3)} for n in range(200)]


def referring(rows):
    """A table whose texts are dictionary-encoded."""
    table = pa.Table.from_pylist(rows, SCHEMA)
    profile = table["profile"].combine_chunks()
    texts = pa.StructArray.from_arrays([profile.flatten().field("text").dictionary_encode()], ["text"])
    return table.set_column(1, "profile", pa.ListArray.from_arrays(profile.offsets, texts))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("encoded", [True, False])
def test_tables_read_back_as_plain_rows(name, encoded, tmp_path):
    path = str(tmp_path / name)
    make = referring if encoded else lambda rows: pa.Table.from_pylist(rows, SCHEMA)
    write_tables((make(TABLE_ROWS[start : start + 90]) for start in (0, 90, 180)), SCHEMA, path, private=True)
    assert READERS[name](path, cache_dir=str(tmp_path / "cache")).to_list() == TABLE_ROWS
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_no_tables_at_all_are_a_file_of_the_schema(tmp_path):
    write_tables([], SCHEMA, str(tmp_path / "p.parquet"))
    table = pq.read_table(tmp_path / "p.parquet")
    assert (table.num_rows, table.cast(SCHEMA).num_columns, table.schema.metadata) == (0, 2, None)
    write_tables([], SCHEMA, str(tmp_path / "p.jsonl"))
    assert (tmp_path / "p.jsonl").read_bytes() == b""


@pytest.mark.parametrize("name", READERS)
def test_nothing_is_left_of_tables_that_fail(name, tmp_path):
    (tmp_path / name).write_text("older")

    def tables():
        yield referring(TABLE_ROWS)
        raise ValueError("row 300")

    with pytest.raises(ValueError, match="row 300"):
        write_tables(tables(), SCHEMA, str(tmp_path / name))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["older"]
