from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from screenmm.report.depict import HEIGHT, WIDTH, draw


def _drawn(smiles: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<svg>{draw(smiles)}</svg>")


def test_atoms_and_bonds_of_each_element_have_its_ink() -> None:
    drawn = _drawn("OC(=O)c1ccc(N)cc1Cl")
    inks = {kind for each in drawn for kind in each.get("class", "").split()}
    assert {"l", "mc", "mn", "mo", "ml"} <= inks
    letters = [(each.get("class"), each.text) for each in drawn if each.tag == "text"]
    assert ("mn", "N") in letters
    assert ("ml", "C") in letters or ("ml", "Cl") in letters


def test_charges_have_a_true_minus() -> None:
    assert "−" in {each.text for each in _drawn("CC(=O)[O-]")}


def test_stereo_bonds_are_filled() -> None:
    assert any(each.get("class", "").startswith("a") for each in _drawn("C[C@H](N)C(=O)O"))


def test_elements_without_an_ink_keep_their_colour() -> None:
    assert "--ink:#" in draw("CB(O)O") or 'class="mc"' in draw("CB(O)O")


@pytest.mark.parametrize("smiles", ["C" * 60, "CC(C)(C)c1ccc(cc1)C(=O)Nc1ccccc1"])
def test_everything_lies_within_the_frame(smiles: str) -> None:
    for path in re.findall(r' d="([^"]*)"', draw(smiles)):
        numbers = [float(each) for each in re.findall(r"[\d.]+", path)]
        assert all(-1 <= x <= WIDTH + 1 for x in numbers[::2])
        assert all(-1 <= y <= HEIGHT + 1 for y in numbers[1::2])


@pytest.mark.parametrize("smiles", ["", None, "C1CC", "<script>"])
def test_what_cannot_be_read_is_not_drawn(smiles: str | None) -> None:
    assert draw(smiles) == ""
