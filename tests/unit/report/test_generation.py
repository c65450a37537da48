"""The page's section on generated molecules, of a made-up campaign in a real page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from screenmm.analysis.arms import Arm, Spent
from screenmm.analysis.generation import generation_of
from screenmm.analysis.metrics import make_metrics
from screenmm.figures.canvas import style
from screenmm.figures.figures import plots
from screenmm.figures.idea_figures import drift_figure
from screenmm.metrics.generation import Generation
from screenmm.metrics.model import as_json
from screenmm.report.report import render_report
from tests.unit.analysis.proposed import RECEPTOR, Made
from tests.unit.report.test_report import _parse
from tests.unit.screens import HOSTILE, Screen

AMIDE = {"reaction": "amide coupling", "blocks": ["NCc1ccccc1", "CC(=O)O"]}


def campaign(name: str = "") -> Generation:
    """Ideas of both arms in two rounds, with costs; ``name`` is that of every molecule."""
    made = Made()
    made.library()
    made.docked("KNOWN", "c1ccccc1O", 50, width=5, dg=-14.0, label=1)
    made.idea("SON", 5, ["LIB03"], smiles="c1ccncc1CO")
    made.idea("GRANDSON", 3, ["SON"], round=3, smiles="CC(=O)NCc1ccccc1", dg=-26.0)
    made.con.execute(
        "UPDATE lineage SET proposed_in = 3, reaction = ?, blocks = ? WHERE inchikey = 'GRANDSON'",
        [AMIDE["reaction"], AMIDE["blocks"]],
    )
    made.idea("OTHER", 80, ["LIB04"], drawn="blind")
    made.idea("LOST", None, ["LIB04"], drawn="blind", round=3)
    made.docked("NEAR", "c1ccncc1", 90, drawn="neighbour", round=2)
    made.left_out(4, "hard_to_make")
    if name:
        made.con.execute("UPDATE sources SET name = ?", [name])
        made.con.execute("UPDATE ranking SET name = ?", [name])
        made.con.execute("UPDATE lineage SET operation = ?, reaction = ?, proposer = ?", [name] * 3)
        made.con.execute("UPDATE lineage SET blocks = ?, route = ?", [[name], name])
    spent = {Arm.LEARNED: Spent(4.0, 1.0), Arm.BLIND: Spent(4.0, 1.0)}
    found = generation_of(made.con, RECEPTOR, 1, spent)
    made.con.close()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def made() -> Generation:
    return campaign()


def page(con, screen: Screen, made: Generation | None) -> str:
    metrics = make_metrics(con, screen.settings.name)
    metrics = metrics.model_copy(update={"generation": made} if made else {})
    return render_report(con, metrics, screen.settings)


def section(html: str) -> str:
    found = re.search(r'<section id="generation".*?</section>', html, re.DOTALL)
    assert found is not None
    return found[0]


@pytest.fixture(scope="module")
def html(ranked, screen: Screen, made: Generation) -> str:
    return page(ranked, screen, made)


def row(html: str, caption: str, first: str) -> list[str]:
    """Cells of a table's row, as text."""
    table = html.partition(f'<caption id="{caption}">')[2].partition("</table>")[0]
    found = re.search(rf'<tr>(?:(?!</tr>).)*<th scope="row"[^>]*>{first}</th>.*?</tr>', table, re.S)
    assert found is not None, (caption, first)
    cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", found[0], re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", " ", cell).split()) for cell in cells]


def test_without_generation_there_is_no_section(ranked, screen: Screen) -> None:
    plain = page(ranked, screen, None)
    assert 'id="generation"' not in plain
    assert ">Ideas<" not in plain


def test_the_verdict_comes_first(html: str, made: Generation) -> None:
    own = section(html)
    verdicts = re.findall(r'<p class="verdict">(.*?)</p>', own)
    assert verdicts == [each.text.replace("'", "&#39;") for each in made.comparisons]
    assert own.index("verdict") < own.index("<table")
    assert '<a href="#generation">Ideas</a>' in html


def test_arms_stand_with_their_rates_and_costs(html: str) -> None:
    own = section(html)
    learned = row(own, "c-arms", "Learned")
    assert learned[:4] == ["Learned", "2", "2", "2"]
    assert learned[4].startswith("100.0 ")
    assert learned[5] == "4.000"
    assert learned[7:] == ["2.000", "1.00", "0.50"]
    assert row(own, "c-arms", "Blind")[1:4] == ["2", "1", "0"]
    assert row(own, "c-arms", "Neighbours")[5:] == [""] * 5
    assert row(own, "c-outcomes", "Blind")[1:] == ["0", "1", "1"]
    assert row(own, "c-proposals", "Filtered") == ["Filtered", "hard to make", "4"]
    assert row(own, "c-proposals", "Docked") == ["Docked", "", "4"]


