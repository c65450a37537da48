"""What a made-up screen shows that a real one does not: hostile names, two receptors, a model."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from screenmm.analysis.metrics import make_metrics
from screenmm.exports.complexes import write_complexes
from screenmm.exports.hits import write_hits
from screenmm.report.report import write_report
from screenmm.report.scenes import scenes
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


DOUBTED = 4
"""Residues of the made-up model's pocket that it is unsure of."""


@pytest.fixture(scope="module")
def modelled(screen: Screen, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A page whose first receptor is a model, unsure of residues around the best hit."""
    folder = tmp_path_factory.mktemp("modelled")
    with screen.open() as con:
        write_hits(con, screen.sdf, folder / "hits.sdf")
        write_complexes(con, folder / "hits.sdf", screen.structures, folder / "complexes", 2)
        scaffold, _ = scenes(con, "wt", folder / "complexes/wt", 2) or ({}, [])
        doubted = [label for label, *_, near in scaffold["residues"] if near][:DOUBTED]
        for label in doubted:
            con.execute("INSERT INTO confidence VALUES ('wt', ?, 53.4, true, true)", [label])
        con.execute(
            "INSERT INTO models BY NAME SELECT 'wt' AS receptor, 'TITLE' AS why, 79.0 AS "
            "pocket_plddt, 53.4 AS pocket_lowest_plddt, 18 AS pocket_residues, 70.0 AS "
            "min_pocket_plddt, ? AS doubtful, 0 AS trimmed, 0 AS trimmed_near_pocket, "
            "[]::VARCHAR[] AS trimmed_runs",
            [doubted],
        )
        con.execute(
            "INSERT INTO interactions BY NAME SELECT receptor, inchikey, state, pose, ordinal, "
            "residue, kind, 3.1 AS distance_angstrom, [0] AS ligand_atoms, 53.4 AS plddt, true AS "
            "doubtful FROM ranking, (VALUES (1, ?, 'salt bridge'), (2, ?, 'van der Waals')) AS "
            "found (ordinal, residue, kind) WHERE receptor = 'wt' AND rank = 1",
            doubted[:2],
        )
        metrics = make_metrics(con, screen.settings.name)
        write_report(con, metrics, screen.settings, folder / "report.html", results=folder)
    return folder / "report.html", doubted


def _magenta(page: Page, receptor: str) -> int:
    """Pixels of the 3D view in the colour of doubt, by hue; shading changes it little."""
    scene = page.locator(f"#r-{receptor} .scene")
    scene.scroll_into_view_if_needed()
    page.wait_for_selector(f"#r-{receptor} .scene[data-drawn]")
    labels = scene.locator("[data-part=labels]")
    labels.click()
    expect(labels).to_have_attribute("aria-pressed", "false")
    page.wait_for_timeout(300)
    shot = Image.open(io.BytesIO(scene.locator(".stage").screenshot())).convert("HSV")
    return sum(
        count
        for count, (hue, saturation, value) in shot.getcolors(shot.width * shot.height)
        if 215 <= hue <= 235 and saturation > 100 and value > 60
    )


def test_residues_that_a_model_is_unsure_of_are_drawn_apart(
    browser: Browser, modelled: tuple[Path, list[str]]
) -> None:
    report, doubted = modelled
    visit = Visit(browser, report, (960, 640), color_scheme="light")
    page = visit.page
    scene = page.locator("#r-wt .scene")
    expect(scene).to_contain_text("Doubtful residues of the predicted model, of a pLDDT below 70")
    assert _magenta(page, "wt") > 200
    stage = scene.get_by_role("application")
    told = re.compile(f"The model is unsure of .*{re.escape(doubted[0])} \\(pLDDT 53\\)")
    expect(stage).to_have_attribute("aria-label", told)
    line = scene.locator(".contacts li", has_text="salt bridge")
    expect(line).to_contain_text(f"{doubted[0]} pLDDT 53")
    scene.locator("[data-part=details]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("th", has_text=doubted[0]).first).to_contain_text("pLDDT 53")
    expect(dialog).to_contain_text(f"Van der Waals contact with {doubted[1]} pLDDT 53.")
    page.keyboard.press("Escape")
    page.get_by_role("tab").nth(1).click()
    page.wait_for_selector("#r-V678F[data-ready]")
    expect(page.locator("#r-V678F .scene")).not_to_contain_text("Doubtful residues")
    assert _magenta(page, "V678F") == 0
    visit.close()
