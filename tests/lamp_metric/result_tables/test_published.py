import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric.result_tables.published import MARK, PUBLISHED, SOURCES, published_rows, read_published

HEADER = "source,config,split,system,retriever,k,max_input_tokens,accuracy,f1,MAE,RMSE,rouge-1,rouge-L,note"
LINE = "L,LaMP_3,test,T5,BM25,4,,,,0.25,0.5,,,odd"


def test_every_row_is_of_a_known_config_and_listed_once():
    assert {row.source for row in PUBLISHED} == set(SOURCES)
    for row in PUBLISHED:
        assert set(row.scores) <= set(TASKS[row.config].scores)
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


def test_a_line_is_read_whole():
    [row] = read_published([HEADER, LINE])
    assert (row.retriever, row.k, row.max_input_tokens, row.note) == ("BM25", 4, None, "odd")
    assert dict(row.scores) == {"MAE": 0.25, "RMSE": 0.5}


@pytest.mark.parametrize(
    ("old", "new", "facts"),
    [
        ("LaMP_3", "LaMP_8", "LaMP_8"),
        ("L,", "X,", "source.*L, R, P, A.*'X'"),
        ("test", "dev", "split.*validation.*'dev'"),
        ("0.25,0.5", ",", "a score of LaMP_3: MAE, RMSE"),
        ("LaMP_3", "LaMP_4", "LaMP_4.*rouge-1.*MAE"),
        ("0.25", "low", "low"),
        (",4,", ",four,", "four"),
        (LINE, "L,LaMP_3,test", ""),
    ],
)
def test_a_wrong_line_is_named(old, new, facts):
    with pytest.raises(ValueError, match=f"mine.csv, line 3: .*{facts}"):
        read_published([HEADER, LINE, LINE.replace(old, new, 1)], "mine.csv")


def test_rows_are_those_of_the_task_and_others_are_marked():
    rows = published_rows("LaMP_3_time", "validation")
    assert [row.result for row in rows] == [row for row in PUBLISHED if row.config in ("LaMP_3", "LaMP_3_time")]
    assert {row.result.config for row in rows} == {"LaMP_3", "LaMP_3_time"}
    for row in published_rows("LaMP_3_time", "validation"):
        same = (row.result.config, row.result.split) == ("LaMP_3_time", "validation")
        assert row.comparable == same == (MARK not in row.marked)
        assert row.as_dict()["comparable"] == same
    assert any(row.comparable for split in ("validation", "test") for row in published_rows("LaMP_3_time", split))
    assert not any(row.comparable for row in published_rows("LaMP_3", None))
