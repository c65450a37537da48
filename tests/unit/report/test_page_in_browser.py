"""What a small made-up screen shows that a real one does not: hostile names, two receptors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from screenmm.analysis.metrics import make_metrics
from screenmm.exports.complexes import write_complexes
from screenmm.exports.hits import write_hits
from screenmm.report.report import write_report
from tests.browsers import Visit
from tests.unit.screens import HOSTILE, Screen

NAMES = [*HOSTILE, "</script><script>window.hit = 1</script>", "<svg onload='window.hit = 1'>"]


@pytest.fixture(scope="module")
def report(screen: Screen, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    with screen.open() as con:
        for i, name in enumerate(NAMES):
            for column in ("name", "aliases", "main_residues", "interactions", "minimisation"):
                con.execute(
                    f"UPDATE ranking SET {column} = ? WHERE rank % ? = ?", [name, len(NAMES), i]
                )
            con.execute(
                "UPDATE residue_energies SET residue = ? WHERE ordinal % ? = ?",
                [name, len(NAMES), i],
            )
        write_hits(con, screen.sdf, folder / "hits.sdf")
        write_complexes(con, folder / "hits.sdf", screen.structures, folder / "complexes", 2)
        metrics = make_metrics(con, screen.settings.name)
        write_report(con, metrics, screen.settings, folder / "report.html", results=folder)
    return folder / "report.html"


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    visit = Visit(browser, report, (960, 640))
    yield visit.page
    assert visit.page.evaluate("window.hit") is None
    visit.close()


def test_hostile_names_are_only_shown(page: Page) -> None:
    rows = page.locator("#r-wt [data-part=table] tbody tr")
    expect(rows).to_have_count(14)
    shown = {" ".join(text.split()) for text in rows.locator("button.name").all_text_contents()}
    assert shown == {" ".join(name.split()) for name in NAMES}
    page.click("summary:has-text('Columns')")
    for box in page.locator("#r-wt [data-part=columns] input").all():
        box.check()
    page.keyboard.press("Escape")
    rows.locator("button.name").first.click()
    dialog = page.get_by_role("dialog")
    for _ in range(len(NAMES)):
        page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("library.smi")
    page.keyboard.press("Escape")
    page.locator("#r-wt .scene").scroll_into_view_if_needed()
    page.wait_for_selector("#r-wt .scene[data-drawn]")
    assert page.locator("img, iframe, object, svg[onload]").count() == 0


def test_another_receptor_opens_with_its_tab(page: Page) -> None:
    first, second = page.get_by_role("tab").all()
    expect(page.locator("#r-V678F")).to_be_hidden()
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(second).to_be_focused()
    expect(second).to_have_attribute("aria-selected", "true")
    page.wait_for_selector("#r-V678F[data-ready]")
    expect(page.locator("#r-wt")).to_be_hidden()
    expect(page.locator("#r-V678F [data-part=table] tbody tr")).to_have_count(13)
    page.keyboard.press("Home")
    expect(page.locator("#r-wt")).to_be_visible()


def test_ligands_without_a_pose_are_named_as_missing_from_the_sdf(page: Page) -> None:
    panel = page.locator("#r-wt")
    expect(panel.locator("[data-part=sdf]")).to_have_text("SDF of all (12)")
    expect(panel.locator("[data-part=poses]")).to_contain_text(
        "2 ligands of 14 without a minimised pose"
    )


@pytest.mark.parametrize(("width", "columns"), [(1280, 2), (375, 1)])
def test_the_first_screen_says_it_without_scrolling(page: Page, width: int, columns: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    top = page.locator(".glance").first
    for part in (".word strong", ".buys li:first-child .mol", ".careful li:first-child"):
        box = top.locator(part).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800
    word, buys = (top.locator(each).bounding_box() for each in (".word", ".buys"))
    assert word is not None
    assert buys is not None
    assert (buys["x"] >= word["x"] + word["width"]) == (columns == 2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # the numbers are a key away
    link = top.locator(".careful a").first
    link.focus()
    page.keyboard.press("Enter")
    place = str(link.get_attribute("href"))
    page.wait_for_url(f"**{place}")
    expect(page.locator(place)).to_be_in_viewport()
