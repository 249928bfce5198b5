import pytest

from lamp_metric.by_user import markup
from lamp_metric.by_user.summary import summarize
from lamp_metric.options import Resampling


@pytest.fixture(scope="module")
def summary(gainers):
    return summarize(gainers.frame(), "MAE", Resampling(n_resamples=20))


def test_texts_are_escaped():
    assert markup.paragraph("<b>&") == "<p>&lt;b&gt;&amp;</p>"
    assert "<script" not in markup.table(["<script>"], [["<script>"]])
    shown = markup.extremes({"gain": [USER]}, {"7": {"<i>": "<script>"}})
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown


USER = {
    "user": "<u>",
    "sample": "7",
    "gain": -0.5,
    "samples": 2,
    "profile_size": 12.5,
    "similarity": 0.25,
    "sample_gain": -1.0,
}


def test_users_at_the_ends_are_shown_with_a_sample_where_there_is_one():
    cells = [">&lt;u&gt;<", ">7<", ">−0.5000<", ">2<", ">12.5<", ">0.25<"]
    without = markup.extremes({"lose": [USER], "gain": []}, {})
    assert all(cell in without for cell in cells)
    assert "None." in without
    assert "<details>" not in without
    shown = markup.extremes({"lose": [USER]}, {"7": {"gold": "x" * 1000}})
    assert f"<dd>{'x' * (markup.TEXT - 1)}…</dd>" in shown


def test_scores_without_a_value_for_a_user_show_none(summary):
    assert markup.systems(summary).count(">–<") == 3
    assert markup.contrasts(summary["contrasts"]).count(">–<") == 0


def test_bins_and_correlations_name_every_system(summary):
    for trait in ("profile_size", "similarity"):
        assert markup.bins(summary, trait).count("<tr>") == 6
        assert "own: " in markup.correlations(summary, trait)
        assert "other: " in markup.correlations(summary, trait)


def test_a_correlation_that_cannot_be_computed_says_so(summary):
    flat = {"by_similarity": {"spearman": {"own": {"rho": None, "rho_ci": None}}}}
    assert "same for all users" in markup.correlations(flat, "similarity")


def test_copies_say_what_is_left(summary):
    assert markup.copies(summary).startswith(f"<p>0 of {summary['samples']:,} inputs")
    some = {"exact": 2, "near": 1, "samples_without": 5, "users_without": 4, "contrasts_without": summary["contrasts"]}
    shown = markup.copies({**summary, "copies": some})
    assert "5 samples of 4 users" in shown
    assert markup.contrasts(summary["contrasts"]) in shown
    assert "too few" in markup.copies({**summary, "copies": {**some, "contrasts_without": None}})
