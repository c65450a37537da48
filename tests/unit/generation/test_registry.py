from importlib.metadata import version
from pathlib import Path

import pytest

from screenmm.core.errors import ConfigError
from screenmm.generation.blocks import index_blocks
from screenmm.generation.fragment_database import fragment_shard, merge
from screenmm.generation.proposal import Known
from screenmm.generation.registry import Sources, made_of, make_proposer, proposers

PARENTS = [
    Known("A", "O=C(Nc1ccnc(NC(=O)C2CC2)c1)c1c(Cl)cccc1Cl", -9.0),
    Known("B", "CC(=O)Nc1cc(NC(=O)c2c(Cl)cccc2Cl)ccn1", -8.0),
]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    folder: Path = tmp_path_factory.mktemp("sources")
    fragment_shard([(each.key, each.smiles) for each in PARENTS], folder / "shard.parquet")
    merge([folder / "shard.parquet"], folder / "fragments.db")
    blocks = index_blocks(
        [("OC(=O)c1ccccc1", "benzoic acid"), ("CC(=O)O", "acetic acid"), ("Nc1ccncc1", "amine")]
    )
    return Sources(folder / "fragments.db", blocks)


def test_every_module_is_a_proposer() -> None:
    assert list(proposers()) == [
        "analogues", "fragments", "genetic", "language_model", "products",
    ]  # fmt: skip
    assert all(facts.words for facts in proposers().values())


@pytest.mark.parametrize("name", ["analogues", "fragments", "genetic", "products"])
def test_each_proposes_by_its_name(name: str, sources: Sources) -> None:
    found = make_proposer(name, sources).propose(PARENTS, PARENTS, 3, 1)
    assert 0 < len(found) <= 3
    known = {each.smiles for each in PARENTS}
    assert not known & {each.smiles for each in found}
    assert found == make_proposer(name, sources).propose(PARENTS, PARENTS, 3, 1)


def test_an_unknown_name() -> None:
    with pytest.raises(ConfigError, match=r"'genetics': there are analogues, .*; genetic is meant"):
        make_proposer("genetics", Sources())


@pytest.mark.parametrize(("name", "needs"), [("fragments", "fragments"), ("products", "blocks")])
def test_what_it_is_made_of_is_missing(name: str, needs: str) -> None:
    with pytest.raises(ConfigError, match=f"proposer {name} needs {needs}: give them"):
        make_proposer(name, Sources())


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screenmm.generation.registry.is_installed", lambda name: name != "crem")
    with pytest.raises(ConfigError, match=r"needs crem, not installed in .*pip install crem=="):
        make_proposer("fragments", Sources())


def test_the_pinned_version_is_the_one_that_is_tested() -> None:
    assert version("crem") in proposers()["fragments"].get


def test_the_package_is_missed_before_anything_is_cut(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("screenmm.generation.registry.is_installed", lambda name: name != "crem")
    with pytest.raises(ConfigError, match="needs crem, not installed"):
        made_of("fragments", PARENTS, tmp_path)


@pytest.mark.parametrize("name", ["fragments", "products"])
def test_molecules_that_cannot_be_cut_are_an_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"proposer {name}: no.*give .*library of more molecules"):
        made_of(name, [Known("A", "O=C=O")], tmp_path)


def test_what_is_left_out_of_the_sources_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made_of("fragments", [*PARENTS, Known("C", "O=C=O")], tmp_path)
    assert "no fragments: 'O=C=O' has no bond that can be cut" in caplog.text
    blocks = tmp_path / "blocks.smi"
    blocks.write_text("OC(=O)c1ccccc1 acid\nC1CC odd\n")
    assert made_of("products", PARENTS, tmp_path, blocks).blocks is not None
    assert "1 building blocks; left out: 1 invalid_structure" in caplog.text
