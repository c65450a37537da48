import pytest
from rdkit import Chem

from screenmm.config.settings import Ligands
from screenmm.core.errors import ConfigError, Reason
from screenmm.generation.blocks import index_blocks
from screenmm.generation.plausibility import Limits as PlausibilityLimits
from screenmm.generation.proposal import Proposal
from screenmm.generation.routes import Router
from screenmm.generation.vetting import (
    Limits,
    has_route,
    is_plausible,
    keeps_core,
    vet,
)
from screenmm.library.standardise import standardise

BENZAMIDE = "NC(=O)c1ccccc1"


def proposals(*smiles: str) -> list[Proposal]:
    return [Proposal(each, "mutation", ("PARENT",)) for each in smiles]


def limits(**filters: object) -> Limits:
    return Limits(Ligands.model_validate({"filters": filters}))


def test_a_molecule_is_kept_standardised() -> None:
    (found,) = vet(proposals("[NH3+]CCc1ccccc1.[Cl-]"), set(), limits())
    assert found.kept
    assert found.smiles == "NCCc1ccccc1"
    assert found.key == Chem.MolToInchiKey(Chem.MolFromSmiles("NCCc1ccccc1"))
    assert found.proposal.parents == ("PARENT",)


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("", Reason.EMPTY_RECORD),
        ("rubbish", Reason.INVALID_STRUCTURE),
        ("C1CC", Reason.INVALID_STRUCTURE),
        ("CN(C)(C)(C)C", Reason.INVALID_STRUCTURE),
        ("[CH2]CC", Reason.RADICAL),
        ("*CCO", Reason.UNSUPPORTED_ELEMENT),
        ("C[Si](C)(C)CO", Reason.UNSUPPORTED_ELEMENT),
        ("[Na+].[Cl-]", Reason.NO_ORGANIC_FRAGMENT),
        ("C" * 101, Reason.TOO_LARGE),
    ],
)
def test_rubbish_has_a_reason(smiles: str, reason: Reason) -> None:
    (found,) = vet(proposals(smiles), set(), limits())
    assert (found.kept, found.reason, found.key) == (False, reason, "")
    assert found.message
    assert not found.message.startswith(f"{reason}:")


def test_one_molecule_a_thousand_times_is_kept_once() -> None:
    found = list(vet(proposals(*["OCC", "CCO"] * 500), set(), limits()))
    assert len(found) == 1000
    assert [each.kept for each in found] == [True, *[False] * 999]
    assert {each.reason for each in found[1:]} == {Reason.DUPLICATE_STRUCTURE}
    assert found[-1].message == "the same molecule as proposal 1"


@pytest.mark.parametrize("drawn", ["OC(=N)c1ccccc1", f"{BENZAMIDE}.Cl"])
def test_a_tautomer_or_salt_of_what_the_library_has(drawn: str) -> None:
    seen = {standardise(BENZAMIDE, "smiles", Ligands()).inchikey}
    (found,) = vet(proposals(drawn), seen, limits())
    assert found.reason is Reason.SEEN_BEFORE


def test_the_duplicate_of_one_that_was_left_out_is_a_duplicate() -> None:
    seen = {standardise(BENZAMIDE, "smiles", Ligands()).inchikey}
    found = [each.reason for each in vet(proposals(BENZAMIDE, BENZAMIDE), seen, limits())]
    assert found == [Reason.SEEN_BEFORE, Reason.DUPLICATE_STRUCTURE]


def test_filters_of_the_library_count() -> None:
    found = list(vet(proposals("CCO", "CCCCCCO"), set(), limits(heavy_atoms={"min": 5})))
    assert [each.reason for each in found] == [Reason.PROPERTY_FILTER, None]
    assert found[0].message == "heavy_atoms 3 is below 5"


def test_a_core_is_kept() -> None:
    asked = Limits(Ligands(), (keeps_core("c1ccncc1"),))
    found = list(vet(proposals("Nc1ccncc1", "Nc1ccccc1"), set(), asked))
    assert [each.reason for each in found] == [None, Reason.CORE_LOST]
    assert "c1ccncc1" in found[1].message


def test_a_core_that_cannot_be_read() -> None:
    with pytest.raises(ConfigError, match="core 'c1cc' is no SMARTS"):
        keeps_core("c1cc")


def test_what_cannot_be_made_of_the_blocks_has_no_route() -> None:
    blocks = index_blocks([("OC(=O)c1ccccc1", "acid"), ("C1COCCN1", "amine")])
    asked = Limits(Ligands(), (has_route(Router(blocks)),))
    found = list(vet(proposals("O=C(c1ccccc1)N1CCOCC1", "O=C(c1ccccc1)N1CCCC1"), set(), asked))
    assert [each.reason for each in found] == [None, Reason.NO_ROUTE]
    assert "at most 2 reactions" in found[1].message
    with pytest.raises(ValueError, match="3 steps: from 0 to 2"):
        has_route(Router(blocks), 3)


def test_an_odd_ring_is_implausible() -> None:
    asked = Limits(Ligands(), (is_plausible(PlausibilityLimits()),))
    found = list(vet(proposals("Cc1ccccc1-c1nnnnn1", "Cc1ccccc1-c1ccncc1"), set(), asked))
    assert [each.reason for each in found] == [Reason.IMPLAUSIBLE_RING, None]


def test_the_first_check_that_objects_gives_the_reason() -> None:
    asked = Limits(Ligands(), (keeps_core("[Br]"), keeps_core("[Cl]")))
    (found,) = vet(proposals("CCO"), set(), asked)
    assert "[Br]" in found.message


def test_nothing_proposed() -> None:
    assert list(vet([], set(), limits())) == []
