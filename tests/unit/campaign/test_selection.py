from __future__ import annotations

from screenmm.campaign.known import AT_RANDOM, BY_MODEL
from screenmm.campaign.selection import chosen

DOCKING = ["a", "b", "c", "d", "e"]
MODEL = ["e", "d", "a", "b", "c"]


def test_docking_alone_chooses_where_there_is_no_model() -> None:
    assert chosen(DOCKING, [], [], 3, 2) == {"a": "", "b": "", "c": ""}


def test_the_model_has_its_places_and_docking_the_others() -> None:
    assert chosen(DOCKING, MODEL, [], 3, 2) == {"e": BY_MODEL, "d": BY_MODEL, "a": ""}


def test_who_was_drawn_by_chance_takes_a_place_of_the_model() -> None:
    found = chosen(DOCKING, MODEL, ["c"], 3, 2)
    assert found == {"c": AT_RANDOM, "e": BY_MODEL, "a": ""}


def test_nobody_has_two_places_and_no_place_is_left() -> None:
    assert list(chosen(DOCKING, MODEL, ["e"], 5, 5)) == ["e", "d", "a", "b", "c"]
    assert set(chosen(DOCKING, MODEL, [], 100, 50)) == set(DOCKING)
    assert chosen(DOCKING, MODEL, DOCKING, 2, 1) == {"a": AT_RANDOM, "b": AT_RANDOM}
    assert chosen([], [], [], 5, 2) == {}
