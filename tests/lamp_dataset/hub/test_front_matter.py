import json

import pytest
import yaml

from lamp_dataset.hub.front_matter import listed_patterns, merge, num_examples, read, tasks_on

pytestmark = pytest.mark.oldest


def merged(wanted, replace=False, **keys):
    front = dumped(keys) if keys else ""
    return read(merge(front, wanted, {config.name: 12 for config in wanted}, replace))


def dumped(keys):
    return yaml.safe_dump(json.loads(json.dumps(keys)))


def test_it_says_where_the_files_are_and_how_many_rows_they_hold(configs):
    data = merged([configs["LaMP_6"], configs["LaMP_2"]])
    assert [task.name for task in tasks_on(data)] == ["LaMP_2", "LaMP_6"]
    assert num_examples(data) == {name: config.num_rows for name, config in configs.items()}
    assert sorted(listed_patterns(f"---\n{dumped(data)}---\n")) == [
        f"{name}/{split}-*-of-00001.parquet" for name in configs for split in ("test", "train", "validation")
    ]
    assert data["license"] == ["cc-by-nc-sa-4.0", "other"]


THEIRS = {"split": "prompts", "path": "LaMP_2/prompts-*"}
THEIR_ROWS = {"name": "prompts", "num_bytes": 5, "num_examples": 2}


@pytest.mark.parametrize("replace", [False, True])
def test_a_split_that_somebody_added_to_a_config_stays_on_the_card(configs, replace):
    data = merged([configs["LaMP_2"]])
    data["configs"][0]["data_files"].append(THEIRS)
    data["dataset_info"]["splits"].append(THEIR_ROWS)
    data = merged([configs["LaMP_2"]], replace, **data)
    assert data["configs"][0]["data_files"][-1] == THEIRS
    assert data["dataset_info"]["splits"][-1] == THEIR_ROWS
    assert len(listed_patterns(f"---\n{dumped(data)}---\n")) == 3


def test_replacing_drops_what_was_said_of_other_configs_but_not_somebodys_own_words(configs):
    data = merged([configs["LaMP_6"]], license="mit", task_categories=["other", "text-generation"])
    data = merged([configs["LaMP_2"]], replace=True, **data)
    assert [entry["config_name"] for entry in data["configs"]] == ["LaMP_2"]
    assert data["dataset_info"]["config_name"] == "LaMP_2"
    assert (data["license"], data["task_categories"]) == ("mit", ["other", "text-classification"])
    data = merged([configs["LaMP_6"]])
    data = merged([configs["LaMP_2"]], replace=True, **data)
    assert data["license"] == "cc-by-nc-sa-4.0"


def test_features_that_this_version_of_datasets_cannot_parse_stay_as_they_are(configs):
    odd = {"config_name": "theirs", "features": [{"name": "a", "dtype": "not yet invented"}], "splits": []}
    data = merged([configs["LaMP_2"]], dataset_info=[dict(odd)])
    assert odd in data["dataset_info"]
