import csv
import io
import json
import os
import re
from html.parser import HTMLParser

import pytest
from folders import tree

from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.report.gains import Frame, Profile, summarize
from lamp_metric.report.report_folder import (
    CAPTIONS,
    DRAWINGS,
    FORMATS,
    TEXT,
    check_score,
    excerpts,
    figures,
    make_report,
    page,
    users_csv,
    write_folder,
)
from lamp_metric.signature import Resampling

matplotlib = pytest.importorskip("matplotlib")

MAGIC = {"svg": b"<?xml", "pdf": b"%PDF-", "png": b"\x89PNG"}


def drawn(frame):
    return figures(frame, summarize(frame, frame.keys[0], Resampling(n_resamples=50)))


def renamed(frame, *names):
    return Frame(dict(zip(names, frame.systems.values(), strict=True)), frame.profiles)


@pytest.fixture(scope="module")
def found(gainers):
    return drawn(gainers.frame())


def test_every_figure_comes_in_three_formats(found):
    assert set(found) == set(DRAWINGS) - {"score_by_k"}
    for formats in found.values():
        assert set(formats) == set(FORMATS)
        assert all(content.startswith(MAGIC[kind]) for kind, content in formats.items())
        assert b"<dc:date>" not in formats["svg"]
        assert b"CreationDate" not in formats["pdf"]


