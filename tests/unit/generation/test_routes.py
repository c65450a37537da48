import pytest

from screenmm.generation.blocks import Blocks, index_blocks
from screenmm.generation.reactions import named_reactions
from screenmm.generation.routes import MOST_STEPS, Router, Step, route

TYK2 = "O=C(Nc1ccnc(NC(=O)C2CC2)c1)c1c(Cl)cccc1Cl"


def blocks(*smiles: str) -> Blocks:
    return index_blocks((each, "") for each in smiles)


def check(steps: list[Step], known: Blocks, wanted: str) -> None:
    """Every step does what it says, with what there is."""
    reactions = {each.name: each for each in named_reactions()}
    made = set(known.smiles)
    for step in steps:
        assert set(step.reactants) <= made
        assert reactions[step.reaction].react(*step.reactants) == step.product
        made.add(step.product)
    assert steps[-1].product == wanted


def test_a_block_needs_no_step() -> None:
    assert route("c1ccccc1CN", blocks("NCc1ccccc1")) == []


def test_one_step() -> None:
    known = blocks("O=C(O)c1c(Cl)cccc1Cl", "Nc1ccnc(NC(=O)C2CC2)c1")
    found = route(TYK2, known)
    assert found is not None
    assert [step.reaction for step in found] == ["amide coupling"]
    check(found, known, TYK2)


@pytest.mark.parametrize(
    ("wanted", "parts"),
    [
        # the acid chloride, the pinacol ester and the iodide are as good as the usual forms
        ("CNC(=O)c1ccccc1", ["O=C(Cl)c1ccccc1", "CN"]),
        ("c1ccc(-c2ccncc2)cc1", ["CC1(C)OB(c2ccccc2)OC1(C)C", "Brc1ccncc1"]),
        ("c1ccc(-c2ccncc2)cc1", ["OB(O)c1ccccc1", "Ic1ccncc1"]),
        ("c1ccc(CNc2ncccn2)cc1", ["Fc1ncccn1", "NCc1ccccc1"]),
    ],
)
def test_forms_of_the_blocks(wanted: str, parts: list[str]) -> None:
    known = blocks(*parts)
    found = route(wanted, known)
    assert found is not None
    assert len(found) == 1
    check(found, known, wanted)


def test_two_steps_in_their_order() -> None:
    wanted = "CN(C)CC(=O)Nc1ccc(-c2ccncc2)cc1"
    known = blocks("CN(C)CC(=O)O", "Nc1ccc(Br)cc1", "OB(O)c1ccncc1")
    found = route(wanted, known)
    assert found is not None
    assert len(found) == 2
    check(found, known, wanted)
    assert route(wanted, known, steps=1) is None


def test_the_shorter_route_is_found() -> None:
    wanted = "CN(C)CC(=O)Nc1ccc(-c2ccncc2)cc1"
    parts = ["CN(C)CC(=O)O", "Nc1ccc(Br)cc1", "OB(O)c1ccncc1", "Nc1ccc(-c2ccncc2)cc1"]
    found = route(wanted, blocks(*parts))
    assert found is not None
    assert len(found) == 1


def test_no_route() -> None:
    known = blocks("O=C(O)c1c(Cl)cccc1Cl")
    assert route(TYK2, known) is None
    assert route(TYK2, index_blocks([])) is None
    assert route(TYK2, known, steps=0) is None
    for odd in ("", "C1CC", "C", "[Na+].[Cl-]", "C" * 200, "N[C@@H](C)C(=O)" * 20 + "O"):
        assert route(odd, known) is None
    with pytest.raises(ValueError, match=f"{MOST_STEPS + 1} steps, at most {MOST_STEPS}"):
        route(TYK2, known, steps=MOST_STEPS + 1)


def test_configuration_counts() -> None:
    wanted = "C[C@H](NC(C)=O)c1ccccc1"
    assert route(wanted, blocks("CC(=O)O", "C[C@@H](N)c1ccccc1")) is None
    assert route(wanted, blocks("CC(=O)O", "CC(N)c1ccccc1")) is None
    assert route(wanted, blocks("CC(=O)O", "C[C@H](N)c1ccccc1")) is not None


def test_what_was_taken_apart_is_remembered() -> None:
    known = blocks("CN(C)CC(=O)O", "Nc1ccc(Br)cc1", "OB(O)c1ccncc1")
    router = Router(known)
    wanted = "CN(C)CC(=O)Nc1ccc(-c2ccncc2)cc1"
    first = router.route(wanted)
    assert router.apart(wanted) is router.apart(wanted)
    assert router.route(wanted) == first == route(wanted, known)
