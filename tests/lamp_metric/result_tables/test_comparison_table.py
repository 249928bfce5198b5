import csv
import json
from dataclasses import replace

import pytest

from lamp_metric.result_tables.comparison_table import FORMATS, Contrast, _difference, _text
from lamp_metric.result_tables.published import published_rows
from lamp_metric.statistics.compare_systems import compare

GOLDS = [str(1 + i % 5) for i in range(60)]
OWN = [[gold if i % k else "3" for i, gold in enumerate(GOLDS)] for k in (3, 4)]
FOUND = compare(
    {"no|profile_1": ["3"] * 60, "own & all": OWN},
    task="LaMP_3",
    references=GOLDS,
    users=[f"u{i % 31}" for i in range(60)],
    n_resamples=200,
)
MAE = FOUND.contrasts["own & all"]["MAE"]


def test_text_has_a_line_for_each_system_and_score():
    lines = FOUND.to_text().splitlines()
    assert " ".join(lines[0].split()) == (
        "system score value ± seeds difference interval p p (Holm) won/tied/lost detectable"
    )
    assert lines[1].split() == ["no|profile_1", "MAE", "1.2000"]
    low, high = MAE.difference_ci
    assert lines[3].split() == [
        *["own", "&", "all", "MAE"], f"{FOUND.systems['own & all'].scores['MAE']:.4f}",
        f"{FOUND.systems['own & all'].spread['MAE']:.4f}", f"{MAE.difference:+.4f}", f"[{low:.4f},", f"{high:.4f}]",
        f"{MAE.p_value:.4f}", f"{MAE.p_holm:.4f}", f"{MAE.wins}/{MAE.ties}/{MAE.losses}", f"{MAE.detectable:.4f}",
    ]  # fmt: skip
    assert lines[-1] == FOUND.signature


def test_markdown_is_a_table_with_as_many_cells_in_each_line():
    lines = FOUND.to_markdown().splitlines()[:4]
    assert {line.replace("\\|", "").count("|") for line in lines} == {8}
    assert lines[0].startswith("| system | MAE ↓ | difference from no\\|profile_1 |")
    assert lines[2].startswith("| no\\|profile_1 | 1.200 |")


def test_latex_has_booktabs_escapes_names_and_marks_the_best():
    lines = FOUND.to_latex().splitlines()
    rules = [line for line in lines if line.endswith("rule")]
    assert rules == ["\\toprule", "\\midrule", "\\bottomrule"]
    rows = [line for line in lines if line.endswith("\\\\")]
    assert [row.replace("\\&", "").count("&") for row in rows] == [6, 6, 6, 4]
    assert rows[1].startswith("no|profile\\_1 & 1.200 &")
    assert rows[2].startswith("own \\& all & \\textbf{")
    assert rows[3].startswith(r" & \scriptsize $\pm0.071$ & \multicolumn{2}{r}{\scriptsize $[-1.009, -0.680]$} & ")
    assert f"% {FOUND.signature}" in lines


def test_csv_has_every_digit_and_no_name_that_a_spreadsheet_would_run():
    rows = list(csv.DictReader(FOUND.to_csv().splitlines()))
    assert [(row["system"], row["score"]) for row in rows[:3]] == [
        ("no|profile_1", "MAE"),
        ("no|profile_1", "RMSE"),
        ("own & all", "MAE"),
    ]
    assert (rows[0]["difference"], rows[0]["wins"], rows[0]["runs"]) == ("", "", "1")
    figures = [float(rows[2][name]) for name in ("difference", "p_holm", "difference_low", "wins")]
    assert figures == [MAE.difference, MAE.p_holm, MAE.difference_ci[0], MAE.wins]
    systems = {f"=cmd|{name}": system for name, system in FOUND.systems.items()}
    line = replace(FOUND, systems=systems).to_csv().splitlines()[1]
    assert line.startswith("'=cmd|no|profile_1,MAE,1.2,")


@pytest.mark.parametrize("form", FORMATS)
def test_scores_without_values_by_sample_and_equal_systems_have_empty_cells(form):
    same = {"a": ["[1]", "[2]"] * 20, "b": ["[1]", "[2]"] * 20}
    found = compare(same, task="LaMP_1", references=["[1]", "[2]"] * 20, n_resamples=50)
    shown = getattr(found, f"to_{form}")()
    assert "None" not in shown
    assert "nan" not in shown


