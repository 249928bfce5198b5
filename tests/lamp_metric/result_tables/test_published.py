import csv
from dataclasses import replace
from pathlib import Path

from lamp_metric.result_tables import published
from lamp_metric.result_tables.published import MARK, PUBLISHED, SOURCES, published_rows

SCORES = ("accuracy", "f1", "MAE", "RMSE", "rouge-1", "rouge-L")


def test_every_row_is_of_a_known_config_and_listed_once():
    assert {row.source for row in PUBLISHED} == set(SOURCES)
    with Path(published.__file__).with_name("published.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    for row, line in zip(PUBLISHED, lines, strict=True):
        assert dict(row.scores) == {key: float(line[key]) for key in SCORES if line[key]} != {}
        assert (row.split in ("validation", "test"), row.note) == (True, line["note"])
        assert (row.k == 0) == (row.retriever == "none")
    names = [(row.source, row.config, row.split, row.label) for row in PUBLISHED]
    assert len(set(names)) == len(names)
    shown = [row.label for row in PUBLISHED if row.config == "LaMP_3" and row.source == "L"]
    assert shown[1:3] == ["FlanT5-XXL, zero-shot, no profile", "FlanT5-XXL, zero-shot, Contriever"]
    assert shown[-1] == "Learning To Prompt (pmineiro)"


def test_the_facts_that_are_easily_mixed_up():
    def budgets(source):
        return {row.max_input_tokens for row in PUBLISHED if row.source == source}

    assert (budgets("R"), budgets("P"), budgets("L")) == ({512}, {256}, {None})
    assert {row.split for row in PUBLISHED if row.source == "P"} == {"validation"}
    rspg = {(row.source, row.retriever): row for row in PUBLISHED if row.config == "LaMP_5_time"}
    assert "RSPG-Pre" in rspg["L", "ROPG-RSPG"].note
    assert dict(rspg["R", "RSPG-Post"].scores) == {"rouge-1": 0.48, "rouge-L": 0.429}


def test_rows_are_those_of_the_task_and_others_are_marked():
    rows = published_rows("LaMP_3_time", "validation")
    of_task = [row for row in PUBLISHED if row.config in ("LaMP_3", "LaMP_3_time")]
    assert [replace(row, comparable=False) for row in rows] == of_task
    assert {row.config for row in rows} == {"LaMP_3", "LaMP_3_time"}
    for row in rows:
        same = (row.config, row.split) == ("LaMP_3_time", "validation")
        assert row.comparable == same == (MARK not in row.marked)
        assert row.as_dict()["comparable"] == same
    assert any(row.comparable for split in ("validation", "test") for row in published_rows("LaMP_3_time", split))
    assert not any(row.comparable for row in published_rows("LaMP_3", None))
