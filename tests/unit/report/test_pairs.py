"""Pairs in 3D, of a real receptor with a side chain exchanged, in a real browser."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect
from rdkit import Chem

from screenmm.analysis.metrics import make_metrics
from screenmm.exports.complexes import write_complexes
from screenmm.exports.hits import write_hits
from screenmm.exports.variant_complexes import FOLDER, write_variant_complexes
from screenmm.report import pairs
from screenmm.report.pairs import find_pictures
from screenmm.report.report import render_report
from screenmm.tables.dictionary import VARIANT_SCORES
from screenmm.tables.schema import schema
from screenmm.variants.model import Prepared, mutate
from screenmm.variants.superposed import Side, superposed
from tests.browsers import Visit
from tests.unit.analysis.varied import EFFECTS, fill
from tests.unit.report.test_variants import settings_of
from tests.unit.screens import Screen

SHOWN = ["V93F alpha", "L98R alpha", "V93F beta"]
"""What is beyond the noise, the largest ΔΔG first, then the others; controls are last."""


@pytest.fixture(scope="module")
def text(receptor_folder: Path, ejm_42: Chem.Mol) -> str:
    """The wild type and V93F, as they are built."""
    wild = Prepared.load(receptor_folder)
    site = int(np.flatnonzero(wild.model.residue_labels == "A:VAL:93")[0])
    mutant = mutate(wild, {site: "PHE"}, 1)
    ligand = ejm_42, ejm_42.GetConformer().GetPositions()
    return superposed(
        Side(wild, wild.model.positions_angstrom, *ligand),
        Side(mutant.prepared, mutant.rotamers[0], *ligand),
        [site],
    )


@pytest.fixture(scope="module")
def results(screen: Screen, text: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with hits, and with the complexes of each pair that was scored."""
    folder = tmp_path_factory.mktemp("pairs")
    with screen.open() as con:
        write_hits(con, screen.sdf, folder / "hits.sdf")
        write_complexes(con, folder / "hits.sdf", screen.structures, folder / "complexes", 2)
    cells = [
        {"variant": each["variant"], "inchikey": each["inchikey"], "complexes": text}
        for each in EFFECTS
        if each["status"] == "scored"
    ]
    pq.write_table(pa.Table.from_pylist(cells, schema(VARIANT_SCORES)), folder / "b.parquet")
    with duckdb.connect(str(folder / "screen.duckdb")) as con:
        fill(con)
    write_variant_complexes(folder / "screen.duckdb", [folder / "b.parquet"], folder / FOLDER)
    return folder


@pytest.fixture(scope="module")
def html(screen: Screen, results: Path) -> str:
    """A page that has room for three pairs."""
    settings = settings_of(screen)
    with screen.open() as con, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "MOST_PICTURES", len(SHOWN))
        fill(con)
        metrics = make_metrics(con, settings.name, settings=settings)
        return render_report(con, metrics, settings, results=results)


def block(html: str, name: str) -> list:
    found = re.search(rf'id="d-{name}">([^<]*)<', html)
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def test_the_page_has_the_pairs_that_matter_most_as_their_files_are(
    html: str, results: Path, text: str
) -> None:
    cells = [each for line in block(html, "variants")["cells"] for each in line]
    pictured = [each for each in cells if each.get("picture") is not None]
    pictured.sort(key=lambda each: each["picture"])
    assert [f"{each['variant']} {each['ligand']}" for each in pictured] == SHOWN
    texts = block(html, "pairs-0")
    assert len(texts) == len(SHOWN)
    for each, shown in zip(pictured, texts, strict=True):
        assert shown == gzip.decompress((results / each["file"]).read_bytes()).decode()
        assert shown.endswith(text)
    # every pair that was scored has a file, and none of those that failed
    assert {each["file"] for each in cells if "reason" not in each} == {
        f"{FOLDER}/wt/{path.name}" for path in (results / FOLDER / "wt").iterdir()
    }
    assert all("file" not in each for each in cells if "reason" in each)


def test_two_sections_that_draw_bring_the_library_once(html: str) -> None:
    assert html.count('id="d-3dmol"') == 1
    assert html.count("<h3>3Dmol.js ") == 1
    assert 'id="d-scaffold-0"' in html


