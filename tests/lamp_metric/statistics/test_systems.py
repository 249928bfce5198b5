from dataclasses import replace

from lamp_metric.statistics.systems import Contrast, difference_cells, text_cells

CONTRAST = Contrast(-0.25, [-0.5, 0.0], 0.125, 0.35, 0.0004, 0.0008, "own", 7, 2, 1)


def test_a_contrast_in_cells():
    assert text_cells(CONTRAST) == ["-0.2500", "[-0.5000, 0.0000]", "0.0004", "0.0008", "7/2/1", "0.3500"]
    assert difference_cells(CONTRAST, "{} {}") == ["-0.250 [-0.500, +0.000]", "<.001"]


def test_what_does_not_exist_is_an_empty_cell():
    assert text_cells(replace(CONTRAST, wins=None, ties=None, losses=None, detectable=None))[-2:] == ["", ""]
    assert (set(text_cells(None)), set(difference_cells(None, "{} {}"))) == ({""}, {""})
