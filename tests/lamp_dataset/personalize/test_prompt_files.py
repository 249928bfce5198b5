import datasets
import pytest

from lamp_dataset.personalize.prompt_files import check_prompt_path, write_prompts

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


def test_another_ending_is_refused():
    with pytest.raises(ValueError, match=r"p\.csv: .*\.parquet or \.jsonl"):
        check_prompt_path("p.csv")
    assert check_prompt_path("a/p.jsonl") == "a/p.jsonl"


def test_nothing_is_left_of_a_failed_write(tmp_path):
    with pytest.raises(TypeError):
        write_prompts([{"source": object()}], str(tmp_path / "p.jsonl"))
    assert not list(tmp_path.iterdir())
