import dataclasses

import datasets
import pytest
from made_up import batch, row
from stand_ins import WordTokenizer

import lamp_dataset
from lamp_dataset import TASKS, Personalizer, item_prompts
from lamp_dataset.formats.texts import DuplicateIdError
from lamp_dataset.personalize.split import load_split, personalize_split, rank_split

pytestmark = pytest.mark.usefixtures("own_cache")


def test_the_first_rows_of_one_split_are_loaded():
    whole = load_split("LaMP_3", "train", lamp_dataset.SAMPLE)
    assert load_split("LaMP_3", "train", lamp_dataset.SAMPLE, limit=2).to_list() == whole.to_list()[:2]
    assert load_split("LaMP_3", "train", lamp_dataset.SAMPLE, limit=10**6).to_list() == whole.to_list()
    task = lamp_dataset.TASKS["LaMP_3"]
    named, given = (load_split(config, "train", lamp_dataset.SAMPLE) for config in ("LaMP_3", task))
    assert named.to_list() == given.to_list()
    with pytest.raises(ValueError, match="no such task as 'Ratings'; lamp_dataset.register adds it"):
        load_split(dataclasses.replace(task, name="Ratings"), "train", lamp_dataset.SAMPLE)


def test_every_row_is_personalized_and_ranked_in_order():
    rows = datasets.Dataset.from_list([row("LaMP_4", number, size=number % 4) for number in range(300)])
    personalizer = Personalizer("LaMP_4", k=2)
    prompts = personalize_split(rows, personalizer)
    assert prompts["source"][:] == personalizer(rows[:])["source"]
    assert "profile" not in prompts.column_names
    ranked = dict(rank_split(rows, personalizer))
    assert ranked == personalizer.rank(rows[:])


def made(name, sizes=(5, 0, 1, 20)):
    rows = [row(name, number, size) for number, size in enumerate(sizes)]
    return rows, datasets.Dataset.from_list(rows)


@pytest.mark.parametrize("rules", ["official", "fixed"])
@pytest.mark.parametrize("name", [name for name in TASKS if not TASKS[name].time_based])
def test_each_prompt_is_that_of_a_profile_with_this_item_alone(name, rules):
    rows, data = made(name)
    options = {"rules": rules, "tokenizer": WordTokenizer(), "max_length": 40}
    found = item_prompts(data, Personalizer(name, retriever="bm25", k=7, **options), top=3)
    one, ranked = (
        Personalizer(name, retriever="first", k=1, **options),
        Personalizer(name, rules=rules).rank(batch(rows)),
    )
    expected = []
    for asked in rows:
        items = {item["id"]: item for item in asked["profile"]}
        for item_id in ["", *ranked[asked["id"]][:3]]:
            profile = [items[item_id]] if item_id else []
            source = one({**asked, "profile": profile})["source"]
            name_of = f"{asked['id']}-{item_id}" if item_id else asked["id"]
            expected.append({"id": name_of, "source": source, "target": asked["output"]})
    assert found.to_list() == expected
    assert [len(ranked[asked["id"]][:3]) for asked in rows] == [3, 0, 1, 3]
    assert found[0]["source"] == Personalizer(name, k=0, **options)(rows[0])["source"]


def test_golds_may_be_withheld_and_a_ranking_may_name_some_items(tmp_path):
    rows, _ = made("LaMP_4", (3, 2))
    features = made("LaMP_4", (1,))[1].features
    data = datasets.Dataset.from_list([{**asked, "output": None} for asked in rows], features=features)
    path = tmp_path / "ranking.json"
    path.write_text('{"310": ["3102", "3100"], "311": []}')
    found = item_prompts(data, Personalizer("LaMP_4", ranking=path))
    assert found["id"][:] == ["310", "310-3102", "310-3100", "311"]
    assert found["target"][:] == [None] * 4


def test_summaries_go_in_front_of_each():
    summaries = {"U0": "Likes tea.", "U1": "Is old."}
    found = item_prompts(made("LaMP_3_time", (2, 1))[1], Personalizer("LaMP_3_time", rules="fixed", summary=summaries))
    assert ["Likes tea." in prompt["source"] for prompt in found] == [True] * 3 + [False] * 2


def renamed(rows, names):
    for (sample, *items), asked in zip(names, rows, strict=True):
        asked["id"] = sample
        for item, name in zip(asked["profile"], items, strict=True):
            item["id"] = name
    return datasets.Dataset.from_list(rows)


def test_ids_may_hold_a_hyphen_but_must_tell_the_prompts_apart():
    rows, _ = made("LaMP_7", (1, 1))
    personalizer = Personalizer("LaMP_7")
    found = item_prompts(renamed(rows, [("a", "b-d"), ("a-b", "c")]), personalizer)
    assert found["id"][:] == ["a", "a-b-d", "a-b", "a-b-c"]
    for names in ([("a", "b-c"), ("a-b", "c")], [("a", "b"), ("a-b", "c")]):
        with pytest.raises(DuplicateIdError, match="prompts of items: duplicate id 'a-b"):
            item_prompts(renamed(rows, names), personalizer)
    with pytest.raises(DuplicateIdError, match="profile of sample '310'"):
        item_prompts(renamed([row("LaMP_7", 0, 2)], [("310", "x", "x")]), personalizer)


@pytest.mark.parametrize(("sizes", "top", "found"), [([1], 0, "1 rows and top=0"), ([], 1, "0 rows and top=1")])
def test_nothing_to_ask_is_refused(sizes, top, found):
    with pytest.raises(ValueError, match=f"expected at least 1 row and 1 item, found {found}"):
        item_prompts(made("LaMP_7", sizes)[1], Personalizer("LaMP_7"), top=top)
