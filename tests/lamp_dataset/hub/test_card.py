import dataclasses
import json

import pytest
import yaml
from huggingface_hub import DatasetCard, DatasetCardData

from lamp_dataset.hub.card import (
    BEGIN,
    END,
    is_ours,
    listed_patterns,
    make_card,
    merge_front,
    num_examples,
    read_front,
    task_table,
    tasks_on,
)
from lamp_dataset.tasks import TASKS


def test_the_table_of_tasks_has_one_line_a_task():
    lines = task_table([TASKS["LaMP_2_news"], TASKS["LaMP_7_time"], TASKS["LaMP_2_news_time"]]).split("\n")
    license = "CC BY-NC-SA 4.0 (LaMP); the texts keep the terms of their source"
    assert lines == [
        "| config | task | kind | scores | samples (train / validation / test) | questions files, MB | texts from "
        "| license |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| `LaMP_2_news`<br>`LaMP_2_news_time` | Personalized News Categorization | classification | accuracy, f1 "
        "| 5,914 / 1,052 / 1,274<br>? / ? / ? | ? / ? / ?<br>? / ? / ? | News Category Dataset (Misra 2022) "
        f"| {license} |",
        "| `LaMP_7_time` | Personalized Tweet Paraphrasing | generation | rouge-1, rouge-L "
        f"| 13,437 / 1,498 / 1,500 | ? / ? / ? | Sentiment140 (Go et al. 2009) | {license} |",
    ]
    assert len(task_table(TASKS.values()).split("\n")) == 2 + len({task.base for task in TASKS.values()})
    odd = dataclasses.replace(TASKS["LaMP_1"], title="a|b")
    assert "| a\\|b |" in task_table([odd])


def card(existing, *configs):
    return make_card(existing, configs, {config.name: 1234 for config in configs})


#: Nothing of this is ours: not the keys, not how they are spelled, not the marks that somebody quotes.
THEIR_KEYS = """language: [no, en]  # Norwegian
version: 1.10
# what the house calls it
pretty_name:   'LaMP, our copy'
house: yes"""
THEIR_ENTRY = "- config_name: theirs\n  data_files: 'theirs/*'\n  version: 1.10"


@pytest.mark.oldest
@pytest.mark.parametrize(
    "existing",
    [
        None,
        "Words without front matter\n",
        "---\nlicense: mit\n---\n",
        "---\r\nlicense: mit\r\nsize: 3\r\n---\r\n\r\n# Ours\r\n\r\nWords\r\n",
        "---\nlicense: mit\n---\n# Ours\n\n---\n\nmore, after a line\n\n---\n",
        f"---\n{THEIR_KEYS}\nconfigs:\n{THEIR_ENTRY}\n# the end\n---\nWords\n",
        "---\nlicense: 3\ntask_categories: [{a: b}]\nlanguage:\n---\n",
        "---\nconfigs:\n- config_name: LaMP_6\ndataset_info:\n  config_name: LaMP_6\n  splits:\n  - name: train\n---\n",
        f"{END}\nThey begin so:\n{BEGIN}\n",
        f"{BEGIN}\nNever ended.\n{BEGIN}\nEnded.\n{END}\nOr twice.\n{END}\n{BEGIN}\n",
    ],
)
def test_a_card_stays_the_same_when_nothing_changes(configs, existing):
    once = card(existing, configs["LaMP_2"])
    assert card(once, configs["LaMP_2"]) == once
    gone = ("license:", "configs:", "dataset_info:", "language:", "task_categories: [{a: b}]", "Ended.", *KEYS_OF_INFO)
    for line in (existing or "").split("\n"):
        assert line.startswith(gone) or line in once.split("\n")
    assert "LaMP_2" in [entry["config_name"] for entry in DatasetCard(once).data["configs"]]
    assert once.count("## Tasks") == 1


#: Indented where there is a single config, in a list where there are more.
KEYS_OF_INFO = ("  config_name:", "  splits:", "  - name:")


def test_what_is_not_ours_stays_to_the_character(configs):
    there = f"---\n{THEIR_KEYS}\nconfigs:\n{THEIR_ENTRY}\ndataset_info: # none yet\n# the end\n---\nWords\n"
    changed = card(card(there, configs["LaMP_6"]), configs["LaMP_2"])
    assert changed.startswith(f"---\n{THEIR_KEYS}\nconfigs:\n- config_name: LaMP_2\n")
    assert f"\n{THEIR_ENTRY}\ndataset_info:" in changed
    assert "\n# the end\n" in changed


@pytest.mark.parametrize(
    ("front", "fact"),
    [
        ("a: [1", "YAML between"),
        ("a: 2001-99-99", "YAML between"),
        ("license: mit\nlicense: other", "a key twice"),
        ("{license: cc-by-nc-sa-4.0}", "lines of its own"),
        ("license: &it\nother: *it", "lines of its own"),
        ("configs: mine", "'configs' and 'dataset_info'"),
        ("configs:\n- config_name: LaMP_6\ndataset_info:\n  config_name: LaMP_6\n  splits: [3]", "'dataset_info'"),
        ("dataset_info: [{config_name: LaMP_2, splits: [{num_bytes: 3}]}]", "'configs' and 'dataset_info'"),
    ],
)
def test_a_front_matter_that_cannot_be_kept_is_one_line(configs, front, fact):
    with pytest.raises(ValueError, match=f"^README.md: expected .*{fact}.*run again$") as caught:
        card(f"---\n{front}\n---\n", configs["LaMP_2"])
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("README") == 1


def test_the_order_of_pushes_does_not_matter(configs):
    one = card(card(None, configs["LaMP_2"]), configs["LaMP_6"])
    other = card(card(None, configs["LaMP_6"]), configs["LaMP_2"])
    both = card(None, configs["LaMP_6"], configs["LaMP_2"])
    assert DatasetCard(one).text == DatasetCard(other).text == DatasetCard(both).text
    data = DatasetCard(one).data.to_dict()
    assert data == {**DatasetCard(other).data.to_dict(), "task_categories": data["task_categories"]}
    assert data == DatasetCard(both).data.to_dict() | {"task_categories": data["task_categories"]}
    assert data["license"] == ["cc-by-nc-sa-4.0", "other"]
    assert sorted(data["task_categories"]) == ["text-classification", "text-generation"]


def test_a_gated_config_is_marked(configs):
    warning = "**Never make this public:** the texts of `LaMP_6` may not be redistributed."
    assert warning in card(None, *configs.values())
    assert TASKS["LaMP_6"].license in card(None, configs["LaMP_6"])
    assert "Never make" not in card(None, configs["LaMP_2"])
    assert not is_ours(b"# Mine\n")


def test_other_settings_of_a_config_stay(configs):
    data = DatasetCard(card(None, configs["LaMP_2"])).data.to_dict()
    data["configs"][0] |= {"default": True, "data_dir": "elsewhere"}
    data["task_categories"] = "other"
    data["configs"].append({"config_name": "theirs", "data_files": "theirs/*"})
    again = DatasetCard(card(f"---\n{DatasetCardData(**data)}\n---\n", configs["LaMP_2"])).data
    assert [(entry["config_name"], entry.get("default")) for entry in again["configs"]] == [
        ("LaMP_2", True),
        ("theirs", None),
    ]
    assert "data_dir" not in again["configs"][0]  # it would be put before the paths
    assert again["task_categories"] == ["other", "text-classification"]


pytestmark = pytest.mark.oldest


def merged(wanted, replace=False, **keys):
    front = dumped(keys) if keys else ""
    return read_front(merge_front(front, wanted, {config.name: 12 for config in wanted}, replace))


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
