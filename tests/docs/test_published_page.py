"""The page of published results is made from the package's table, and shows all of it."""

import importlib.util
import re
from collections import Counter

import pytest
from blocks import ROOT

from lamp_metric import PUBLISHED

pytest.importorskip("markdown", reason="the manual's generator comes with the extra docs")
SPEC = importlib.util.spec_from_file_location("generated", ROOT / "docs" / "_hooks" / "generated.py")
generated = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(generated)
SOURCE = (ROOT / "docs" / "explanation" / "published.md").read_text(encoding="utf-8")
PAGE = generated.fill(SOURCE)


def cells(page):
    """Each cell of the page's tables as a list of numbers, "1.049" and ".734" alike."""
    rows = [line for line in page.splitlines() if line.startswith("|")]
    found = (cell.strip() for row in rows for cell in row.split("|"))
    return [tuple(map(float, cell.split("/"))) for cell in found if re.fullmatch(r"[\d.]+(/[\d.]+)?", cell)]


def test_every_published_score_is_on_the_page_once():
    assert Counter(cells(PAGE)) == Counter(tuple(row.scores.values()) for row in PUBLISHED)
    assert cells(SOURCE) == []


def test_rows_of_the_tables_have_the_cells_of_their_header():
    tables = re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE)
    assert len(tables) == 6
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_a_row_by_system_and_a_row_by_retriever():
    assert (
        "| GPT-3.5, zero-shot, retrieval | .634 | .466/.418 | .603/1.002 | .158/.140 | .425/.351 | – | .382/.318 |\n"
    ) in PAGE
    assert "| LaMP_3_time | MAE/RMSE | .335/.639 | .293/.585 | .305/.596 | .297/.592 |\n" in PAGE
