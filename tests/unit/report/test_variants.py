"""The page's section on variants, of made-up tables in a real page and in a real browser."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from screenmm.analysis.metrics import make_metrics
from screenmm.analysis.variants import board, panel
from screenmm.config.settings import Settings, Variants
from screenmm.figures.canvas import style
from screenmm.figures.figures import plots
from screenmm.figures.variant_map import VARIANTS, variant_map
from screenmm.metrics.model import Metrics
from screenmm.report.report import render_report, scripts
from screenmm.report.sections.variants import signed
from tests.browsers import Visit
from tests.unit.analysis.varied import EFFECTS, LIGANDS, WILD, effect, fill, made, variant
from tests.unit.report.test_report import _parse
from tests.unit.screens import HOSTILE, Screen

ROWS = ".squares tbody tr[data-row]"


def settings_of(screen: Screen, measured: Path | None = None) -> Settings:
    asked = Variants(of=WILD, list=["V93F"], measured=measured)
    return screen.settings.model_copy(update={"variants": asked})


def page_of(
    screen: Screen, texts: Sequence[str] = (), measured: Path | None = None
) -> tuple[str, Metrics]:
    """Page and metrics of a screen with variants; ``texts`` in the place of users' own."""
    con = screen.open()
    fill(con, texts)
    settings = settings_of(screen, measured)
    metrics = make_metrics(con, settings.name, settings=settings)
    html = render_report(con, metrics, settings)
    con.close()
    return html, metrics


@pytest.fixture(scope="module")
def html(screen: Screen) -> str:
    return page_of(screen)[0]


def section(html: str) -> str:
    found = re.search(r'<section id="variants".*?</section>', html, re.DOTALL)
    assert found is not None
    return found[0]


