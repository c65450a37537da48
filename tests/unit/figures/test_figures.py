from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matplotlib.colors import to_rgb
from sklearn.metrics import roc_auc_score

from screenmm.analysis.curves import Labelled, curves
from screenmm.analysis.metrics import make_metrics
from screenmm.bias.bias import bias
from screenmm.figures import canvas
from screenmm.figures.bias_figures import bias_plots
from screenmm.figures.canvas import INKS, PALETTE, finish, new_axes, number, plain, style
from screenmm.figures.curve_figures import curve_plots
from screenmm.figures.figures import plots, write_plots
from screenmm.figures.heat_map import COLOURS, HITS, RESIDUES, energies, heat_map, place, shown_name
from screenmm.figures.score_figures import bounds, score_plots
from screenmm.metrics.controls import Common, Contest, Controls, Unranked
from screenmm.metrics.model import Metrics
from tests.unit.made_up import metrics as made_up
from tests.unit.made_up import receptor_counts, rule_used
from tests.unit.screens import RECEPTORS, Screen

SVG = "{http://www.w3.org/2000/svg}"
DARK = "#14181d"

KINDS = {
    "mmgbsa-scores", "docking-scores", "dg-against-size", "measured-against-computed", "roc",
    "enrichment", "residue-energies", "properties", "losses", "correlations", "similarity",
}  # fmt: skip


def _metrics(con, screen: Screen, folder: Path) -> Metrics:
    """Metrics with a bias report; records that were lost early have a structure, too."""
    rows = con.execute(
        "SELECT record, coalesce(smiles, 'CC(=O)[O-].[Na+]') FROM sources "
        "LEFT JOIN membership USING (record) LEFT JOIN ligands USING (inchikey)"
    ).fetchall()
    table = {"record": [r for r, _ in rows], "kind": ["smiles"] * len(rows),
             "structure": [s for _, s in rows]}  # fmt: skip
    pq.write_table(pa.table(table), folder / "b.parquet")
    metrics = make_metrics(con, screen.settings.name)
    found, _ = bias(con, [folder / "b.parquet"], hits=5)
    timings = {"dock": rule_used(core_s=7200.0), "score": rule_used(core_s=1800.0, gpu_s=900.0)}
    return metrics.model_copy(update={"bias": found, "timings": timings})


def _without_second(metrics: Metrics) -> Metrics:
    counts = metrics.counts.model_copy(update={"by_receptor": {"wt": receptor_counts()}})
    return metrics.model_copy(update={"counts": counts})


@pytest.fixture(scope="module")
def metrics(ranked, screen: Screen, tmp_path_factory: pytest.TempPathFactory) -> Metrics:
    return _metrics(ranked, screen, tmp_path_factory.mktemp("metrics"))


@pytest.fixture(scope="module")
def made(ranked, screen: Screen, metrics: Metrics):
    return plots(ranked, metrics, screen.settings)


def test_every_kind_of_figure_is_there_for_every_receptor(made) -> None:
    names = [plot.name for plot in made]
    assert len(set(names)) == len(names)
    assert names[-1] == "cost-by-rule"
    for receptor in RECEPTORS:
        own = {plot.name.removeprefix(f"{receptor}-") for plot in made if plot.receptor == receptor}
        assert own == KINDS


def test_every_figure_says_in_words_and_numbers_what_is_seen(made) -> None:
    for plot in made:
        assert plot.title
        assert len(plot.alt) > 40
        assert re.search(r"\d", plot.alt), plot.alt
        assert plot.alt.endswith("."), plot.alt
        assert "nan" not in plot.alt.lower().split()
        assert ET.fromstring(plot.svg).get("aria-label") == plot.alt