def test_figures_are_as_wide_as_columns_with_readable_truetype_text(gainers, found, monkeypatch):
    for formats in found.values():
        (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ", formats["pdf"])
        assert round(float(box) / 72, 2) in {3.3, 6.9}
        assert b"/FontFile2" in formats["pdf"]
        assert b"/Type3" not in formats["pdf"]
    sizes = []

    def savefig(figure, *args, **options):
        sizes.extend(text.get_fontsize() for text in figure.findobj(matplotlib.text.Text) if text.get_text())

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", savefig)
    drawn(gainers.frame())
    assert min(sizes) >= 7


def test_a_legend_counts_users_and_never_rounds_one_away(gainers):
    frame = gainers.frame()
    summary = summarize(frame, frame.keys[0], Resampling(n_resamples=50))
    summary["contrasts"]["own"][summary["score"]] |= {"users_better": 299, "users_worse": 1}
    (axes,) = DRAWINGS["sorted_gains"](frame, summary).axes
    assert "own: 299 gain, 1 lose" in [text.get_text() for text in axes.get_legend().get_texts()]


def test_the_same_numbers_give_the_same_bytes_and_the_users_settings_stay(gainers, found):
    before = dict(matplotlib.rcParams)
    assert drawn(gainers.frame()) == found
    assert dict(matplotlib.rcParams) == before


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("names", [("_a", "$x^{$", "a" * 300), ("<b>", "&amp;k0", "k=4")])
def test_odd_names_are_drawn(gainers, names):
    svg = drawn(renamed(gainers.frame(), *names))["systems"]["svg"].decode()
    assert re.search(r"</svg>\s*$", svg)


@pytest.mark.filterwarnings("error")
def test_few_and_equal_users_are_drawn():
    runs = {
        name: [measure(TASKS["LaMP_1"], ["[1]", "[2]"], ["[1]", "[1]"], ["1", "2"], users=["a", "b"])]
        for name in ("none", "own")
    }
    assert drawn(Frame(runs, [Profile(0, 0.0)] * 2)).keys() == DRAWINGS.keys() - {"score_by_k"}


@pytest.mark.parametrize("size", [0, 1, 5])
def test_every_panel_shows_users_whose_profiles_have_one_size(gainers, size):
    frame = gainers.frame()
    frame = Frame(frame.systems, [Profile(size, 0.5)] * len(frame.profiles))
    summary = summarize(frame, frame.keys[0], Resampling(n_resamples=50))
    panels = DRAWINGS["gain_by_profile_size"](frame, summary).axes
    assert len(panels) == 2
    for low, high in (panel.get_xlim() for panel in panels):
        assert low < size < high


SUMMARY = {"baseline": "none", "extremes": {"own": {"gain": [{"sample": "2"}], "lose": []}}}
PROFILES = {key: Profile(1, 0.0, "", f"text {key}") for key in "12"}


def scored(name, *outputs):
    return [measure(TASKS[name], outputs, ["gold 1", "gold 2"], ["1", "2"])]


def test_input_gold_and_both_outputs_are_shown_but_of_no_gated_task():
    systems = {
        "none": scored("LaMP_4", "a", "b"),
        "own": scored("LaMP_4", "c", "4"),
        "other": scored("LaMP_4", "e", "f"),
    }
    assert excerpts(SUMMARY, systems, PROFILES) == {
        "own": {"2": {"input": "text 2", "gold": "gold 2", "output of none": "b", "output of own": "4"}}
    }
    systems = {"none": scored("LaMP_6", "a", "b"), "own": scored("LaMP_6", "c", "d")}
    assert excerpts(SUMMARY, systems, PROFILES) == {}


pytest.importorskip("matplotlib")

FILES = {"report.html", "users.csv", "summary.json"} | {
    f"figures/{name}.{kind}" for name in DRAWINGS if name != "score_by_k" for kind in FORMATS
}


@pytest.fixture(scope="module")
def frame(gainers):
    return gainers.frame()


@pytest.fixture(scope="module")
def summary(frame):
    return summarize(frame, "MAE", Resampling(n_resamples=20)) | {"notes": ["3 outputs <were> odd"]}


@pytest.fixture(scope="module")
def written(frame, summary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports") / "report"
    write_folder(folder, frame, summary, {})
    return folder


def test_the_folder_is_whole(written, summary):
    assert set(tree(written)) == FILES
    assert json.loads((written / "summary.json").read_text()) == {"made_by": "lamp-metric report", **summary}
    page = (written / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg ") == 5


def test_a_row_per_user(written, frame, gainers):
    rows = list(csv.DictReader(io.StringIO((written / "users.csv").read_text())))
    assert [row["user"] for row in rows] == frame.names
    wanted = {
        number: (row, gainers.golds[row["id"]])
        for number, row in enumerate(gainers.rows)
        if row["user_id"] == rows[5]["user"]
    }
    errors = {
        system: [abs(int(outputs[row["id"]]) - int(gold)) for row, gold in wanted.values()]
        for system, outputs in gainers.outputs.items()
    }
    means = {system: sum(values) / len(values) for system, values in errors.items()}
    similarity = sum(frame.profiles[number].similarity for number in wanted) / len(wanted)
    expected = {
        "samples": len(wanted),
        "profile_size": len(next(iter(wanted.values()))[0]["profile"]),
        "similarity": similarity,
        **{f"{system} MAE": mean for system, mean in means.items()},
        **{f"{system} MAE gain": means["none"] - means[system] for system in ("own", "other")},
    }
    assert {key: float(value) for key, value in rows[5].items() if key != "user"} == pytest.approx(expected, rel=1e-5)
    assert users_csv(frame).encode() == (written / "users.csv").read_bytes()


def test_the_same_input_gives_the_same_folder_over_an_older_one(written, frame, summary):
    before = tree(written)
    write_folder(written, frame, summary, {})
    assert tree(written) == before
    assert os.listdir(written.parent) == ["report"]


@pytest.mark.parametrize("name", ["notes.txt", "figures/mine.svg", "report.html", "summary.json"])
def test_a_folder_that_holds_something_else_stays(frame, summary, tmp_path, name):
    (tmp_path / "out" / name).parent.mkdir(parents=True)
    (tmp_path / "out" / name).write_text("{}")
    before = tree(tmp_path)
    with pytest.raises(ValueError, match=f"{tmp_path / 'out'}: .*{name}"):
        write_folder(tmp_path / "out", frame, summary, {})
    assert tree(tmp_path) == before


def test_a_report_is_made_of_scored_runs_and_profiles(gainers, tmp_path):
    frame = gainers.frame()
    ids = frame.samples.ids
    profiles = {
        # in another order than the samples
        sample: Profile(size, 1.0, "exact", f"input {sample}")
        for sample, size in reversed(list(zip(ids, frame.sizes, strict=True)))
    }
    summary = make_report(tmp_path / "out", frame.systems, profiles, "MAE", Resampling(n_resamples=20))
    assert json.loads((tmp_path / "out" / "summary.json").read_text()).items() >= summary.items()
    assert summary["copies"]["exact"] == len(ids)
    bins = summary["by_profile_size"]["bins"]
    assert (bins[0]["low"], bins[-1]["high"]) == (min(frame.sizes), max(frame.sizes))
    sample = summary["extremes"]["own"]["gain"][0]["sample"]
    assert f"<dd>input {sample}</dd>" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_the_score_is_one_that_users_have():
    for name, key, expected in (("LaMP_3", None, "MAE"), ("LaMP_2", "accuracy", "accuracy")):
        assert check_score(TASKS[name], key) == expected
    for name, key in (("LaMP_3", "RMSE"), ("LaMP_2", "f1"), ("LaMP_4", "MAE")):
        with pytest.raises(ValueError, match=f"{name}.*'{key}'"):
            check_score(TASKS[name], key)


VOID = {"meta", "br", "path", "use", "rect", "image"}


class Checked(HTMLParser):
    """Collects tags, and fails where one is closed that was not opened last."""

    def __init__(self):
        super().__init__()
        self.open, self.found = [], []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def parsed(text):
    checked = Checked()
    checked.feed(text)
    assert checked.open == []
    return checked.found


SVG = (
    b'<?xml version="1.0"?><svg width="72pt" viewBox="0 0 1 1">'
    b'<defs><path id="a"/></defs><use href="#a" x="url(#a)"/></svg>'
)


def test_the_page_is_one_file_whose_figures_have_captions_and_ids_of_their_own(summary):
    text = page(summary, dict.fromkeys(CAPTIONS, SVG), {})
    tags = parsed(text)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in tags}
    assert not re.search(r"(?:src|href)=[\"'](?!#)", text)
    assert not re.search(r"@import|url\((?!#)|https?://", text)
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in tags
    assert set(CAPTIONS) == set(DRAWINGS)
    tags = parsed(page(summary, {"systems": SVG, "sorted_gains": SVG}, {}))
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert ids == ["systems-a", "sorted_gains-a"]
    assert [attributes["href"] for tag, attributes in tags if tag == "use"] == ["#systems-a", "#sorted_gains-a"]


def test_the_page_shows_the_summarys_numbers(summary):
    text = page(summary, {}, {})
    for system, found in summary["contrasts"].items():
        assert f">{system}<" in text
        assert f"{found['MAE']['gain']:+.4f}".replace("-", "−") in text
    assert summary["signature"] in text
    assert "3 outputs &lt;were&gt; odd" in text
    assert f"{summary['samples']:,} samples of 150 users" in text
    sizes = [summary["by_profile_size"]["bins"][place][end] for place, end in ((0, "low"), (-1, "high"))]
    assert "profile: median {median:g}, from {min} to {max}".format(**summary["profile_size"]) in " ".join(text.split())
    assert sizes == [summary["profile_size"][end] for end in ("min", "max")]


def test_what_was_found_comes_first_and_users_in_several_bins_are_explained(summary):
    found = {**summary["contrasts"]["own"]["MAE"], "gain": -0.5, "gain_ci": [-0.7, -0.3], "users_worse": 120}
    for gain, p, said in ((-0.5, 0.01, "is worse than"), (0.5, 0.01, "is better than"), (0.5, 0.05, "does not differ")):
        changed = {**summary, "contrasts": {"own": {"MAE": {**found, "gain": gain, "p_holm": p}}}}
        lead = " ".join(page(changed, {}, {}).partition('<p class="found">')[2].partition("</p>")[0].split())
        assert lead.startswith(f"In MAE, “own” {said}")
        assert lead.endswith("of 150 users gain, 120 lose.")
    again = "Users whose samples fall into several bins count in each"
    bins = [{**one, "users": 30} for one in summary["by_similarity"]["bins"]]
    few = {f"by_{trait}": {**summary[f"by_{trait}"], "bins": bins} for trait in ("profile_size", "similarity")}
    assert again not in page({**summary, **few}, {}, {})
    bins[0]["users"] = 31
    assert again in page({**summary, **few}, {}, {})


def test_it_says_which_way_is_better_and_shows_scores_by_k(summary):
    assert "MAE and RMSE, lower is better" in page(summary, {}, {})
    text = page({**summary, "directions": {"rouge-1": True, "value": False}}, {}, {})
    assert text.index("For rouge-1, higher is better.") < text.index("For value, lower is better, so a gain is")
    assert "retrieved" not in page(summary, {}, {})
    one = {"k": 4, "system": "k4", "score": 0.5, "score_ci": [0.4, 0.6]}
    assert "<h2>Score by number of retrieved items</h2>" in page({**summary, "by_k": [one, one]}, {}, {})


def test_names_cannot_break_the_page(gainers):
    frame = gainers.frame()
    names = ['<script>alert("x")</script>', "'\"><img src=x>", "a & b"]
    odd = Frame(dict(zip(names, frame.systems.values(), strict=True)), frame.profiles)
    found = summarize(odd, "MAE", Resampling(n_resamples=20))
    tags = {tag for tag, _ in parsed(page(found, {}, {}))}
    assert not {"script", "img"} & tags


USER = {
    "user": "<u>",
    "sample": "7",
    "gain": -0.5,
    "samples": 2,
    "profile_size": 12.5,
    "similarity": 0.25,
    "sample_gain": -1.0,
}


def test_users_at_the_ends_are_shown_with_a_sample_where_there_is_one(summary):
    found = {**summary, "extremes": {"own": {"lose": [USER], "gain": []}}}
    without = page(found, {}, {})
    for cell in ("&lt;u&gt;", "7", "−0.5000", "2", "12.5", "0.25"):
        assert f">{cell}</td>" in without
    assert "None." in without
    assert "<details>" not in without
    shown = page(found, {}, {"own": {"7": {"gold": "x" * 1000, "<i>": "<script>"}}})
    assert f"<dd>{'x' * (TEXT - 1)}…</dd>" in shown
    assert "<dt>&lt;i&gt;</dt><dd>&lt;script&gt;</dd>" in shown


def tables(text):
    """Title of a section -> number of rows of each table, and of cells without a value."""
    sections = {part.split("<", 1)[0]: part for part in text.split("<h2>")}
    return {
        title: ([table.count("<tr>") - 1 for table in part.split("<table")[1:]], part.count(">–<"))
        for title, part in sections.items()
    }


def test_tables_and_correlations_name_every_system(summary):
    found = tables(page(summary, {}, {}))
    assert found["Systems"] == ([6], 3)  # RMSE has no mean of users
    assert found["Gains over “none”"] == ([4], 0)
    assert found["Gain by size of the profile"][0] == found["Gain by similarity of the nearest profile item"][0] == [5]
    text = page(summary, {}, {})
    for name in ("own", "other"):
        assert len(re.findall(rf"^{name}: [\d−]", text, re.MULTILINE)) == 2
    flat = {**summary["by_similarity"], "spearman": {"own": {"rho": None, "rho_ci": None}}}
    assert "own: not defined, because one side is the same" in page({**summary, "by_similarity": flat}, {}, {})


def test_copies_say_what_is_left(summary):
    title = "Inputs that copy an item of the user&#39;s profile".replace("&#39;", "'")
    assert f"<p>0 of {summary['samples']:,} inputs" in page(summary, {}, {})
    some = {"exact": 2, "near": 1, "samples_without": 5, "users_without": 4, "contrasts_without": summary["contrasts"]}
    shown = page({**summary, "copies": some}, {}, {})
    assert "Without these: 5 samples of 4 users." in shown
    assert tables(shown)[title] == ([4], 0)
    assert "too few" in page({**summary, "copies": {**some, "contrasts_without": None}}, {}, {})
