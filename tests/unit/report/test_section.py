"""A section of the page is a module and a template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

import screenmm.report.sections
from screenmm.analysis.metrics import make_metrics
from screenmm.config.settings import parse_settings
from screenmm.report.report import render_report, scripts
from screenmm.report.section import Results, Section, section_folders, section_module, sections
from screenmm.report.sections import method
from screenmm.run.layout import Layout
from tests.unit import made_up
from tests.unit.screens import Screen

MODULE = """
    from dataclasses import dataclass

    from screenmm.report.section import Context, Results, Section

    SECTION = Section(title="Heaviest", place=35)


    @dataclass(frozen=True, kw_only=True)
    class Heaviest(Context):
        atoms: dict[str, int]


    def context(results: Results) -> Heaviest | None:
        rows = results.con.execute(
            "SELECT receptor, max(heavy_atoms) FROM ranking GROUP BY receptor ORDER BY receptor"
        ).fetchall()
        return Heaviest(atoms=dict(rows)) if rows else None
"""
TEMPLATE = """\
<section id="heaviest" aria-labelledby="h-heaviest">
<h2 id="h-heaviest">Heaviest</h2>
{% for receptor, count in atoms.items() %}
<p>{{ receptor }}: {{ count | grouped }} heavy atoms</p>
{% endfor %}
</section>
"""


@pytest.fixture
def heaviest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A new section: one module and one template, and nothing else is told of it."""
    (tmp_path / "heaviest.py").write_text(dedent(MODULE))
    (tmp_path / "heaviest.html.j2").write_text(TEMPLATE)
    path = [*screenmm.report.sections.__path__, str(tmp_path)]
    monkeypatch.setattr(screenmm.report.sections, "__path__", path)
    sections.cache_clear()
    yield "heaviest"
    sections.cache_clear()


def _page(con, screen: Screen) -> str:
    return render_report(con, make_metrics(con, screen.settings.name), screen.settings)


def _links(html: str) -> list[str]:
    nav = html.partition("<nav")[2].partition("</nav>")[0]
    return re.findall(r'<a href="#(\w+)">', nav)


@pytest.fixture(scope="module")
def plain(screen: Screen, ranked) -> str:
    return _page(ranked, screen)


def test_a_new_section_is_a_module_and_a_template(
    plain: str, heaviest: str, screen: Screen, ranked
) -> None:
    html = _page(ranked, screen)
    first, last = ["outlook", "summary", "picks", "hits"], ["ledger", "controls", "method"]
    assert _links(plain) == [*first, *last]
    assert _links(html) == [*first, "heaviest", *last]
    (atoms,) = ranked.execute("SELECT max(heavy_atoms) FROM ranking").fetchone()
    own = (
        f'<section id="heaviest" aria-labelledby="h-heaviest">\n'
        f'<h2 id="h-heaviest">Heaviest</h2>\n<p>V678F: {atoms} heavy atoms</p>\n'
        f"<p>wt: {atoms} heavy atoms</p>\n</section>"
    )
    rest = html.replace('<a href="#heaviest">Heaviest</a>\n', "").replace(own, "")
    assert rest == plain
    assert html.index('<section id="hits"') < html.index(own) < html.index('<section id="ledger"')


def test_a_section_with_nothing_to_show_is_not_in_the_page(
    heaviest: str, screen: Screen, con
) -> None:
    con.execute("DELETE FROM ranking")
    html = _page(con, screen)
    assert "heaviest" not in html
    assert "picks" not in _links(html)


def test_a_section_that_is_gone_is_no_more_asked() -> None:
    assert "heaviest" not in sections()


def test_every_template_belongs_to_a_section_that_says_what_it_is() -> None:
    (folder,) = map(Path, section_folders())
    templates = {path.name.removesuffix(".html.j2") for path in folder.glob("*.html.j2")}
    assert set(sections()) <= templates
    assert {name.partition("_")[0] for name in templates} == set(sections())
    for name in sections():
        assert section_module(name).__doc__
        assert section_module(name).context.__doc__


def test_places_decide_the_order_and_names_where_they_tie(
    heaviest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(sections())[9] == "heaviest"
    monkeypatch.setattr(section_module("heaviest"), "SECTION", Section(title="", place=30))
    sections.cache_clear()
    assert list(sections())[8:10] == ["heaviest", "hits"]


def test_scripts_come_with_their_sections() -> None:
    assert scripts([]) == ["pack", "dom", "theme", "main"]
    assert scripts(["hits"])[3:-1] == list(sections()["hits"].scripts)


def test_data_of_one_name_is_refused(heaviest: str, screen: Screen, ranked, monkeypatch) -> None:
    module = section_module("heaviest")
    made = module.context
    taken = {"drawings-0": "x"}
    monkeypatch.setattr(module, "context", lambda results: replace(made(results), data=taken))
    with pytest.raises(ValueError, match=r"section heaviest of the page .* took: drawings-0"):
        _page(ranked, screen)


def test_the_method_says_how_a_pocket_was_come_by(screen: Screen, ranked, tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for name in screen.settings.receptors:
        layout.receptor(name).path.mkdir(parents=True)
        layout.receptor(name).report_json.write_text(
            json.dumps({"pocket": {"origin": {"text": f"found in {name}"}}})
        )
    given = screen.settings.model_dump()
    given["pocket"] = {"find": 1}
    given["receptors"]["V678F"]["pocket"] = "auto"
    settings = parse_settings(given, None)
    metrics = make_metrics(ranked, screen.settings.name)
    shown = method.context(Results(ranked, metrics, settings, tmp_path)).method
    plain = method.context(Results(ranked, metrics, screen.settings, tmp_path)).method
    wild = next(name for name in settings.receptors if name != "V678F")
    assert shown == [(f"Pocket, {wild}", f"found in {wild}"), *plain]


def test_the_method_says_which_side_chains_were_turned(
    screen: Screen, ranked, tmp_path: Path
) -> None:
    layout, (first, second) = Layout(tmp_path), screen.settings.receptors
    told = {"text": "side chains that clash with a.sdf turned away: A:LEU:15"}
    for name, found in ((first, told), (second, None)):
        layout.receptor(name).path.mkdir(parents=True)
        layout.receptor(name).report_json.write_text(json.dumps({"repacked": found}))
    metrics = make_metrics(ranked, screen.settings.name)
    shown = method.context(Results(ranked, metrics, screen.settings, tmp_path)).method
    plain = method.context(Results(ranked, metrics, screen.settings, None)).method
    assert shown == [(f"Side chains, {first}", told["text"]), *plain]


def test_the_method_says_what_computed_beside_a_gpus_forces(ranked, screen: Screen) -> None:
    told = {"A100": 1200, "A100 and host": 1, "host": 2}
    for platforms, expected in (
        ({"CUDA": 1203}, ["A100 (1\u202f200 poses), A100 and host (1 poses), host (2 poses)"]),
        ({"CPU": 1203}, []),
    ):
        metrics = made_up.metrics(platforms=platforms, own_kernels=told)
        shown = method.context(Results(ranked, metrics, screen.settings, None)).method
        assert [text for subject, text in shown if subject == "Beside the forces"] == expected
