"""The manual builds without a warning, holds every page, and fetches nothing from elsewhere."""

import re
import shutil
import subprocess
import sys

import pytest
import yaml
from blocks import ROOT

CONFIG = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
PAGES = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site. Strict: a broken link, anchor or reference is an error."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    for name in ("docs", "lamp_dataset", "lamp_metric", "avocado_builder"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder / "site"


def nav_pages(entries):
    for entry in entries:
        for value in entry.values():
            yield from [value] if isinstance(value, str) else nav_pages(value)


def test_every_page_is_in_the_nav_once():
    nav = yaml.safe_load(CONFIG)["nav"]
    assert sorted(nav_pages(nav)) == PAGES


def test_every_page_is_built_whole_and_fetches_nothing(site):
    assert [page for page in PAGES if not (site / page).with_suffix(".html").is_file()] == []
    fetched = re.compile(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=[\"']?((?:https?:)?//[^\"' >]+)")
    for page in site.rglob("*.html"):
        assert fetched.findall(page.read_text(encoding="utf-8")) == [], page
    for style in site.rglob("*.css"):
        assert re.findall(r"url\([\"']?(?:https?:)?//", style.read_text(encoding="utf-8")) == [], style
    assert (site / "search.js").is_file()
    assert (site / "iframe-worker.js").is_file()
    assert "iframe-worker.js" in (site / "index.html").read_text(encoding="utf-8")
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<!-- generated" not in text, page
        assert re.findall(r":(?:func|class|meth|data|mod):", text) == [], page
        assert "&gt;&gt;&gt; " not in re.sub(r"<pre.*?</pre>", "", text, flags=re.S), page


@pytest.mark.parametrize("package", ["lamp_dataset", "lamp_metric", "avocado_builder"])
def test_the_contents_of_the_reference_are_the_public_names(package, site):
    page = (ROOT / "docs" / "reference" / f"{package}.md").read_text(encoding="utf-8")
    public = re.findall(r"^::: ([\w.]+)$", page.partition("\n## What these names use\n")[0], re.MULTILINE)
    assert sorted(name.rpartition(".")[2] for name in public) == sorted(__import__(package).__all__)
    text = (site / "reference" / f"{package}.html").read_text(encoding="utf-8")
    assert {*public} <= {*re.findall(r'<h\d id="([\w.]+)"', text)}
