import pytest

from lamp_dataset.formats.outputs import Outputs
from lamp_metric.predictions.reading import join
from lamp_metric.predictions.scored_samples import choose, measure_joined, split

GOLDS = {"LaMP_2": "comedy", "LaMP_3": "5", "LaMP_4": "Rain, Again"}


def joined(name, *answers):
    """A file of one sample per list of answers; ids count from 0."""
    golds = {str(place): GOLDS[name] for place in range(len(answers))}
    return join(Outputs(name, golds, "g.json"), Outputs(name, dict(zip(golds, answers, strict=True)), "p.json"))


def chosen(name, rule, answers, **options):
    (run,) = choose([measure_joined(run, **options) for run in split(joined(name, answers))], rule, **options)
    assert run.name == f"p.json: {rule} of {len(answers)}"
    return run.predictions[0]


def test_lists_of_answers_are_runs_and_other_files_one():
    found = split(joined("LaMP_3", ["1", "2"], ["3", 4]))
    assert [run.predictions for run in found] == [["1", "3"], ["2", 4]]
    assert [run.names for run in found] == [(f"p.json: answer {n}", "g.json: reference") for n in (1, 2)]
    single = joined("LaMP_3", "1", 2)
    assert split(single) == [single]
    scored = list(map(measure_joined, found))
    assert choose(scored, "mean") == scored
    assert choose(scored[:1], "best") == scored[:1]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ((["1", "2"], ["1"]), r"p.json: prediction of sample '1': expected a list of 2 answers, .* found \['1'\]"),
        ((["1", "2"], "1"), "sample '1': expected a list of 2 answers"),
        (("1", ["1"]), "sample '0': expected a list of answers, found '1'"),
        (([], []), r"sample '0': expected a list of answers, found \[\]"),
    ],
)
def test_samples_with_other_numbers_of_answers_are_named(answers, message):
    with pytest.raises(ValueError, match=message):
        split(joined("LaMP_3", *answers))


@pytest.mark.parametrize(
    ("name", "answers", "best", "majority"),
    [
        ("LaMP_3", ["1", "3", "9", "4"], "4", "1"),
        ("LaMP_3", ["2", "4", "4.0", 2], "4", "2"),  # two votes each: the first counts
        ("LaMP_3", ["?", "?", "3", 1], "3", "3"),  # what cannot be used has no vote
        ("LaMP_3", ["?", "no"], "?", "?"),
        ("LaMP_2", ["action", "comedy", "action"], "comedy", "action"),
        ("LaMP_4", ["Snow", "Rain", "Again, Rain"], "Again, Rain", None),
    ],
)
def test_one_of_several_answers_is_chosen_by_gold_or_by_vote(name, answers, best, majority):
    assert chosen(name, "best", answers) == best
    if majority is not None:
        assert chosen(name, "majority", answers) == majority


def test_answers_are_extracted_before_they_are_chosen():
    said = ["I think it is action.", "comedy", "Answer: action", "My tag: comedy!", "Comedy"]
    assert chosen("LaMP_2", "majority", said) == "comedy"
    assert chosen("LaMP_2", "majority", said[:3], extract_answers=True) == said[0]
    said = ["<think>Rain, Again</think>Snow", "Title: Rain"]
    assert [chosen("LaMP_4", "best", said, extract_answers=on) for on in (False, True)] == said
    with pytest.raises(ValueError, match="majority: LaMP_4 has no labels to vote on"):
        chosen("LaMP_4", "majority", ["a", "b"])
