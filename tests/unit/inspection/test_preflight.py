from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from screenmm.cli import main
from screenmm.errors import ConfigError
from screenmm.inspection.preflight import check_filters
from screenmm.settings import Settings, parse_settings

ATOM = (
    "ATOM  {i:5d}  CA  {name} {chain}{number:4d}    {i:8.3f}   0.000   0.000  1.00  0.00"
    "           C\n"
)


@pytest.fixture
def structure(tmp_path: Path) -> Path:
    """Residues 10, 11, 15 of chain A, of which the last is modified; 12 of chain B."""
    residues = [("GLU", "A", 10), ("VAL", "A", 11), ("MSE", "A", 15), ("LEU", "B", 12)]
    path = tmp_path / "protein.pdb"
    path.write_text(
        "".join(
            ATOM.format(i=i, name=name, chain=chain, number=number)
            for i, (name, chain, number) in enumerate(residues, start=1)
        )
        + "END\n"
    )
    return path


def settings(structure: Path, residue: str, **receptor: Any) -> Settings:
    return parse_settings(
        {
            "name": "x",
            "results": "results/x",
            "library": {"files": ["a.smi"]},
            "receptors": {"wt": {"structure": str(structure), **receptor}},
            "pocket": "auto",
            "ranking": {"interactions": {"must_not": [f"any contact with {residue}"]}},
        },
        None,
    )


@pytest.mark.parametrize(
    ("residue", "receptor"),
    [
        ("Val11", {}),
        ("A:val11", {}),
        ("12", {}),
        ("A:GLY13", {}),  # in a gap: preparation may build it
        ("Met15", {}),  # selenomethionine becomes methionine
        ("Thr11", {"mutations": ["V11T"]}),
        ("A:XYZ:900", {"cofactors": [{"sdf": "cofactor.sdf"}]}),
        ("NAD", {}),
    ],
)
def test_what_may_be_there_passes(structure: Path, residue: str, receptor: dict) -> None:
    check_filters(settings(structure, residue, **receptor))


@pytest.mark.parametrize(
    ("residue", "receptor", "complaint"),
    [
        ("Leu11", {}, "receptor wt has no such residue; it has A:VAL:11"),
        ("981", {}, "near it are A:MSE:15, B:LEU:12, A:VAL:11, A:GLU:10"),
        ("B:11", {}, "it has A:VAL:11"),
        ("12", {"chains": ["B"]}, None),
        ("11", {"chains": ["B"]}, "near it are B:LEU:12"),
    ],
)
def test_what_will_never_be_there_is_refused(
    structure: Path, residue: str, receptor: dict, complaint: str | None
) -> None:
    given = settings(structure, residue, **receptor)
    if complaint is None:
        check_filters(given)
        return
    with pytest.raises(ConfigError) as error:
        check_filters(given)
    assert complaint in str(error.value)


def test_a_blank_chain_may_get_any_name(tyk2_protein: Path) -> None:
    check_filters(settings(tyk2_protein, "A:VAL93"))
    with pytest.raises(ConfigError, match="it has VAL:93"):
        check_filters(settings(tyk2_protein, "A:LEU93"))


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ("hydrogen bond to Leu11", "receptor wt has no such residue; it has A:VAL:11"),
        ("hidrogen bond to Val11", "ranking.interactions.must.0: 'hidrogen bond to Val11': "
         "'hidrogen bond' is no kind of interaction; did you mean 'hydrogen bond'?"),
    ],
)  # fmt: skip
def test_the_check_of_a_config_says_it(
    structure: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: str, complaint: str
) -> None:
    (tmp_path / "a.smi").write_text("CCO ethanol\n")
    config = {
        "name": "x",
        "results": "results/x",
        "library": {"files": ["a.smi"]},
        "receptors": {"wt": {"structure": structure.name}},
        "pocket": {"residues": ["A:11"]},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config | {"ranking": {"interactions": {"must": [asked]}}}))
    assert main(["check", str(path)]) == 1
    assert complaint in capsys.readouterr().err
    config["ranking"] = {"interactions": {"must": ["hydrogen bond to Val11"]}}
    path.write_text(yaml.safe_dump(config))
    assert main(["check", str(path)]) == 0
