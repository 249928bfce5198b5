"""nltk's data: WordNet from Debian's packages, or else a made-up one, and a made-up punkt_tab."""

import shutil
from pathlib import Path

import pytest

#: Of the packages wordnet-base and wordnet-sense-index.
DEBIAN = Path("/usr/share/wordnet")
#: Offset, part of speech, words of each synset; "taxi" and "cab" are synonyms, and so are "big" and "large".
SYNSETS = [("noun", "n", ["taxi", "cab"]), ("noun", "n", ["cat"]), ("adj", "a", ["big", "large"])]
KINDS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}


def made_up(folder):
    """The few synsets as files in WordNet's format."""
    header = "  1 WordNet 3.0 Copyright, made up  \n"
    for kind, letter in KINDS.items():
        data, index = header, header
        for _, _, words in (synset for synset in SYNSETS if synset[0] == kind):
            offset = f"{len(data):08d}"
            data += f"{offset} 03 {letter} {len(words):02x} {' '.join(f'{word} 0' for word in words)} 000 | made up  \n"
            index += "".join(f"{word} {letter} 1 0 1 0 {offset}  \n" for word in words)
        (folder / f"data.{kind}").write_text(data)
        (folder / f"index.{kind}").write_text(index)
        (folder / f"{kind}.exc").write_text("")
    for name in ("cntlist.rev", "index.sense"):
        (folder / name).write_text("")


@pytest.fixture(scope="session")
def nltk_data(tmp_path_factory):
    """A folder for nltk with WordNet and punkt_tab, where nltk looks first."""
    nltk = pytest.importorskip("nltk", reason="an extra that is not installed")
    root = tmp_path_factory.mktemp("nltk_data")
    wordnet, punkt = root / "corpora" / "wordnet", root / "tokenizers" / "punkt_tab" / "english"
    punkt.mkdir(parents=True)
    for name in ("collocations.tab", "sent_starters.txt", "abbrev_types.txt", "ortho_context.tab"):
        (punkt / name).write_text("")
    if (DEBIAN / "index.sense").exists():
        shutil.copytree(DEBIAN, wordnet, ignore=lambda folder, names: [name for name in names if "." not in name])
    else:
        wordnet.mkdir(parents=True)
        made_up(wordnet)
    (wordnet / "lexnames").write_text("".join(f"{number:02d}\tmade.up{number}\t1\n" for number in range(45)))
    nltk.data.path.insert(0, str(root))
    return root
