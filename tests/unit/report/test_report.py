from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable
from html import escape, unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rdkit import Chem

from screenmm.analysis.metrics import make_metrics
from screenmm.analysis.picks import pick
from screenmm.exports.complexes import write_complexes
from screenmm.exports.hits import write_hits
from screenmm.metrics.counts import LabelConflict, LabelConflicts
from screenmm.metrics.redocking import Redocking
from screenmm.report.hit_table import CHUNK
from screenmm.report.report import render_report
from screenmm.tables.dictionary import listed, names, ranking
from tests.unit.made_up import redocking
from tests.unit.screens import HOSTILE, RESIDUES, Screen

VOID = {"meta", "input", "br", "link", "img"}
DATA = "text/plain"


class _Page(HTMLParser):
    """Collects tags, texts and attributes, and checks that elements nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))


def _parse(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


def _data(html: str) -> dict[str, Any]:
    """What the page unpacks in the browser, libraries left out."""
    blocks = re.findall(rf'<script type="{DATA}" id="d-([^"]*)">([^<]*)</script>', html)
    return {
        name: json.loads(gzip.decompress(base64.b64decode(text)))
        for name, text in blocks
        if name != "3dmol"
    }


@pytest.fixture(scope="module")
def html(screen: Screen, ranked) -> str:
    return render_report(ranked, make_metrics(ranked, screen.settings.name), screen.settings)


@pytest.fixture(scope="module")
def results(screen: Screen, ranked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hits and complexes, as the stage before leaves them."""
    folder = tmp_path_factory.mktemp("results")
    write_hits(ranked, screen.sdf, folder / "hits.sdf")
    write_complexes(ranked, folder / "hits.sdf", screen.structures, folder / "complexes", 2)
    return folder


@pytest.fixture(scope="module")
def posed(screen: Screen, ranked, results: Path) -> str:
    metrics = make_metrics(ranked, screen.settings.name)
    return render_report(ranked, metrics, screen.settings, results=results)


def test_elements_nest_and_nothing_comes_from_outside(html: str, posed: str) -> None:
    for page in (_parse(html), _parse(posed)):
        tags = [tag for tag, _ in page.tags]
        assert not {"link", "img", "iframe", "object"} & set(tags)
        links = [a[k] for _, a in page.tags for k in ("href", "src", "xlink:href") if k in a]
        assert links
        assert all(link.startswith("#") for link in links)
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert len(ids) == len(set(ids))
        assert {link[1:] for link in links} <= set(ids)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html).group(1)
    assert "default-src 'none'" in policy
    assert not re.search(r"https?:|\*|connect-src|unsafe-eval", policy)


@pytest.mark.parametrize("column", ["name", "aliases", "smiles"])
def test_hostile_text_is_escaped_or_packed_everywhere(screen: Screen, con, column: str) -> None:
    for i, name in enumerate(HOSTILE):
        con.execute(f"UPDATE ranking SET {column} = ? WHERE rank % 6 = ?", [name, i])
        con.execute(
            "UPDATE ledger SET name = ?, message = ?, reason = ? WHERE position % 6 = ?",
            [name, name, name, i],
        )
    html = render_report(con, make_metrics(con, screen.settings.name), screen.settings)
    page = _parse(html)
    data = _data(html)
    assert sum(tag == "script" for tag, _ in page.tags) == 2 + len(data)
    assert not any("onerror" in attrs for _, attrs in page.tags)
    shown = " ".join(" ".join(text for _, text in page.texts).split())
    assert all(" ".join(name.split()) in shown for name in HOSTILE)
    assert set(HOSTILE) <= {*data["values-0"][column], *data["values-1"][column]}
    assert "49 &" not in shown  # {{ 7*7 }} stays what it is


def test_tables_and_controls_are_accessible(html: str, posed: str) -> None:
    page = _parse(posed)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("caption") == tags.count("table")
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    assert [a["lang"] for tag, a in page.tags if tag == "html"] == ["en"]
    drawn = [a for tag, a in page.tags if tag == "svg"]
    assert drawn
    assert all(a.get("role") == "img" and a.get("aria-label") for a in drawn)
    assert {"header", "nav", "main"} <= set(tags)
    headings = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
    assert headings[0] == 1
    assert all(later <= before + 1 for before, later in pairwise(headings))


def test_the_page_is_the_same_again_and_carries_no_date(
    screen: Screen, ranked, results: Path, html: str, posed: str
) -> None:
    metrics = make_metrics(ranked, screen.settings.name)
    assert render_report(ranked, metrics, screen.settings) == html
    assert render_report(ranked, metrics, screen.settings, results=results) == posed
    dated = render_report(ranked, metrics, screen.settings, date="2026-01-31")
    assert "2026-01-31" in dated
    own = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", own)


