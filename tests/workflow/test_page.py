"""The page of a small real screen, in a real browser without network."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from rdkit import Chem

from tests.browsers import SLOW_MS, Visit

from .conftest import FRAGMENTS, Screen

pytestmark = [pytest.mark.workflow, pytest.mark.minutes(2), pytest.mark.xdist_group("page")]

WIDE, SMALL, NARROW = (1440, 900), (960, 640), (375, 720)
ROWS = "#r-tyk2 [data-part=table] tbody tr"


@pytest.fixture
def visit(browser: Browser, finished: Screen) -> Iterator[Callable[..., Page]]:
    visits: list[Visit] = []

    def open_page(size: tuple[int, int] = WIDE, **options) -> Page:
        visits.append(Visit(browser, finished.results / "report.html", size, **options))
        return visits[-1].page

    yield open_page
    for each in visits:
        each.close()


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    return visit()


def _shows(page: Page, names: list[str]) -> None:
    """The table has these rows, in this order; it may take a moment to get there."""
    expect(page.locator(f"{ROWS} button.name")).to_have_text(names)


def _ranking(screen: Screen) -> list[dict[str, str]]:
    with (screen.results / "ranking.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def _saved(page: Page, button: str) -> str:
    with page.expect_download() as download:
        page.click(f"#r-tyk2 [data-part={button}]")
    return Path(download.value.path()).read_text()


def _column(page: Page, label: str) -> None:
    page.click("summary:has-text('Columns')")
    page.get_by_role("checkbox", name=label, exact=True).check()
    page.keyboard.press("Escape")


def test_the_table_shows_the_ranking_with_drawings(page: Page, finished: Screen) -> None:
    rows = _ranking(finished)
    _shows(page, [row["name"] for row in rows])
    assert page.locator(".verdict").count() >= 1
    first = page.locator(ROWS).first
    first.scroll_into_view_if_needed()
    first.locator("svg.mol path").first.wait_for(state="attached")
    dg = first.locator(".c-dg_mmgbsa_kcal_mol")
    assert float(dg.inner_text().replace("\u2212", "-")) == pytest.approx(
        float(rows[0]["dg_mmgbsa_kcal_mol"]), abs=0.006
    )
    assert dg.evaluate("cell => getComputedStyle(cell).textAlign") == "right"
    assert "tabular-nums" in dg.evaluate("cell => getComputedStyle(cell).fontVariantNumeric")


def test_sorting_by_mouse_and_by_keyboard(page: Page, finished: Screen) -> None:
    rows = sorted(_ranking(finished), key=lambda row: float(row["dock_score_kcal_mol"]))
    page.get_by_role("button", name="Sort by Docking").click()
    _shows(page, [row["name"] for row in rows])
    head = page.locator("th.c-dock_score_kcal_mol")
    expect(head).to_have_attribute("aria-sort", "ascending")
    button = page.get_by_role("button", name="Sort by Docking")
    button.focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    _shows(page, [row["name"] for row in reversed(rows)])


def test_search_and_filters(page: Page, finished: Screen) -> None:
    page.get_by_label("Search").fill("INDOLE [nH]")
    expect(page.locator("[data-part=found]")).to_have_text("2 of 6 ligands found")
    found = [row["name"] for row in _ranking(finished) if "indole" in row["name"]]
    _shows(page, found)
    page.get_by_label("Search").fill("")
    expect(page.locator(ROWS)).to_have_count(6)
    scores = sorted(float(row["dock_score_kcal_mol"]) for row in _ranking(finished))
    page.click("summary:has-text('Filter')")
    page.get_by_label("Docking, at least").fill(str(scores[2]))
    page.get_by_label("Docking, at most").fill(str(scores[4]))
    expect(page.locator(ROWS)).to_have_count(3)
    expect(page.locator("[data-part=filter-count]")).to_have_text(" (1)")
    page.click("text=Clear all filters")
    expect(page.locator(ROWS)).to_have_count(6)
    page.get_by_role("textbox", name="Name", exact=True).fill("no such ligand")
    expect(page.locator("[data-part=csv]")).to_be_disabled()


def test_selected_rows_are_exported_as_the_files_have_them(page: Page, finished: Screen) -> None:
    rows = _ranking(finished)
    everything = list(csv.DictReader(io.StringIO(_saved(page, "csv"))))
    assert everything == rows
    for at in (4, 1):
        page.get_by_role("checkbox", name=f"Select {rows[at]['name']}", exact=True).check()
    expect(page.locator("[data-part=csv]")).to_have_text("CSV of selected (2)")
    assert list(csv.DictReader(io.StringIO(_saved(page, "csv")))) == [rows[1], rows[4]]
    supplier = Chem.SDMolSupplier()
    supplier.SetData(_saved(page, "sdf"), removeHs=False)
    hits = Chem.SDMolSupplier(str(finished.results / "hits.sdf"), removeHs=False)
    by_name = {mol.GetProp("name"): mol for mol in hits}
    assert [mol.GetProp("_Name") for mol in supplier] == [rows[1]["name"], rows[4]["name"]]
    for mol in supplier:
        there = by_name[mol.GetProp("name")]
        assert mol.GetPropsAsDict() == there.GetPropsAsDict()
        assert Chem.MolToMolBlock(mol) == Chem.MolToMolBlock(there)
    page.click("text=Unselect all")
    expect(page.locator("[data-part=csv]")).to_have_text("CSV of all (6)")


def test_shift_selects_a_range_in_the_order_shown(page: Page) -> None:
    page.get_by_role("button", name="Sort by Name").click()
    _shows(page, sorted(FRAGMENTS))
    boxes = page.locator(f"{ROWS} input[type=checkbox]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    assert [boxes.nth(i).is_checked() for i in range(6)] == [False, True, True, True, True, False]
    expect(page.locator("[data-part=found]")).to_have_text("4 selected")


def test_columns_can_be_shown_and_hidden(page: Page) -> None:
    head = page.locator("th.c-molecular_weight")
    expect(head).to_have_count(0)
    _column(page, "MW, g/mol")
    expect(head).to_be_visible()


def test_details_by_keyboard(page: Page, finished: Screen) -> None:
    rows = _ranking(finished)
    name = page.locator(f"{ROWS} button.name").first
    name.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(rows[0]["name"])
    # energies, checks and interactions of the pose, and the record in the library
    for text in ("What makes ΔG", "Energy with each residue", "Checks of the pose", "library.smi"):
        expect(dialog).to_contain_text(text)
    strongest = rows[0]["main_residues"].split("; ")[0].rsplit(" ", 1)
    expect(dialog.locator(".chart tr", has_text=strongest[0]).first).to_contain_text(
        strongest[1].replace("-", "\u2212")
    )
    passed = dialog.locator("li.pass").count()
    assert passed == int(rows[0]["pose_checks_passed"])
    assert dialog.locator("li.fail").count() == len(
        [each for each in rows[0]["pose_checks_failed"].split(";") if each]
    )
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading", level=2)).to_have_text(rows[1]["name"])
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert name.evaluate("button => button === document.activeElement")


def test_the_keyboard_reaches_everything(page: Page) -> None:
    """Tab goes through links, tools, headings' sort buttons and rows, in that order."""
    page.locator("body").press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    seen = []
    for _ in range(70):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "(e => e.getAttribute('aria-label') || e.innerText || e.type)"
                "(document.activeElement)"
            ).strip()
        )
    order = [
        next(i for i, text in enumerate(seen) if re.match(pattern, text))
        for pattern in ("Use dark", "Picks", "search|name, SMILES", "Filter", "CSV", "Sort by Rank",
                        "Select (?!all)", "Save PNG", "3D view")
    ]  # fmt: skip
    assert order == sorted(order)


