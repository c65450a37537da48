from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from screenmm.ranking.metrics import make_metrics
from screenmm.ranking.report import duration, render_report
from tests.unit.ranking.conftest import HOSTILE, Screen

VOID = {"meta", "input", "br", "link", "img"}


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


@pytest.fixture(scope="module")
def html(screen: Screen, ranked) -> str:
    return render_report(ranked, make_metrics(ranked, screen.settings.name), screen.settings)


def test_elements_nest_and_nothing_comes_from_outside(html: str) -> None:
    page = _parse(html)
    tags = [tag for tag, _ in page.tags]
    assert not {"link", "img", "iframe", "object"} & set(tags)
    links = [a[k] for _, a in page.tags for k in ("href", "src", "xlink:href") if k in a]
    assert links
    assert all(link.startswith("#") for link in links)
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links} <= set(ids)
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org)", re.sub(r"<t[dhr].*?>", "", html).replace(HOSTILE[1], "").replace("http://x", ""))  # fmt: skip # noqa: E501


@pytest.mark.parametrize("column", ["name", "aliases", "smiles"])
def test_hostile_text_is_escaped_everywhere(screen: Screen, con, column: str) -> None:
    for i, name in enumerate(HOSTILE):
        con.execute(f"UPDATE ranking SET {column} = ? WHERE rank % 6 = ?", [name, i])
        con.execute(
            "UPDATE ledger SET name = ?, message = ?, reason = ? WHERE position % 6 = ?",
            [name, name, name, i],
        )
    metrics = make_metrics(con, screen.settings.name)
    page = _parse(render_report(con, metrics, screen.settings))
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not any("onerror" in attrs for _, attrs in page.tags)
    shown = " ".join(" ".join(text for _, text in page.texts).split())
    assert all(" ".join(name.split()) in shown for name in HOSTILE)
    assert "49 &" not in shown  # {{ 7*7 }} stays what it is


def test_tables_are_accessible(html: str) -> None:
    page = _parse(html)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("caption") == tags.count("table")
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    sorted_heads = [a for tag, a in page.tags if tag == "th" and "aria-sort" in a]
    assert len(sorted_heads) == 2
    assert [a["lang"] for tag, a in page.tags if tag == "html"] == ["en"]


def test_the_page_is_the_same_again_and_carries_no_date(screen: Screen, ranked, html: str) -> None:
    metrics = make_metrics(ranked, screen.settings.name)
    assert render_report(ranked, metrics, screen.settings) == html
    dated = render_report(ranked, metrics, screen.settings, date="2026-01-31")
    assert "2026-01-31" in dated
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", html)


def test_each_ranked_ligand_is_drawn_once_and_shown_per_receptor(con, html: str) -> None:
    page = _parse(html)
    rows = con.execute("SELECT count(*), count(DISTINCT state) FROM ranking").fetchone()
    assert sum(tag == "symbol" for tag, _ in page.tags) == rows[1]
    # in the table and, as there are fewer than twenty, on the pick list
    assert sum(tag == "use" for tag, _ in page.tags) == 2 * rows[0]


def test_long_rankings_are_cut_to_the_asked_rows(screen: Screen, ranked) -> None:
    ranking = screen.settings.ranking.model_copy(update={"table_rows": 3})
    settings = screen.settings.model_copy(update={"ranking": ranking})
    html = render_report(ranked, make_metrics(ranked, settings.name), settings)
    assert html.count("data-q=") == 6
    assert "Best 3 of 14 ranked ligands" in html


def test_columns_without_values_are_left_out(screen: Screen, con) -> None:
    con.execute("UPDATE ranking SET cnn_score = NULL, cnn_affinity_pk = NULL")
    html = render_report(con, make_metrics(con, "x"), screen.settings)
    assert ">CNN<" not in html


def test_an_empty_ranking_still_makes_a_page(screen: Screen, con) -> None:
    con.execute("DELETE FROM ranking")
    html = render_report(con, make_metrics(con, "x"), screen.settings)
    _parse(html)
    assert html.count("No ligand is ranked for this receptor") == 2


def test_energy_bars_point_the_right_way(html: str) -> None:
    page = _parse(html)
    middle = 66.0
    bars = [
        a for tag, a in page.tags if tag == "rect" and a["class"].split()[0] in ("vdw", "strain")
    ]
    assert bars
    for bar in bars:
        left, right = float(bar["x"]), float(bar["x"]) + float(bar["width"])
        if bar["class"].startswith("vdw"):
            assert right == pytest.approx(middle, abs=0.2)
        else:
            assert left == pytest.approx(middle, abs=0.2)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.31, "0.3 s"), (59.94, "59.9 s"), (60, "1 min 00 s"), (3825, "1 h 03 min")],
)
def test_durations_read_well(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_residues_and_rank_intervals_are_shown(con, html: str) -> None:
    row = con.execute(
        "SELECT main_residues, rank_low, rank_high FROM ranking "
        "WHERE main_residues IS NOT NULL ORDER BY receptor_ordinal, rank LIMIT 1"
    ).fetchone()
    for part in row[0].split("; "):
        assert f"<span>{part}</span>" in html
    assert f"{row[1]}–{row[2]}</span>" in html
