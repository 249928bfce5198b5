import numpy as np
import pyarrow as pa
import pytest

from lamp_dataset import TASKS
from lamp_dataset.personalize.training_pairs import VISIBLE, pair_texts, profiles

#: What the benchmark's code for parameter-efficient fine-tuning asks for each config, read from it.
OFFICIAL = {
    "LaMP_1": ("Write an abstract for this title: {title}", "{abstract}"),
    "LaMP_2": (
        "Which tag does this movie relate to among the following tags? Just answer with the tag name without further "
        "explanation. tags: [sci-fi, based on a book, comedy, action, twist ending, dystopia, dark comedy, classic, "
        "psychology, fantasy, romance, thought-provoking, social commentary, violence, true story] description: "
        "{description}",
        "{tag}",
    ),
    "LaMP_3": (
        "What is the score of the following review on a scale of 1 to 5? just answer with 1, 2, 3, 4, or 5 without "
        "further explanation. review: {text}",
        "{score}",
    ),
    "LaMP_4": ("Generate a headline for the following article: {text}", "{title}"),
    "LaMP_5": ("Generate a title for the following abstract of a paper: {abstract}", "{title}"),
    "LaMP_6": ("Generate a subject for the following email: {text}", "{title}"),
}


def pairs(name, items, users=None, **options):
    users = users or ["u"] * len(items)
    items = [{**dict.fromkeys(TASKS[name].item_fields), **item} for item in items]
    kind = pa.struct([(field, pa.string()) for field in TASKS[name].item_fields])
    found = pair_texts(TASKS[name], pa.array(items, kind), pa.array(users), **options)
    return list(zip(*(texts.to_pylist() for texts in found), strict=True))


@pytest.mark.parametrize("name", OFFICIAL)
def test_official_pairs_equal_the_strings_of_the_benchmarks_code(name):
    for config in (name, f"{name}_time"):
        item = {field: f" the {field} {{x}}\n" for field in TASKS[config].profile_fields}
        expected = tuple(template.format_map(item) for template in OFFICIAL[name])
        assert pairs(config, [item], style="official") == [expected]


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task.pair.instruction is None])
def test_both_styles_agree_where_items_answer_the_task(name):
    item = {field: f"the {field}" for field in TASKS[name].profile_fields}
    assert pairs(name, [item], style="task") == pairs(name, [item], style="official")


def test_a_tweet_is_cut_after_a_tenth_to_a_quarter_of_its_words():
    text = "  ".join(f"w{n}" for n in range(40))
    seen = set()
    for seed in range(60):
        ((question, rest),) = pairs("LaMP_7", [{"text": text}], style="official", seed=seed)
        first = question.removeprefix("Complete the following tweet: ").split(" ")
        assert [*first, *rest.split(" ")] == text.split()
        seen.add(len(first))
    assert seen == set(range(4, 10))


def test_the_cut_depends_on_seed_user_and_text_alone():
    items = [{"text": " ".join(f"{letter}{n}" for n in range(40))} for letter in "abc"]
    found = pairs("LaMP_7", items, ["u", "u", "v"], style="official")
    assert pairs("LaMP_7", items[::-1], ["v", "u", "u"], style="official") == found[::-1]
    assert pairs("LaMP_7", items[:1], style="official") == found[:1]
    again = [pairs("LaMP_7", items[:1], [user], style="official", seed=seed)[0] for user in "uvw" for seed in range(3)]
    assert len(set(again)) > 1
    assert found[0] == ("Complete the following tweet: a0 a1 a2 a3 a4", " ".join(f"a{n}" for n in range(5, 40)))


@pytest.mark.parametrize(
    ("text", "rest"), [("tea", "tea"), ("so  tired\u2003now", "so tired now"), ("x " * 3, "x x x")]
)
def test_a_short_tweet_is_all_to_be_completed(text, rest):
    assert pairs("LaMP_7", [{"text": text}], style="official") == [("Complete the following tweet: ", rest)]


def views(visible, dates, limit=10**9):
    """What each item of a user sees; another user's items are before and after."""
    size, years = len(dates), ["2012", "2011"]
    batch = pa.record_batch(
        {
            "user": pa.array(["t", "t", *["u"] * size, "v", "v"]).dictionary_encode(),
            "id": [f"u/{n}" for n in range(-2, size + 2)],
            "item": pa.StructArray.from_arrays(
                [pa.array(map(str, range(-2, size + 2))), pa.array([*years, *dates, *years])], ["id", "date"]
            ),
        }
    )
    order, first, end = VISIBLE[visible](TASKS["LaMP_4_time"], batch, limit)
    numbers, wanted = np.arange(-2, size + 2), np.arange(2, size + 2)
    return profiles(pa.array(numbers), wanted, order, first[wanted], end[wanted]).to_pylist()


def test_what_is_no_date_is_shown_and_an_empty_one_is_none():
    with pytest.raises(ValueError, match="item 'u/2': expected a date like 2013, 2013-05 or 2013-05-29, found 'May'"):
        views("earlier", ["2013", None, "May", "May"])
    assert views("earlier", ["2012", "", "2013", ""]) == [[], [], [0], []]
    assert views("none", ["2012", "2013"], 0) == [[], []]


def test_earlier_items_are_those_of_certainly_earlier_dates():
    dates = ["2013-05-29", "2012", "2013", None, "2013-05-29", "2013-05-28", "2012-12-31", "2014"]
    assert views("earlier", dates) == [
        [6, 1, 5],  # 2013 may be later; the last day of 2012 is as late as 2012 may be
        [],
        [6, 1],
        [],
        [6, 1, 5],
        [6, 1],
        [],
        [6, 1, 5, 0, 4, 2],
    ]
