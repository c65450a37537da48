from __future__ import annotations

from screenmm.campaign.known import AT_RANDOM, BY_MODEL
from screenmm.campaign.selection import chosen
from screenmm.rounds.scoring import FEWEST_SCORED

# docking says that longer is better; the score, that oxygen is
SMILES = {f"{n}{end}": "C" * n + end for n in range(1, 30) for end in ("C", "O")}
DOCKING = {key: -float(len(smiles)) for key, smiles in SMILES.items()}
SCORED = {
    key: -20.0 if key.endswith("O") else -10.0 for key in SMILES if int(key[:-1]) < 20
}  # fmt: skip
NEW = [key for key in SMILES if key not in SCORED]


def test_docking_alone_chooses_where_too_little_was_scored() -> None:
    few = dict(list(SCORED.items())[: FEWEST_SCORED - 1])
    own = {key: DOCKING[key] for key in [*NEW, *few]}
    assert chosen(own, few, SMILES, [], 2, 0.5) == {"29C": "", "29O": ""}


def test_the_model_has_its_places_and_docking_the_others() -> None:
    found = chosen(DOCKING, SCORED, SMILES, [], 4, 0.5)
    assert [key for key, why in found.items() if why == ""] == ["29C", "29O"]
    learned = [key for key, why in found.items() if why == BY_MODEL]
    assert len(learned) == 2
    assert all(key.endswith("O") for key in learned)
    assert not found.keys() & SCORED.keys()


def test_who_was_drawn_by_chance_takes_a_place_of_the_model() -> None:
    found = chosen(DOCKING, SCORED, SMILES, ["20C", "21C", "22C"], 4, 0.5)
    assert found == {"20C": AT_RANDOM, "21C": AT_RANDOM, "29C": "", "29O": ""}


def test_no_place_is_left_where_there_are_ligands() -> None:
    assert set(chosen(DOCKING, SCORED, SMILES, ["20C"], 1000, 0.5)) == set(NEW)
    assert chosen({"20C": -1.0}, {}, SMILES, ["20C"], 1, 1.0) == {"20C": AT_RANDOM}
    assert chosen({}, {}, SMILES, [], 5, 0.5) == {}
