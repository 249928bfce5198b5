import pytest

from lamp_dataset import PromptOptions
from lamp_dataset.personalize.retrieval.queries import RULES, Query, find_query
from lamp_dataset.tasks import TASKS


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize(
    ("name", "text", "query"),
    [
        ("LaMP_2_news", "categories: [a] article: A title, article: again ", "A title, article: again"),
        ("LaMP_2", "tags: [a] description:\n A robot. Its description: short", "A robot. Its description: short"),
        ("LaMP_3", "On a scale of 1 to 5? review: My review: fine.", "My review: fine."),
        ("LaMP_4", "Generate a headline for the following article: The mill.", "The mill."),
        ("LaMP_5", "Generate a title for the following abstract of a paper: We sort.", "We sort."),
        ("LaMP_6", "Generate a subject for the following email: Re: tea", "Re: tea"),
        ("LaMP_7", "Paraphrase the following tweet without any explanation before or after it: 7:30 tea", "7:30 tea"),
    ],
)
def test_the_query_is_all_behind_the_first_marker_stripped(name, text, query, rules):
    assert find_query(TASKS[name], text, rules) == Query(query, rules=rules)
    assert find_query(TASKS[f"{name}_time"], text, rules) == Query(query, rules=rules)


def citation(title, first="A", second="B"):
    return (
        f'For an author who has written the paper with the title "{title}", which reference is related? '
        f'Just answer with [1] or [2] without explanation. [1]: "{first}" [2]: "{second}"'
    )


@pytest.mark.parametrize(
    ("text", "official", "fixed"),
    [
        (citation("My title"), "A B", "A B"),
        (citation('On "foo" bar'), "bar A", "A B"),
        (citation('On 5" disks'), ", which reference is related? Just answer with [1] or [2] without explanation. [1]:   [2]:", "A B"),  # noqa: E501 one whole query
        (citation("T", 'Is "it" so?'), "Is   so?", 'Is "it" so? B'),
        (citation("T", "A", 'The "B" side'), "A The", 'A The "B" side'),
        (citation("T", "A\nA", "B"), "A\nA B", "A\nA B"),
        (citation("T", "A", 'B" [2]: "C'), "A B", 'A B" [2]: "C'),
    ],
    ids=["plain", "quoted title", "stray mark", "quoted candidate", "quoted second", "newline", "frame in a title"],
)  # fmt: skip
def test_official_quotes_shift_and_fixed_quotes_do_not(text, official, fixed):
    task = TASKS["LaMP_1"]
    assert find_query(task, text, "official") == Query(official)
    assert find_query(task, text, "fixed") == Query(fixed, rules="fixed")


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("LaMP_2", "x A stranger rents the attic."),
        ("LaMP_2", "DESCRIPTION: markers have their case"),
        ("LaMP_1", 'one "quoted" string'),
        ("LaMP_1", 'three quotes, the last unclosed: "a" "b" "c'),
        ("LaMP_7", ""),
    ],
)
def test_an_input_without_a_query_is_its_own_query_and_says_so(name, text, rules):
    found = find_query(TASKS[name], text, rules)
    assert found.text == text.strip()
    assert found.trouble.endswith("the whole input is the query")


@pytest.mark.parametrize("rules", RULES)
def test_an_empty_query_says_so(rules):
    assert find_query(TASKS["LaMP_3"], "review: ", rules) == Query("", "the input's query is empty", rules)


@pytest.mark.parametrize(
    "text",
    [
        citation("T").removesuffix('"'),
        citation("T").replace("[2]: ", "(2) "),
        citation("T").replace("[1]: ", "(1) "),
        'Just answer with [1] or [2] without explanation. [1]: "A" [2]: "',
    ],
)
def test_a_broken_frame_is_no_query_under_the_fixed_rules(text):
    assert find_query(TASKS["LaMP_1"], text, "fixed").trouble


def test_unknown_rules_name_the_known():
    with pytest.raises(ValueError, match="no rules named 'new': expected 'official' or 'fixed'"):
        PromptOptions(rules="new")