def test_figures_can_stand_in_one_page(made) -> None:
    trees = [ET.fromstring(plot.svg) for plot in made]
    ids = [each.get("id") for tree in trees for each in tree.iter() if each.get("id")]
    assert len(set(ids)) == len(ids)
    for plot, tree in zip(made, trees, strict=True):
        own = {each.get("id") for each in tree.iter()}
        used = set(re.findall(r'(?:xlink:href="|url\()#([^")]+)', plot.svg))
        assert used <= own
        assert not list(tree.iter(f"{SVG}style"))
        assert not re.search(r"<!|<\?|<script|<metadata", plot.svg)
        # pictures are within
        links = re.findall(r'xlink:href="([^"]{0,20})', plot.svg)
        assert all(link.startswith(("#", "data:image/png")) for link in links)


def test_inks_are_variables_and_the_paper_is_transparent(made) -> None:
    for plot in made:
        for colour, variable in INKS.items():
            bare = rf"(?<!, )(fill|stroke): {colour}(?!; \1: var\({variable}, {colour}\))"
            assert not re.search(bare, plot.svg)
        tree = ET.fromstring(plot.svg)
        texts = list(tree.iter(f"{SVG}text"))
        assert texts
        assert all("var(--plot-ink" in text.get("style", "") for text in texts)
        assert all("var(--plot-font" in text.get("style", "") for text in texts)
        first = next(tree.iter(f"{SVG}path"))
        assert first.get("style") == "fill: none"


def test_texts_are_texts(made) -> None:
    by_name = {plot.name: plot.svg for plot in made}
    assert ">ΔG MM/GBSA, kcal/mol</text>" in by_name["wt-mmgbsa-scores"]
    assert ">heavy atoms</text>" in by_name["wt-dg-against-size"]


def test_pictures_are_pixels_on_white(made) -> None:
    for plot in made:
        assert plot.png.startswith(b"\x89PNG")
        assert b"Software" not in plot.png
        assert b"tIME" not in plot.png


def _contrast(one: str, two: str) -> float:
    """WCAG 2.2's contrast ratio."""

    def luminance(colour: str) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)
        ]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", PALETTE)
def test_colours_hold_their_contrast_on_light_and_dark(colour: str) -> None:
    assert _contrast(colour, "white") >= 3
    assert _contrast(colour, DARK) >= 3


def test_the_heat_map_is_white_at_zero_and_as_dark_at_both_ends() -> None:
    assert COLOURS(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.01)
    blue, red = COLOURS(0.0), COLOURS(1.0)
    assert blue[2] > blue[0]
    assert red[0] > red[2]
    assert abs(_contrast("white", blue[:3]) - _contrast("white", red[:3])) < 3


def test_the_same_screen_gives_the_same_bytes(ranked, screen: Screen, metrics, made) -> None:
    one = plots(ranked, _without_second(metrics), screen.settings)
    again = {plot.name: plot for plot in one}
    assert again == {plot.name: plot for plot in made if plot.receptor in ("wt", "")}


def test_the_users_own_style_does_not_matter() -> None:
    def draw() -> str:
        with style():
            figure, axes = new_axes()
            axes.plot([1, 2], [3, 4])
            return finish(figure, "x", "t", "a").svg

    plain_style = draw()
    with canvas.mpl.rc_context({"axes.facecolor": "red", "font.size": 20, "svg.fonttype": "path"}):
        assert draw() == plain_style


def test_files_are_written_and_stale_ones_go(made, tmp_path: Path) -> None:
    figures, tables = tmp_path / "figures", tmp_path / "tables"
    write_plots(made, figures, tables)
    assert {path.name for path in figures.iterdir()} == {
        f"{plot.name}{ending}" for plot in made for ending in (".svg", ".png")
    }
    for path in figures.glob("*.svg"):
        ET.parse(path)
    rows = list(csv.DictReader((tables / "wt-roc.csv").open()))
    assert {row["part"] for row in rows} == {"curve", "band"}
    assert {row["score"] for row in rows} >= {"dg_mmgbsa_kcal_mol", "heavy_atoms"}
    write_plots(made[:1], figures, tables)
    assert len(list(figures.iterdir())) == 2