def test_the_best_ideas_say_how_to_make_them_and_what_they_came_to(html: str) -> None:
    own = section(html)
    best = row(own, "c-ideas", "name of GRANDSON")
    assert best[2:] == [
        "Learned round 3", "name of SON fragments: replaced",
        "amide coupling NCc1ccccc1 CC(=O)O SA score 2.5", "3 3 to 3", "accepted",
    ]  # fmt: skip
    other = row(own, "c-ideas", "name of OTHER")
    assert other[4] == "No reaction is known SA score 2.5"
    assert other[-1] == "not beyond the best known"


def test_the_tree_nests_and_draws_what_is_known(html: str) -> None:
    tree = re.search(r'<ul class="tree".*</ul>', section(html), re.DOTALL)
    assert tree is not None
    root = ET.fromstring(tree[0])
    names = [each.findtext("div/div/p/b") for each in root.iter("li")]
    assert names == ["name of GRANDSON", "name of SON", "name of LIB03"]
    (first,) = root.findall("li")
    assert first.find("ul").get("aria-label") == "Parents of name of GRANDSON"
    assert len(root.findall(".//svg")) == 3
    assert "Of the library" in tree[0]


def test_properties_stand_beside_the_librarys(html: str) -> None:
    own = section(html)
    assert row(own, "c-properties", "The library&#39;s best")[1] == "3"
    assert row(own, "c-properties", "Learned")[7] == "100 %"
    assert row(own, "c-drift", "Learned")[1:4] == ["2", "1", "8.0"]


def test_the_section_is_accessible_and_follows_the_theme(html: str) -> None:
    parsed = _parse(html)
    ids = [attrs["id"] for _, attrs in parsed.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    own = _parse(section(html))
    tags = [tag for tag, _ in own.tags]
    assert tags.count("caption") == tags.count("table") == 6
    assert all("scope" in attrs for tag, attrs in own.tags if tag == "th")
    assert all(attrs.get("aria-label") for tag, attrs in own.tags if tag == "svg")
    labels = {attrs["aria-labelledby"] for _, attrs in own.tags if "aria-labelledby" in attrs}
    assert labels <= set(ids)
    assert "script" not in tags
    assert not any("style" in attrs for _, attrs in own.tags)
    headings = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
    assert all(later <= before + 1 for before, later in pairwise(headings))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_escaped(ranked, screen: Screen, name: str) -> None:
    own = _parse(section(page(ranked, screen, campaign(name))))
    assert not {"script", "img"} & {tag for tag, _ in own.tags}
    shown = " ".join(" ".join(text for _, text in own.texts).split())
    assert " ".join(name.split()) in shown


def test_nothing_docked_is_shown_as_that(ranked, screen: Screen) -> None:
    made = Made()
    made.left_out(2, "no_route")
    own = section(page(ranked, screen, generation_of(made.con, RECEPTOR)))
    assert own.count("is not known") == 2
    assert "nothing tells what an idea must lie beyond" in own
    assert 'class="tree"' not in own
    assert "c-ideas" not in own


def test_the_drift_is_drawn_with_its_numbers(made: Generation) -> None:
    with style():
        (plot,) = drift_figure(made)
        assert drift_figure(made.model_copy(update={"drift": []})) == []
        alone = [each for each in made.drift if each.group == "neighbour"]
        assert drift_figure(made.model_copy(update={"drift": alone})) == []
    assert ET.fromstring(plot.svg).get("aria-label") == plot.alt
    assert "heavy atoms learned 8.0 to 11.0, blind 6.0, neighbours 6.0, the library's best" in (
        plot.alt
    )
    assert [each[:3] for each in plot.rows[:3]] == [
        ["learned", 2, 1], ["learned", 3, 1], ["blind", 2, 1],
    ]  # fmt: skip
    assert plot.csv.startswith("group,round,molecules,heavy_atoms,logp")


def test_the_figure_stands_among_the_others(ranked, screen: Screen, made: Generation) -> None:
    metrics = make_metrics(ranked, screen.settings.name)
    none = {plot.name for plot in plots(ranked, metrics, screen.settings)}
    with_it = metrics.model_copy(update={"generation": made})
    assert {plot.name for plot in plots(ranked, with_it, screen.settings)} - none == {"idea-drift"}


def test_what_is_written_is_what_was_made(made: Generation) -> None:
    assert Generation.model_validate_json(made.model_dump_json()) == made
    assert as_json(made)["tree"]["parents"][0]["parents"][0]["inchikey"] == "LIB03"