def test_published_results_are_extra_rows_and_those_of_other_data_are_marked():
    rows = published_rows("LaMP_3", "test")
    first, other = rows[0], next(row for row in rows if not row.comparable)
    assert first.comparable
    shown = {form: getattr(FOUND, f"to_{form}")(rows) for form in FORMATS}
    assert "\nP: PPlug, arXiv 2409.11901, Table 1\n" in shown["text"]
    assert len(json.loads(shown["json"])["published"]) == len(rows)
    for form in ("text", "markdown", "csv"):
        assert first.marked in shown[form].replace('"', "")
        assert other.marked.endswith(" †")
        assert other.marked in shown[form].replace('"', "")
        assert f"{first.marked} †" not in shown[form].replace('"', "")
    tables = [line for line in shown["latex"].splitlines() if line.endswith("\\\\")]
    groups = {(row.config, row.split) for row in rows}
    assert len(tables) == 1 + 2 + 1 + len(groups) + len(rows)
    assert len([line for line in tables if line.replace("\\&", "").count("&") == 6]) == 1 + 2 + len(rows)
    assert sum("dagger" in line for line in tables) == len(groups - {("LaMP_3", "test")})
    assert rf"\scriptsize {first.label} ({first.source}) & " in shown["latex"]
    assert "% L: the benchmark's leaderboard" in shown["latex"]
    assert len({line.count(",") for line in shown["csv"].replace(", ", "").splitlines()}) == 1


CONTRAST = Contrast(-0.25, [-0.5, 0.0], 0.125, 0.35, 0.0004, 0.0008, "own", 7, 2, 1)


def test_a_contrast_in_cells():
    assert _text(CONTRAST) == ["-0.2500", "[-0.5000, 0.0000]", "<.001", "<.001", "7/2/1", "0.3500"]
    assert _difference(CONTRAST) == ("-0.250", "[-0.500, +0.000]", "<.001")
    assert _text(replace(CONTRAST, wins=None, ties=None, losses=None, detectable=None))[-2:] == ["", ""]
    assert (set(_text(None)), set(_difference(None))) == ({""}, {""})


#: By their errors a beats b and c, and b beats c; d is as good as a.
SIDES = {"a": ["3"] * 40, "b": ["4"] * 30 + ["3"] * 10, "c_1": ["5"] * 40, "d": ["3"] * 38 + ["4"] * 2}


def pairs_of(systems):
    return compare(systems, task="LaMP_3", references=["3"] * 40, n_resamples=2000, all_pairs=True)


def test_all_pairs_are_below_the_systems_in_every_format():
    found = pairs_of(SIDES)
    lines = [line.split() for line in found.to_text().splitlines()]
    start = lines.index(
        ["system", "from", "score", "difference", "interval", *["p", "p", "(Holm)", "won/tied/lost", "detectable"]]
    )
    assert lines[start + 1][:4] == ["b", "a", "MAE", "+0.7500"]
    assert [line[:2] for line in lines[start + 1 : start + 13 : 2]] == [
        ["b", "a"], ["c_1", "a"], ["d", "a"], ["c_1", "b"], ["d", "b"], ["d", "c_1"],
    ]  # fmt: skip
    assert "| d | c_1 | MAE | -1.950 | [" in found.to_markdown()
    pair = json.loads(found.to_json())["pairs"][-2]
    assert (pair["system"], pair["baseline"], pair["score"]) == ("d", "c_1", "MAE")
    assert {"difference", "difference_ci", "p", "p_holm", "wins"} < pair.keys()
    rows = list(csv.DictReader(found.to_csv().splitlines()))
    assert len(rows) == 8 + 6  # those with the baseline stand beside their systems
    assert (float(rows[2]["p_holm_pairs"]), rows[2]["baseline"]) == (found.pairs[0].contrast.p_holm, "a")
    assert (rows[-2]["system"], rows[-2]["baseline"], rows[-2]["value"]) == ("d", "c_1", "")
    assert float(rows[-2]["difference"]) == pair["difference"]
    assert len({line.count("|") for line in found.to_markdown().splitlines() if line.startswith("| d |")}) == 2


def test_letters_say_who_beats_whom_and_the_best_is_bold_only_if_it_beats_the_second():
    rows = {
        line.partition("$^{")[2][0]: line
        for line in pairs_of(SIDES).to_latex().splitlines()
        if "& 0." in line or "& 2." in line
    }
    assert rows["a"].startswith("$^{a}$a & 0.000$^{bc}$ &")  # not bold: d differs by chance
    assert rows["b"].startswith("$^{b}$b & 0.750$^{c}$ &")
    assert rows["c"].startswith("$^{c}$c\\_1 & 2.000 &")
    assert rows["d"].startswith("$^{d}$d & 0.050$^{bc}$ &")
    alone = pairs_of({name: SIDES[name] for name in "ba"}).to_latex()
    assert "$^{b}$a & \\textbf{0.000}$^{a}$ &" in alone
    tied = pairs_of({"a": SIDES["a"], "again": SIDES["a"]}).to_latex()
    assert "textbf" not in tied
