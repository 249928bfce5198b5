"""CITATION.cff is of this version, and refers to the paper that the table cites."""

import yaml
from blocks import ROOT

from lamp_dataset import __version__
from lamp_dataset.tasks import CITATION


def test_it_cites_this_version_and_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (__version__, "Apache-2.0")
    assert citation["authors"] == [{"name": "lamp-hf contributors"}]
    [paper] = citation["references"]
    assert paper["url"] in CITATION
    assert [f"{author['given-names']} {author['family-names']}" in CITATION for author in paper["authors"]] == [
        True
    ] * 4
