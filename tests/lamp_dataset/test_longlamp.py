import pytest

from lamp_dataset import TASKS, get_task
from lamp_dataset.longlamp import FAMILY, ROWS
from lamp_dataset.tasks import LAMP

BASES = ["LongLaMP_abstract", "LongLaMP_review", "LongLaMP_topic", "LongLaMP_email"]


def test_lamp_comes_first_and_each_task_has_two_settings():
    families = [task.family for task in TASKS.values() if task.family in (LAMP, FAMILY)]
    assert families == [LAMP] * 16 + [FAMILY] * 8
    assert [task.name for task in ROWS] == [name for base in BASES for name in (base, f"{base}_time")]


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("product_review_temporal", "LongLaMP_review_time"),
        ("abstract_generation_user", "LongLaMP_abstract"),
        ("topic_writing", "LongLaMP_topic"),
        ("LongLaMP-1T", "LongLaMP_email_time"),
        ("LongLaMP-3", "LongLaMP_review"),
        ("longlamp_review", "LongLaMP_review"),
    ],
)
def test_names_of_the_paper_and_of_the_hub_are_pointed_to_ours(name, ours):
    with pytest.raises(ValueError, match=f"no config named '{name}': that task is '{ours}' here"):
        get_task(name)


def test_only_abstracts_have_dates_and_only_user_based_emails_no_users():
    assert {task.base for task in ROWS if task.dated} == {"LongLaMP_abstract"}
    assert [task.name for task in ROWS if not task.names_users] == ["LongLaMP_email"]
    assert [task.name for task in ROWS if task.gated] == ["LongLaMP_email", "LongLaMP_email_time"]
    assert {task.license_id for task in ROWS} == {"unknown", "other"}


def test_the_subject_of_an_input_is_the_item_s_field_that_a_pair_asks_about():
    subjects = {
        "LongLaMP_abstract": 'Generate an abstract for the title "On "rain"" using the following items: 1. a\n2. b',
        "LongLaMP_review": 'Generate the review text written by a reviewer who has a given an overall rating of "5.0" '
        'for a product with description "On "rain"". The summary of the review text is "Fine".',
        "LongLaMP_topic": 'Generate the content for a reddit post On "rain"',
        "LongLaMP_email": 'Complete the text of the following email. title: On "rain". text: It was',
    }
    assert {TASKS[name].subject_of(text) for name, text in subjects.items()} == {'On "rain"'}