# --- odd screens -------------------------------------------------------------------------


def test_hostile_names_do_no_harm(con) -> None:
    name = "$\\alpha$ <script>&\x07" + "n" * 900
    con.execute("UPDATE ranking SET name = ?", [name])
    with style():
        (heat,) = heat_map(con, "wt")
    texts = ["".join(text.itertext()) for text in ET.fromstring(heat.svg).iter(f"{SVG}text")]
    assert sum(text.endswith(plain(name, 22)) for text in texts) == len(
        {row[0] for row in heat.rows}
    )


def test_a_receptor_without_scores_has_what_there_is(con, metrics) -> None:
    con.execute("UPDATE ranking SET dg_mmgbsa_kcal_mol = NULL WHERE receptor = 'wt'")
    con.execute("DELETE FROM residue_energies WHERE receptor = 'wt'")
    with style():
        assert heat_map(con, "wt") == []
        assert [plot.name for plot in score_plots(con, "wt", metrics)] == ["wt-docking-scores"]


def test_an_empty_ranking_has_the_bias_figures(con, screen: Screen, tmp_path: Path) -> None:
    con.execute("DELETE FROM ranking")
    con.execute("UPDATE ledger SET status = 'failed' WHERE status = 'ranked'")
    metrics = _without_second(_metrics(con, screen, tmp_path))
    made = plots(con, metrics, screen.settings)
    assert [plot.name for plot in made] == ["wt-properties", "wt-losses", "cost-by-rule"]


def test_without_labels_no_curves_are_drawn(con) -> None:
    con.execute("UPDATE ranking SET label = NULL")
    unknown = made_up()
    contests = {"classification": Contest(), "correlation": Contest()}
    controls = Controls(
        classification={}, correlation={}, common=Common(classification={}, correlation={}),
        contest=contests, unranked=Unranked(actives=0, inactives=0), presumed_inactive=True,
    )  # fmt: skip
    presumed = made_up(controls={"wt": controls})
    with style():
        assert curve_plots(con, "wt", unknown, 1) == []
        con.execute("UPDATE ranking SET label = 1 WHERE rank < 4")
        assert curve_plots(con, "wt", unknown, 1) == []
        roc, gain = curve_plots(con, "wt", presumed, 1)
    assert "3 known actives, the rest presumed inactive" in roc.alt
    assert "3 known actives, the rest presumed inactive" in gain.alt


def test_many_points_are_drawn_as_pixels(con, metrics) -> None:
    con.execute("CREATE TABLE one AS SELECT * FROM ranking WHERE receptor = 'wt' LIMIT 1")
    con.execute(
        "CREATE TABLE many AS SELECT one.* REPLACE (range + 1 AS rank, (10 + range % 30)::INTEGER "
        "AS heavy_atoms, -range / 100 AS dg_mmgbsa_kcal_mol) FROM one, range(6000)"
    )
    con.execute("DROP TABLE ranking")
    con.execute("ALTER TABLE many RENAME TO ranking")
    with style():
        cloud = next(p for p in score_plots(con, "wt", metrics) if p.name == "wt-dg-against-size")
    assert "data:image/png;base64," in cloud.svg
    assert len(cloud.svg) < 400_000
    assert cloud.alt.startswith("6000 ligands")


def test_no_loss_no_figure_of_losses(metrics) -> None:
    own = metrics.bias.by_receptor["wt"]
    losses = [each.model_copy(update={"lost": 0}) for each in own.losses]
    with style():
        made = bias_plots(own.model_copy(update={"losses": losses}), "wt")
    assert "wt-losses" not in [plot.name for plot in made]


def test_no_bias_report_no_figures_of_it(ranked, screen: Screen, metrics, made) -> None:
    unbiased = _without_second(metrics).model_copy(update={"bias": None})
    names = {plot.name for plot in plots(ranked, unbiased, screen.settings)}
    of_bias = {f"wt-{kind}" for kind in ("properties", "losses", "correlations", "similarity")}
    assert names == {plot.name for plot in made if plot.receptor in ("wt", "")} - of_bias