def test_the_page_has_the_ranking_as_the_csv_has_it(ranked, html: str) -> None:
    data = _data(html)
    for i, receptor in enumerate(("wt", "V678F")):
        rows = ranked.execute(
            f"SELECT {listed(ranking())} FROM ranking WHERE receptor = ? ORDER BY rank", [receptor]
        ).fetchall()
        for column, values in zip(ranking(), zip(*rows, strict=True), strict=True):
            kept = data[f"values-{i}"][column.name]
            if column.decimals is None:
                assert kept == list(values)
            else:
                expected = [None if v is None else round(v, column.decimals) for v in values]
                assert kept == pytest.approx(expected, abs=1e-9)
        assert [key for key, _ in data[f"head-{i}"]["csv"]] == names(ranking())


def test_each_state_is_drawn_once_however_many_receptors_it_has(con, html: str) -> None:
    data = _data(html)
    drawings = [each for name in data if name.startswith("drawings-") for each in data[name]]
    states = con.execute("SELECT count(DISTINCT coalesce(state_smiles, smiles)) FROM ranking")
    assert len(drawings) == states.fetchone()[0]
    assert all("<path" in each for each in drawings)
    for i in (0, 1):
        numbers = data[f"head-{i}"]["drawing"]
        assert len(numbers) == len(data[f"values-{i}"]["rank"])
        assert max(numbers) < len(drawings)


def test_long_rankings_are_cut_to_the_asked_rows_and_say_so(screen: Screen, ranked) -> None:
    ranking = screen.settings.ranking.model_copy(update={"table_rows": 3})
    settings = screen.settings.model_copy(update={"ranking": ranking})
    html = render_report(ranked, make_metrics(ranked, settings.name), settings)
    assert [len(_data(html)[f"values-{i}"]["rank"]) for i in (0, 1)] == [3, 3]
    assert "The best 3 of 14 ranked ligands for wt; the other 11 are in" in html


def test_columns_without_values_are_not_offered(screen: Screen, con) -> None:
    con.execute("UPDATE ranking SET cnn_score = NULL, cnn_affinity_pk = NULL")
    data = _data(render_report(con, make_metrics(con, "x"), screen.settings))
    offered = {column["key"] for column in data["head-0"]["columns"]}
    assert {"rank", "dg_mmgbsa_kcal_mol", "dock_score_kcal_mol"} <= offered
    assert not {"cnn_score", "cnn_affinity_pk"} & offered


def test_an_empty_ranking_still_makes_a_page(screen: Screen, con) -> None:
    con.execute("DELETE FROM ranking")
    html = render_report(con, make_metrics(con, "x"), screen.settings)
    _parse(html)
    assert html.count("No ligand is ranked for") == 2


def test_details_say_where_a_ligand_came_from_and_what_holds_it(ranked, html: str) -> None:
    data = _data(html)
    for i, key in enumerate(data["values-0"]["inchikey"]):
        details = data[f"details-0-{i // CHUNK}"][i % CHUNK]
        records = ranked.execute(
            "SELECT file, position, name, label, affinity_kcal_mol FROM membership "
            "JOIN sources USING (record) WHERE inchikey = ? ORDER BY ordinal",
            [key],
        ).fetchall()
        assert details["records"] == [list(record) for record in records]
        residues = dict(
            ranked.execute(
                "SELECT residue, total_kcal_mol FROM residue_energies "
                "WHERE receptor = 'wt' AND inchikey = ?",
                [key],
            ).fetchall()
        )
        sent = [(residue, total) for residue, total, *_ in details["residues"]]
        assert sent == sorted(sent, key=lambda each: -abs(each[1]))
        assert dict(sent) == pytest.approx(
            {r: t for r, t in residues.items() if abs(t) >= 0.05}, abs=6e-4
        )
        assert set(residues) <= set(RESIDUES)


def test_poses_are_those_of_the_hits(results: Path, posed: str) -> None:
    """As many as there are, each in its place; none where there is none."""
    data = _data(posed)
    by_rank = {}
    for mol in Chem.SDMolSupplier(str(results / "hits.sdf"), removeHs=False):
        by_rank[mol.GetProp("receptor"), int(mol.GetProp("rank"))] = mol
    sent = 0
    for i, receptor in enumerate(("wt", "V678F")):
        for row, rank in enumerate(data[f"values-{i}"]["rank"]):
            block = data[f"poses-{i}-{row // CHUNK}"][row % CHUNK]
            expected = by_rank.get((receptor, rank))
            assert (block is None) == (expected is None)
            assert data[f"head-{i}"]["posed"][row] == (block is not None)
            if expected is not None:
                mol = Chem.MolFromMolBlock(f"title\n{block}", removeHs=False)
                assert Chem.MolToSmiles(mol) == Chem.MolToSmiles(expected)
                xyz, there = (m.GetConformer().GetPositions() for m in (mol, expected))
                assert xyz == pytest.approx(there)
                sent += 1
    assert sent == len(by_rank) > 0