def text_of(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", html).split())


def table(html: str, caption: str) -> list[list[str]]:
    """Cells of a table's rows, as text."""
    found = section(html).partition(f'<caption id="{caption}">')[2].partition("</table>")[0]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", found, re.DOTALL)
    return [
        [text_of(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)]
        for row in rows
    ]


def test_without_variants_there_is_no_section(ranked, screen: Screen) -> None:
    metrics = make_metrics(ranked, screen.settings.name, settings=screen.settings)
    assert metrics.variants is None
    plain = render_report(ranked, metrics, screen.settings)
    assert 'id="variants"' not in plain
    assert ">Variants<" not in plain


def test_measured_values_stand_beside_the_computed_ones(screen: Screen, tmp_path: Path) -> None:
    measured = tmp_path / "measured.csv"
    measured.write_text(
        "variant,ligand,ddg_kcal_mol\nV93F,alpha,2\nV93F,beta,1\nM90I,alpha,0\nM90I,beta,0\n"
        "T2A,alpha,1\nM90I,gamma,1\n"
    )
    html, metrics = page_of(screen, measured=measured)
    assert metrics.variants is not None
    found = metrics.variants.answers
    assert found is not None
    assert found.text in text_of(section(html))
    rows = table(html, "c-answers")
    assert [row[0] for row in rows[1:]] == [each.words for each in found.predictors.values()]
    # 1.5, 0.75, 0.25 and -0.25 beside 2, 1, 0 and 0, without an interval of two variants
    assert rows[1][1:] == ["0.96 no interval", "0.95 no interval", "1.00 no interval", ""]
    told = "1 (the variant was not modelled), 1 (no such ligand was scored in variants)"
    assert f"Measured values without a computed one: {told}." in text_of(section(html))


def test_what_was_found_comes_first_and_cautions_follow(html: str) -> None:
    own = section(html)
    assert f'<p class="verdict">{panel(made()).text}</p>' in own
    assert own.index("verdict") < own.index("does not hold the error of the method")
    assert "The charge changes in L98R: " in own
    assert "5 of 8 entries name 4 different variants of wt; 3 of them were modelled" in own
    assert "2 of 3 intervals of these controls hold 0 (root mean square 1.83 kcal/mol" in own
    assert '<a href="#variants">Variants</a>' in html


def test_the_map_has_every_pair(html: str) -> None:
    assert table(html, "c-effects") == [
        ["Variant", "Worst loss", *LIGANDS],
        ["M90I", "+0.25", "+0.25", "−0.25"],
        ["V93F", "+1.50", "+1.50 ▲", "+0.75"],
        ["L98R charge +1", "−1.00", "−1.00 ▼", "–"],
        ["Controls: residues built anew as they are"],
        ["A:GLU:17", "+0.25", "+0.25", "0.00"],
        ["A:VAL:93", "−0.75", "−0.75 ▼", "–"],
    ]
    own = section(html)
    assert "V93F with alpha: +1.50, 1.00 to 2.00 kcal/mol, weaker" in own
    assert "L98R with beta: could not be scored: ΔG is inf" in own


def test_biomarkers_and_what_was_left_out(html: str) -> None:
    markers = table(html, "c-biomarkers")
    assert markers[0] == ["Variant", "Entries", "Lost", "Kept", "Gained", "Untold", "Failed"]
    assert markers[2:] == [
        ["V93F", "1", "1 alpha", "", "", "1 beta", ""],
        ["L98R", "1", "", "", "1 alpha", "", "1 beta"],
    ]
    assert "<summary>Left out: 1 variant, and 3 entries without one</summary>" in section(html)
    assert table(html, "c-left-variants")[1] == [
        "T2A", "1", "far from pocket", "T2A far_from_pocket",
    ]  # fmt: skip
    assert table(html, "c-left-entries")[1:] == [
        ["frameshift", "2", "frameshift", "why frameshift"],
        ["synonymous", "1", "synonymous", "why synonymous"],
    ]


def test_what_explains_a_pair_is_that_of_the_table(html: str) -> None:
    block = re.search(r'id="d-variants">([^<]*)<', html)
    assert block is not None
    found = json.loads(gzip.decompress(base64.b64decode(block[1])))
    assert found["terms"][-1] == "rotamer"
    cell = found["cells"][1][0]
    assert cell["ddg"] == [1.5, 1.0, 2.0, 6.0]
    assert cell["terms"] == [3.0, -1.0, 0.5, 0.25, 0.125, 0.0]
    assert cell["residues"] == [["A:VAL:93", 1.5], ["A:TYR:92", -0.2]]
    assert found["cells"][2][1]["reason"] == "not_finite"


def test_scripts_that_two_sections_build_on_come_once() -> None:
    assert scripts(["variants", "hits"]).count("terms") == 1
    assert scripts(["variants"]).index("terms") < scripts(["variants"]).index("variants")


def test_hostile_names_are_escaped(screen: Screen) -> None:
    html, metrics = page_of(screen, HOSTILE)
    assert metrics.variants is not None
    assert any(each in metrics.variants.text for each in HOSTILE)
    page = _parse(html)
    assert "img" not in {tag for tag, _ in page.tags}
    assert "<script>alert" not in section(html)


def test_a_number_has_its_sign() -> None:
    assert [signed(each) for each in (0.254, -0.5, 0.0, 0.001, -0.001, None)] == [
        "+0.25", "−0.50", "0.00", "0.00", "0.00", "",
    ]  # fmt: skip


def test_the_figure_is_of_the_wild_type_and_has_the_numbers(screen: Screen) -> None:
    con = screen.open()
    fill(con)
    metrics = make_metrics(con, screen.settings.name, settings=settings_of(screen))
    figures = {each.name: each for each in plots(con, metrics, screen.settings)}
    con.close()
    found = figures["wt-variants"]
    assert "V678F-variants" not in figures
    assert found.alt == (
        "ΔΔG of 2 ligands in 3 variants and 2 controls. The largest, in kcal/mol: V93F with "
        "alpha 1.50, V93F with beta 0.75 and M90I with alpha 0.25."
    )
    rows = found.csv.splitlines()
    assert len(rows) == 1 + len(EFFECTS) - 1
    assert rows[3] == "V93F,variant,alpha,1.5,1,2,weaker"


def test_of_many_variants_the_most_telling_are_drawn() -> None:
    names = [f"V{number}F" for number in range(VARIANTS + 1)]
    rows = [effect(name, "alpha", 0.1 + number / 100) for number, name in enumerate(names)]
    found = board(WILD, [], [variant(name) for name in names], rows)
    with style():
        (plot,) = variant_map(found)
        assert variant_map(board(WILD, [], [variant("M90I")], [])) == []
    assert f"in {VARIANTS} of {VARIANTS + 1} variants" in plot.alt
    assert ">V1F<" in plot.svg
    assert ">V0F<" not in plot.svg


@pytest.fixture(scope="module")
def report(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("variants") / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    visit = Visit(browser, report, (1200, 800))
    yield visit.page
    visit.close()


def order(page: Page) -> list[str]:
    return [text.split("\n")[0] for text in page.locator(f"{ROWS} th").all_inner_texts()]


def test_headings_sort_by_mouse_and_by_keyboard(page: Page) -> None:
    assert order(page) == ["M90I", "V93F", "L98R", "A:GLU:17", "A:VAL:93"]
    page.get_by_role("button", name="Sort by worst loss").click()
    assert order(page) == ["V93F", "M90I", "L98R", "A:GLU:17", "A:VAL:93"]
    beta = page.locator(".squares th[data-by='1']")
    beta.get_by_role("button").focus()
    page.keyboard.press("Enter")
    # what could not be scored stands last, either way; controls stay below
    assert order(page) == ["V93F", "M90I", "L98R", "A:GLU:17", "A:VAL:93"]
    expect(beta).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("Enter")
    assert order(page) == ["M90I", "V93F", "L98R", "A:GLU:17", "A:VAL:93"]
    expect(beta).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="Sort by variant").click()
    page.get_by_role("button", name="Sort by variant").click()
    assert order(page) == ["L98R", "V93F", "M90I", "A:VAL:93", "A:GLU:17"]


def test_a_pair_is_reached_and_explained_by_keyboard(page: Page) -> None:
    panel = page.locator("[data-part=effect]")
    expect(panel).to_be_hidden()
    page.get_by_role("button", name="Sort by beta").focus()
    page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(panel.get_by_role("heading")).to_have_text("V93F with alpha")
    for text in ("+1.50 (1.00 to 2.00) kcal/mol", "weaker", "2.5 Å", "A:VAL:93", "rotamer"):
        expect(panel).to_contain_text(text)
    pressed = page.locator(".squares [aria-pressed=true]")
    expect(pressed).to_have_attribute("aria-label", re.compile("^V93F with alpha"))
    page.locator(".square.failed button").first.click()
    expect(panel).to_contain_text("It could not be scored (not finite): ΔG is inf")
    expect(pressed).to_have_count(1)
    # one stop for Tab, wherever the reader was last
    assert page.locator(".squares td button[tabindex='0']").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_numbers_are_readable_on_the_strongest_colours(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    ratios = page.evaluate(CONTRAST)
    assert len(ratios) == 8
    assert min(ratios) >= 4.5


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((each) => each / 255)
      .map((p) => (p <= 0.04045 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4));
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  return [...document.querySelectorAll(".square:not(.failed) button")].map((button) => {
    const ink = light(getComputedStyle(button).color);
    const paper = light(getComputedStyle(button.parentElement).backgroundColor);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  });
}"""
"""Of each number to the colour behind it: a canvas turns any colour into red, green and blue."""


def test_a_narrow_window_scrolls_only_downwards(page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 720})
    page.locator(".square button").first.click()
    expect(page.locator("[data-part=effect]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_on_paper_there_are_the_numbers(page: Page) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(ROWS)).to_have_count(5)
    expect(page.locator(".squares .dt-column-order").first).to_be_hidden()
    assert len(page.pdf(prefer_css_page_size=True)) > 20_000
