import re

import pytest

from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.report.figures import DRAWINGS, FORMATS, figures
from lamp_metric.report.gains import Frame
from lamp_metric.report.profile_similarity import Profile
from lamp_metric.report.summary import summarize
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