# --- curves ------------------------------------------------------------------------------


def _labelled(n: int = 300, seed: int = 5) -> Labelled:
    rng = np.random.default_rng(seed)
    active = rng.random(n) < 0.2
    good = np.round(rng.normal(0, 1, n) + active, 1)  # ties
    return Labelled(active, {"good": good, "flat": np.zeros(n)}, seed)


def test_the_area_under_a_roc_curve_is_its_auc() -> None:
    known = _labelled()
    found = curves(known, "roc", np.linspace(0, 1, 101))
    for name, curve in found.items():
        area = np.trapezoid(curve.y, curve.x)
        assert area == pytest.approx(roc_auc_score(known.active, known.scores[name]), abs=1e-12)
        assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)


def test_bands_lie_around_their_curves() -> None:
    grid = np.linspace(0, 1, 101)
    for kind in ("roc", "enrichment"):
        curve = curves(_labelled(), kind, grid)["good"]
        middle = np.interp(grid, curve.x, curve.y)
        assert np.mean((curve.low <= middle + 1e-9) & (middle <= curve.high + 1e-9)) > 0.98
        assert np.all(np.diff(curve.low) >= -1e-12)


def test_an_enrichment_curve_counts_the_actives_found() -> None:
    known = _labelled()
    curve = curves(known, "enrichment", np.linspace(0, 1, 11))["flat"]
    assert curve.y == pytest.approx(curve.x)
    few = Labelled(np.array([True, False, False, True]), {"s": np.array([4.0, 3, 2, 1])}, 1)
    curve = curves(few, "enrichment", np.linspace(0, 1, 11))["s"]
    assert np.interp([0.25, 0.75, 1.0], curve.x, curve.y) == pytest.approx([0.5, 0.5, 1.0])
    assert len(curve.grid) == 0  # two actives give no band


# --- small things ------------------------------------------------------------------------


def test_the_heat_map_shows_the_residues_that_count_most(ranked) -> None:
    hits, residues, table = energies(ranked, "wt")
    assert 0 < len(hits) <= HITS
    assert len(residues) <= RESIDUES
    assert table.shape == (len(hits), len(residues))
    assert all(place(a) < place(b) for a, b in pairwise(residues))
    rows = ranked.execute(
        "SELECT residue FROM residue_energies JOIN ranking USING (receptor, inchikey, state, pose) "
        f"WHERE receptor = 'wt' AND rank <= {HITS} GROUP BY residue "
        f"ORDER BY sum(abs(total_kcal_mol)) DESC LIMIT {len(residues)}"
    ).fetchall()
    assert {row[0] for row in rows} == set(residues)


def test_residues_have_short_names() -> None:
    assert shown_name("A:VAL:93", 1) == "VAL93"
    assert shown_name("B:VAL:93A", 2) == "B:VAL93A"
    assert place("A:VAL:-3") < place("A:VAL:2") < place("A:ALA:10")


def test_one_wild_value_does_not_squeeze_the_axis() -> None:
    values = np.array([*np.linspace(-50, -30, 200), 5000.0])
    lower, upper = np.quantile(values, [0.25, 0.75])
    assert bounds(values) == (-50, upper + 3 * (upper - lower))
    assert bounds(np.array([2.0, 2.0])) == (1.5, 2.5)


@pytest.mark.parametrize(
    ("text", "shown"), [("a\x07b\tc  d", "a b c d"), ("x" * 70, "x" * 59 + "…"), ("µ 化", "µ 化")]
)
def test_names_fit_into_a_figure(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(("value", "text"), [(-1.005, "−1.00"), (-0.001, "0.00"), (3.0, "3.00")])
def test_numbers_have_a_true_minus(value: float, text: str) -> None:
    assert number(value) == text
