import json

import datasets
import made_oppu
import pytest

from lamp_dataset import SAMPLE, Personalizer
from lamp_dataset.formats.oppu_summaries import oppu_summaries
from lamp_dataset.tasks import TASKS

NAME = "LaMP_4_time"


def dumped(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.fixture
def folder(tmp_path):
    made = made_oppu.write(tmp_path, TASKS[NAME])
    return tmp_path / "news_headline", {split: [user["user_id"] for user in users] for split, users in made.items()}


def told(users):
    return [{"id": user, "output": f"{user} likes “rain”"} for user in users]


def test_summaries_of_both_files(folder):
    place, users = folder
    expected = {user: f"{user} likes “rain”" for user in (*users["test"], *users["train"])}
    dumped(place / "profile_user_100.json", told(users["test"]))
    assert oppu_summaries(NAME, place) == {user: expected[user] for user in users["test"]}
    dumped(place / "profile_user_others.json", told(users["train"]))
    assert oppu_summaries(NAME, place) == oppu_summaries(NAME, str(place.parent)) == expected


def test_summaries_without_names_come_in_the_order_of_the_users(folder):
    place, users = folder
    dumped(place / "profile_user_others.json", [{"output": text["output"]} for text in told(users["train"])])
    assert oppu_summaries(NAME, place) == {user: f"{user} likes “rain”" for user in users["train"]}
    dumped(folder[0] / "profile_user_100.json", [{"id": 7, "output": "rain"}])
    assert oppu_summaries(NAME, folder[0])["7"] == "rain"


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        ({"7": "rain"}, "list"),
        (["rain"], "list"),
        ([{"id": "7"}], "'7'.*'output'"),
        ([{"id": "7", "output": None}], "'7'.*'output'.*None"),
        ([{"id": "7", "output": "a"}, {"id": 7, "output": "b"}], "duplicate.*'7'"),
        ([{"output": "rain"}], "8 users.*1 text"),
        ([{"id": "7", "output": "\ud800"}], "'7'.*surrogate"),
    ],
)
def test_summaries_of_another_shape_are_refused(folder, content, facts):
    dumped(folder[0] / "profile_user_100.json", content)
    with pytest.raises(ValueError, match=rf"profile_user_100\.json.*{facts}"):
        oppu_summaries(NAME, folder[0])


def test_a_folder_without_summaries_says_where_they_were_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"news_headline/profile_user_100\.json"):
        oppu_summaries(NAME, tmp_path)


def test_the_texts_go_in_front_of_the_prompts(folder):
    rows = datasets.load_dataset("lamp", NAME, data_dir=SAMPLE, split="train")
    dumped(folder[0] / "profile_user_100.json", told(sorted(set(rows["user_id"]))))
    personalize = Personalizer(NAME, rules="fixed", k=1, summary=oppu_summaries(NAME, folder[0]))
    prompts = rows.map(personalize, batched=True)
    assert all(
        f"{user} likes" in source.splitlines()[0]
        for user, source in zip(rows["user_id"], prompts["source"], strict=True)
    )