def test_the_view_library_comes_only_with_views(html: str, posed: str) -> None:
    assert 'id="d-3dmol"' in posed
    assert 'id="d-3dmol"' not in html
    assert "GLmol" in posed  # its licence comes along
    assert "GLmol" not in html


def test_receptors_have_tabs_and_only_the_first_is_open(posed: str) -> None:
    page = _parse(posed)
    panels = [a for tag, a in page.tags if a.get("role") == "tabpanel"]
    assert [panel["id"] for panel in panels] == ["r-wt", "r-V678F"]
    assert ["hidden" in panel for panel in panels] == [False, True]


@pytest.fixture
def finds(screen: Screen, ranked) -> Callable[[dict[str, Redocking]], str]:
    def render(redock: dict[str, Redocking]) -> str:
        metrics = make_metrics(ranked, screen.settings.name).model_copy(update={"redock": redock})
        return render_report(ranked, metrics, screen.settings)

    return render


def test_the_redock_control_stands_with_the_verdict(finds) -> None:
    told = redocking(passed=False, text="Best of 9 poses at 4.2 Å: <not> found.")
    top = finds({"wt": told}).split("<dl")[0]
    assert "Best of 9 poses at 4.2 Å: &lt;not&gt; found." in top
    assert 'class="verdict bad"' in top
    assert 'class="verdict bad"' not in finds({}).split("<dl")[0]


def test_pick_cards_warn_and_conflicting_answers_are_said(screen: Screen, con) -> None:
    con.execute(
        "UPDATE ranking SET pose_checks_passed = 1, interactions = 'salt bridge A:ASP:902', "
        "pose_checks_failed = 'bond_lengths;internal_energy' WHERE receptor = 'wt' AND rank = 1"
    )
    metrics = make_metrics(con, screen.settings.name)
    assert metrics.counts.conflicting_labels == LabelConflicts(ligands=0, examples=[])
    plain = render_report(con, metrics, screen.settings)
    card = plain.partition("pick 1</span>")[2].partition("</li>")[0]
    assert '<p class="fail">Failed: bond_lengths, internal_energy</p>' in card
    assert "salt bridge A:ASP:902" in card
    assert "warning: its pose failed bond_lengths, internal_energy" in card
    told = "have different labels, of which the first in library order counts: &lt;b&gt;"
    assert told not in plain
    example = LabelConflict(name="<b>", inchikey="A", label=0)
    found = {"conflicting_labels": LabelConflicts(ligands=1, examples=[example])}
    counts = metrics.counts.model_copy(update=found)
    metrics = metrics.model_copy(update={"counts": counts})
    assert told in render_report(con, metrics, screen.settings)


def test_the_first_screen_has_a_word_picks_and_cautions_with_links(screen: Screen, con) -> None:
    con.execute("UPDATE ranking SET pose_checks_failed = 'bond_lengths' WHERE rank = 1")
    metrics = make_metrics(con, screen.settings.name, settings=screen.settings)
    html = render_report(con, metrics, screen.settings)
    first = html.partition('<section id="outlook"')[2].partition("</section>")[0]
    assert html.index('<section id="outlook"') < html.index('<section id="summary"')
    for receptor, own in zip(("wt", "V678F"), first.split('<div class="glance">')[1:], strict=True):
        outlook = metrics.outlook[receptor]
        assert f"<strong>{outlook.word}</strong>" in own
        assert outlook.why in own
        chosen = pick(con, receptor, screen.settings.ranking.picks)
        assert own.count('<svg class="mol"') == own.count('<p class="who">') == min(6, len(chosen))
        for row in chosen[:6]:
            assert f"<b>{escape(row['name'])}</b><span>rank {row['rank']}</span>" in own
            assert f'<p class="why soft">{row["why"]}</p>' in own
        assert own.count("its pose fails a check") == sum(
            bool(row["pose_checks_failed"]) for row in chosen[:6]
        )
        cautions = re.findall(r'<li>([^<]+) <a href="#(\w+)"', own)
        assert [unescape(text) for text, _ in cautions] == [each.text for each in outlook.cautions]
        places = {each.concern: place for each, (_, place) in zip(outlook.cautions, cautions,
                                                                 strict=True)}  # fmt: skip
        assert places["pose untested"] == places["few ranked"] == "summary"
        assert places["few known"] == "controls"
        assert {place for _, place in cautions} <= set(re.findall(r'id="(\w+)"', html))


def test_without_known_answers_the_first_screen_says_that_nothing_tests_it(
    screen: Screen, con
) -> None:
    con.execute("UPDATE ranking SET label = NULL, affinity_kcal_mol = NULL")
    html = render_report(con, make_metrics(con, screen.settings.name), screen.settings)
    first = html.partition('<section id="outlook"')[2].partition("</section>")[0]
    assert first.count("<strong>Untested</strong>") == 2
    assert 'id="controls"' not in html
    assert "Nothing tests the ranking: add known actives, or measured ligands" in first
    assert _parse(html)
