import json
import pickle

import pytest
from personal import batch, row

from lamp_dataset.personalize.retrieval.from_file import RankingFile
from lamp_dataset.personalize.retrieval.samples import read_samples
from lamp_dataset.tasks import TASKS


def samples(*rows):
    return read_samples(TASKS["LaMP_3"], batch(rows), "official")


@pytest.fixture
def ranking_file(tmp_path):
    def write(content):
        path = tmp_path / "ranking.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


def test_a_ranking_file_decides_the_order(ranking_file):
    path = ranking_file({"310": ["3102", "3100", "3101"], "311": ["3110", "3111", "3112"]})
    rankings = RankingFile(path).rank(samples(row("LaMP_3", 1, 3), row("LaMP_3", 0, 3)))
    assert [ranking.order for ranking in rankings] == [[0, 1, 2], [2, 0, 1]]
    assert all(ranking.notes == () for ranking in rankings)


def test_a_part_of_the_profile_is_enough(ranking_file):
    (ranking,) = RankingFile(ranking_file({"310": ["3102"]})).rank(samples(row("LaMP_3", 0, 3)))
    assert ranking.order == [2]


def test_an_id_that_the_file_names_twice_counts_once(ranking_file):
    path = ranking_file({"310": ["3101", "3100", "3101"]})
    assert RankingFile(path).rank(samples(row("LaMP_3", 0, 3)))[0].order == [1, 0]


def test_a_profile_with_doubled_item_ids_is_refused_by_sample_and_id(ranking_file):
    made = row("LaMP_3", 0, 3)
    made["profile"][2]["id"] = "3100"
    with pytest.raises(ValueError, match="sample '310'.*'3100'"):
        RankingFile(ranking_file({"310": ["3101"]})).rank(samples(made))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"311": []}, "no ranking of sample '310'; made of another split or config?"),
        ({"310": ["3100", "9", "8"]}, r"sample '310' names item '9', which its profile of 3 items lacks \(2 such\)"),
    ],
)
def test_a_ranking_of_other_rows_is_refused_by_name(ranking_file, content, message):
    path = ranking_file(content)
    with pytest.raises(ValueError, match=f"{path}.*{message}"):
        RankingFile(path).rank(samples(row("LaMP_3", 0, 3)))


def test_a_file_of_another_shape_is_refused(ranking_file):
    with pytest.raises(ValueError, match="ranking.json: expected a ranking file .*list"):
        RankingFile(ranking_file([]))


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        RankingFile(tmp_path / "none.json")


def test_a_pickled_one_reads_the_file_again_and_notices_a_change(ranking_file):
    path = ranking_file({"310": ["3102"]})
    data = pickle.dumps(RankingFile(path))
    assert len(data) < 500
    assert pickle.loads(data).rank(samples(row("LaMP_3", 0, 3)))[0].order == [2]
    ranking_file({"310": ["3101"]})
    with pytest.raises(ValueError, match="the ranking file has changed while it was in use"):
        pickle.loads(data)