def _colours(page: Page) -> set[tuple[int, ...]]:
    shot = page.locator(".stage").screenshot()
    image = Image.open(io.BytesIO(shot)).convert("RGB").resize((160, 100))
    return {colour for _, colour in image.getcolors(16000)}


def test_the_3d_view_draws_each_hit(visit: Callable[..., Page], finished: Screen) -> None:
    page = visit(SMALL)  # every pixel is drawn in software
    rows = _ranking(finished)
    scene = page.locator(".scene")
    scene.scroll_into_view_if_needed()
    page.wait_for_selector(".scene[data-drawn]")
    assert len(_colours(page)) > 200
    stage = page.get_by_role("application")
    expect(stage).to_have_attribute("aria-label", re.compile(re.escape(rows[0]["name"])))
    before = stage.screenshot()
    stage.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(200)
    turned = stage.screenshot()
    assert turned != before
    page.keyboard.press("n")
    expect(scene.locator("[data-part=facts]")).to_contain_text(rows[1]["name"])
    page.wait_for_timeout(300)
    assert stage.screenshot() != turned
    scene.locator("[data-part=surface]").click()
    expect(scene.locator("[data-part=surface]")).to_have_attribute("aria-pressed", "true")
    with page.expect_download() as download:
        scene.locator("[data-part=png]").click()
    saved = Image.open(download.value.path())
    assert len(saved.convert("RGB").resize((160, 100)).getcolors(16000)) > 100