def test_without_a_results_folder_there_are_no_pictures(screen: Screen) -> None:
    settings = settings_of(screen)
    with screen.open() as con:
        fill(con)
        assert find_pictures(con, None).texts == ()
        metrics = make_metrics(con, settings.name, settings=settings)
        html = render_report(con, metrics, settings)
    assert 'data-part="pair"' not in html
    assert 'id="d-3dmol"' not in html


@pytest.fixture
def page(browser: Browser, html: str, results: Path) -> Iterator[Page]:
    (results / "report.html").write_text(html, encoding="utf-8")
    visit = Visit(browser, results / "report.html", (1200, 900))
    yield visit.page
    visit.close()


def pixels(page: Page) -> bytes:
    """The picture as it is drawn."""
    return page.locator("[data-part=pair] [data-part=stage]").screenshot()


def test_a_pair_is_drawn_in_both_colours_and_each_side_alone(page: Page) -> None:
    scene = page.locator("[data-part=pair]")
    expect(scene).to_be_hidden()
    page.get_by_role("button", name=re.compile("^V93F with alpha")).click()
    page.wait_for_selector("[data-part=pair][data-drawn='V93F KEY-alpha']")
    expect(scene.locator("[data-part=title]")).to_have_text("V93F with alpha in 3D")
    expect(scene.locator("[data-part=file]")).to_have_text(f"{FOLDER}/wt/0004_V93F_alpha.pdb.gz")
    expect(scene.locator("[data-part=beyond]")).to_be_hidden()
    stage = scene.locator("[data-part=stage]")
    expect(stage).to_have_attribute("aria-label", re.compile("VAL 93 → PHE"))
    # TYK2 holds its ligands by the hinge: from N and to O of valine 93
    expect(scene.locator("[data-part=bonds] p").first).to_have_text(
        re.compile(r"wild type: (?=.*A:VAL:93 N \d.\d Å)(?=.*A:VAL:93 O \d.\d Å)")
    )
    expect(scene.locator("[data-part=bonds] p").last).to_contain_text("A:PHE:93 O")
    scene.scroll_into_view_if_needed()
    seen = {"both": pixels(page)}
    for name in ("variant", "wild"):
        scene.locator(f"[data-part={name}]").click()
        seen[name] = pixels(page)
    scene.locator("[data-part=variant]").click()
    seen["no wild type"] = pixels(page)
    assert len(set(seen.values())) == len(seen)
    stage.focus()
    page.keyboard.press("ArrowLeft")
    assert pixels(page) != seen["no wild type"]


def test_the_shown_pair_is_saved_as_its_file_is(page: Page, results: Path) -> None:
    page.get_by_role("button", name=re.compile("^L98R with alpha")).click()
    page.wait_for_selector("[data-part=pair][data-drawn='L98R KEY-alpha']")
    with page.expect_download() as download:
        page.locator("[data-part=pair] [data-part=pdb]").click()
    assert download.value.suggested_filename == "0006_L98R_alpha.pdb"
    kept = results / FOLDER / "wt/0006_L98R_alpha.pdb.gz"
    assert Path(download.value.path()).read_bytes() == gzip.decompress(kept.read_bytes())


def test_a_pair_beyond_the_pages_room_names_its_file_and_one_that_failed_its_reason(
    page: Page,
) -> None:
    scene = page.locator("[data-part=pair]")
    page.get_by_role("button", name=re.compile("^M90I with beta")).click()
    expect(scene.locator("[data-part=file]")).to_have_text(f"{FOLDER}/wt/0003_M90I_beta.pdb.gz")
    expect(scene).to_contain_text("The page shows 3 of 8 pairs in 3D")
    expect(scene.locator("[data-part=view]")).to_be_hidden()
    page.get_by_role("button", name=re.compile("^L98R with beta")).click()
    expect(scene).to_be_hidden()
    panel = page.locator("[data-part=effect]")
    expect(panel).to_contain_text("It could not be scored (not finite): ΔG is inf")
    expect(panel).to_contain_text("no complexes to look at")


def test_a_narrow_window_scrolls_only_downwards_and_paper_has_no_picture(page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 720})
    page.get_by_role("button", name=re.compile("^V93F with alpha")).click()
    page.wait_for_selector("[data-part=pair][data-drawn]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.emulate_media(media="print")
    expect(page.locator("[data-part=pair]")).to_be_hidden()
