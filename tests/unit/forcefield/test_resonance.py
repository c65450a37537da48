"""Formal charges averaged over resonance forms that can be counted by hand."""

from __future__ import annotations

import pytest

from screenmm.forcefield.resonance import average_formal_charges


def test_a_carboxylate_shares_its_charge() -> None:
    # HCOO-: the two oxygens are the same after resonance
    charges = average_formal_charges([6, 8, 8, 1], [0, 0, -1, 0], [(0, 1, 2), (0, 2, 1), (0, 3, 1)])
    assert charges == [0.0, -0.5, -0.5, 0.0]


def test_a_guanidinium_shares_its_charge() -> None:
    bonds = [(0, 1, 2), (0, 2, 1), (0, 3, 1)]
    bonds += [(nitrogen, 2 * nitrogen + i, 1) for nitrogen in (1, 2, 3) for i in (2, 3)]
    charges = average_formal_charges([6, 7, 7, 7] + [1] * 6, [0, 1, 0, 0] + [0] * 6, bonds)
    assert charges[1:4] == pytest.approx([1 / 3] * 3)


def test_an_amide_keeps_its_charges() -> None:
    # formamide: the charge-separated form is higher in energy
    bonds = [(0, 1, 2), (0, 2, 1), (0, 3, 1), (2, 4, 1), (2, 5, 1)]
    assert average_formal_charges([6, 8, 7, 1, 1, 1], [0] * 6, bonds) == [0.0] * 6


@pytest.mark.parametrize(
    ("number", "charged"), [(8, -0.5), (16, -0.5)], ids=["acetate", "dithioacetate"]
)
def test_oxygen_and_sulfur_take_part(number: int, charged: float) -> None:
    charges = average_formal_charges([6, number, number], [0, 0, -1], [(0, 1, 2), (0, 2, 1)])
    assert charges == [0.0, charged, charged]


def test_a_vinylogous_carboxylate_shares_its_charge_through_the_chain() -> None:
    # O=C-C=C-[O-], as in the enolate of malonaldehyde
    bonds = [(0, 1, 2), (1, 2, 1), (2, 3, 2), (3, 4, 1)]
    charges = average_formal_charges([8, 6, 6, 6, 8], [0, 0, 0, 0, -1], bonds)
    assert charges == [-0.5, 0.0, 0.0, 0.0, -0.5]


def test_a_saturated_carbon_ends_the_path() -> None:
    # O=C-C-C-[O-]: beta-hydroxy-ketone, deprotonated
    bonds = [(0, 1, 2), (1, 2, 1), (2, 3, 1), (3, 4, 1)]
    charges = average_formal_charges([8, 6, 6, 6, 8], [0, 0, 0, 0, -1], bonds)
    assert charges == [0.0, 0.0, 0.0, 0.0, -1.0]