def test_details_lead_to_the_3d_view(visit: Callable[..., Page], finished: Screen) -> None:
    page = visit(SMALL)
    rows = _ranking(finished)
    page.locator(f"{ROWS} button.name").nth(2).click()
    page.get_by_role("dialog").get_by_role("button", name="In 3D").click()
    page.wait_for_selector(".scene[data-drawn]")
    expect(page.locator(".scene [data-part=facts]")).to_contain_text(rows[2]["name"])


def _luminance(page: Page, selector: str, what: str) -> float:
    text = page.locator(selector).first.evaluate(f"e => getComputedStyle(e).{what}")
    parts = [int(part) / 255 for part in re.findall(r"\d+", text)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_it_needs(visit: Callable[..., Page], scheme: str) -> None:
    page = visit(color_scheme=scheme)
    paper = _luminance(page, "body", "backgroundColor")
    panel = _luminance(page, ".table-box", "backgroundColor")
    assert (paper < 0.1) == (scheme == "dark")
    on_paper, in_panel = ("body", ".note", "nav a"), (".hits .sub", ".hits thead th", ".hits td.n")
    for selector, below in [(s, paper) for s in on_paper] + [(s, panel) for s in in_panel]:
        ink = _luminance(page, selector, "color")
        ratio = (max(ink, below) + 0.05) / (min(ink, below) + 0.05)
        assert ratio >= 4.5, selector


def test_the_toggle_turns_the_page_dark_and_keeps_it_so(visit: Callable[..., Page]) -> None:
    page = visit(color_scheme="light")
    page.get_by_role("button", name="Use dark colours").click()
    assert _luminance(page, "body", "backgroundColor") < 0.1
    page.reload()
    page.wait_for_selector(".panel[data-ready]")
    assert _luminance(page, "body", "backgroundColor") < 0.1


def test_a_narrow_window_scrolls_only_downwards(visit: Callable[..., Page]) -> None:
    page = visit(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    page.click("summary:has-text('Filter')")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    page.keyboard.press("Escape")
    page.locator(f"{ROWS} button.name").first.click()
    box = page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, NARROW[0])


def test_on_paper_there_is_the_table_and_no_tool(visit: Callable[..., Page]) -> None:
    page = visit(color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert _luminance(page, "body", "backgroundColor") > 0.9
    expect(page.locator(ROWS)).to_have_count(len(FRAGMENTS))
    for gone in ("body > nav", ".tools >> nth=0", "#theme", ".scene"):
        expect(page.locator(gone).first).to_be_hidden()
    assert len(page.pdf(prefer_css_page_size=True)) > 20_000


def test_without_javascript_the_page_says_where_the_rows_are(
    browser: Browser, finished: Screen
) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.set_default_timeout(SLOW_MS)
    page.goto((finished.results / "report.html").as_uri())
    assert "The table and the 3D view need JavaScript" in page.locator("#hits").inner_text()
    assert page.locator("#summary .verdict").first.is_visible()
    context.close()
