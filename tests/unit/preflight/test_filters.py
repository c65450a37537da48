"""Residues that filters name: in the structure as given, and as preparation leaves it."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import yaml

from screenmm.cli import main
from screenmm.config.settings import Pocket, Receptor, Settings, parse_settings
from screenmm.core.errors import ConfigError, ReceptorError
from screenmm.preflight.filters import check_filters
from screenmm.receptor.prepare import prepare_receptor
from screenmm.residues.filters import parse_filter
from screenmm.stages import check_filters as check_stage
from screenmm.stages import prepare_receptor as stage

GAP = range(20, 23)
HETERO = ("S   SO4   301", "C1  NAD   302", "C2  NAD   302", "O   HOH   401", "O   HOH   402")


@pytest.fixture(scope="module")
def structure(tyk2_protein: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TYK2 with Amber's names and no chain name; a gap, a selenomethionine, a mutable Met90.

    Far from the pocket: a sulphate, an organic molecule (an atom of each) and two waters.
    """
    lines = []
    for line in tyk2_protein.read_text().splitlines():
        if not line.startswith("ATOM") or int(line[22:26]) in GAP:
            continue
        if int(line[22:26]) == 38:
            if line[76:78].strip() == "H":
                continue
            atom, element = line[12:16], line[76:]
            if atom.strip() == "SD":
                atom, element = "SE  ", "SE"
            lines.append(f"HETATM{line[6:12]}{atom} MSE{line[20:76]}{element}")
        else:
            lines.append(line)
    for i, what in enumerate(HETERO):
        name, residue = what[:3], what[3:]
        element = name[0]
        lines.append(
            f"HETATM{9000 + i:5d}  {name}{residue}    {90.0:8.3f}{90 + 9.0 * i:8.3f}{90.0:8.3f}"
            f"  1.00  0.00           {element}"
        )
    path = tmp_path_factory.mktemp("structure") / "protein.pdb"
    path.write_text("\n".join([*lines, "END", ""]))
    return path


def settings(structure: Path, asked: str | dict[str, Any], **receptor: Any) -> Settings:
    if isinstance(asked, str):
        asked = f"any contact with {asked}"
    return parse_settings(
        {
            "name": "x",
            "results": "results/x",
            "library": {"files": ["a.smi"]},
            "receptors": {
                "wt": {"structure": str(structure), **receptor},
                "M90F": {"structure": str(structure), **receptor, "mutations": ["M90F"]},
            },
            "pocket": "auto",
            "ranking": {"interactions": {"must_not": [asked]}},
        },
        None,
    )


@pytest.mark.parametrize(
    ("residue", "receptor"),
    [
        ("Val93", {}),
        ("A:val93", {}),  # the chain gets this name
        ("HIE5", {}),  # as in the file
        ("His5", {}),  # as it will be called
        ("A:HSD:5", {}),
        ("Mse38", {}),
        ("Met38", {}),
        ("A:90", {}),  # methionine in one receptor, phenylalanine in the other
        ("A:GLY21", {}),  # in a gap: preparation may build it
        ("HOH401", {"keep_waters": "all"}),
        ("NAD", {"cofactors": [{"residue": "NAD", "smiles": "C"}]}),
        ("A:XYZ:900", {"cofactors": [{"sdf": "cofactor.sdf"}]}),
    ],
)
def test_what_may_be_there_passes(structure: Path, residue: str, receptor: dict) -> None:
    check_filters(settings(structure, residue, **receptor))


@pytest.mark.parametrize(
    ("residue", "receptor", "complaint"),
    [
        ("Leu93", {}, "receptor wt has no such residue; it has A:VAL:93"),
        ("HIE93", {}, "receptor wt has no such residue; it has A:VAL:93"),
        ("981", {}, "near it are A:NME:290, A:GLN:289"),
        ("B:93", {}, "it has A:VAL:93"),
        ("a:93", {}, "its chain is A, not a"),
        ("Met90", {}, "receptor M90F has no such residue; it has A:PHE:90: leave out what differs"),
        ("SO4", {}, "takes A:SO4:301 out (it is not among receptors.wt.cofactors)"),
        ("SO4", {"remove": ["SO4"]}, "takes A:SO4:301 out (receptors.wt.remove)"),
        ("A:NAD:302", {}, "takes A:NAD:302 out (it is not among receptors.wt.cofactors)"),
        ("HOH401", {"keep_waters": "none"}, "A:HOH:401 out (receptors.wt.keep_waters: none)"),
        ("GTP", {}, "near it are"),
    ],
)
def test_what_will_never_be_there_is_refused(
    structure: Path, residue: str, receptor: dict, complaint: str
) -> None:
    with pytest.raises(ConfigError) as error:
        check_filters(settings(structure, residue, **receptor))
    assert complaint in str(error.value)


def test_a_filter_is_looked_for_in_its_receptors(structure: Path) -> None:
    check_filters(settings(structure, {"filter": "any with Met90", "receptors": ["wt"]}))
    check_filters(settings(structure, {"filter": "any with Phe90", "receptors": ["M90F"]}))
    with pytest.raises(ConfigError, match="receptor wt has no such residue; it has A:MET:90"):
        check_filters(settings(structure, {"filter": "any with Phe90", "receptors": ["wt"]}))
    with pytest.raises(ConfigError, match=r"is for receptor M90f, which .*; did you mean M90F"):
        settings(structure, {"filter": "any with Phe90", "receptors": ["M90f"]})


def test_what_the_config_says_wrongly_of_a_structure_is_said_early(structure: Path) -> None:
    with pytest.raises(ReceptorError, match="has no chain X"):
        check_filters(settings(structure, "Val93", chains=["X"]))


def test_a_prepared_receptor_is_refused_without_what_preparation_did_not_make(
    structure: Path, tmp_path: Path
) -> None:
    receptor = {"structure": str(structure), "keep_waters": "all"}
    pocket = {"residues": ["A:93"]}
    stage.write_folder(prepare_receptor("wt", Receptor(**receptor), Pocket(**pocket)), tmp_path)
    passed = tmp_path / "passed.txt"

    def check(*must: str | dict[str, Any]) -> None:
        entries = [each if isinstance(each, dict) else {"filter": each} for each in must]
        filters = {"ranking": {"interactions": {"must": entries}}}
        check_stage.run(Namespace(settings=json.dumps(filters), receptor=tmp_path, out=passed))

    check("H-bond to HIE5", "any with His5", "any with Mse38", "any with HOH402")
    assert passed.read_text().splitlines()[0] == "H-bond to HIE5: wt has the residue"
    check({"filter": "any with Phe90", "receptors": ["M90F"]})
    assert passed.read_text() == ""
    passed.unlink()
    for asked, complaint in {
        "any with 21": "receptor wt has no such residue; near it are",  # no loop was built
        "any with SO4": "preparation takes A:SO4:301 out (crystallisation additive)",
        "any with A:NAD": "takes A:NAD:302 out (organic molecule",
        "any with HOH403": "of its waters, 2 of 2 kept, 0 removed (policy all)",
    }.items():
        with pytest.raises(ConfigError) as error:
            check("any with His5", asked)
        assert complaint in str(error.value)
        assert not passed.exists()


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ("hydrogen bond to Leu93", "receptor wt has no such residue; it has A:VAL:93"),
        ("hidrogen bond to Val93", "ranking.interactions.must.0.filter: 'hidrogen bond to Val93': "
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
        "receptors": {"wt": {"structure": str(structure)}},
        "pocket": {"residues": ["A:93"]},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config | {"ranking": {"interactions": {"must": [asked]}}}))
    assert main(["check", str(path)]) == 1
    assert complaint in capsys.readouterr().err
    config["ranking"] = {"interactions": {"must": ["hydrogen bond to Val93"]}}
    path.write_text(yaml.safe_dump(config))
    assert main(["check", str(path)]) == 0


def test_the_config_takes_texts_and_entries(structure: Path) -> None:
    limited = {"filter": "any with 93", "receptors": ["wt"]}
    asked = settings(structure, limited).ranking.interactions.filters[1]
    assert asked == [parse_filter("any with 93", ["wt"])]
    assert settings(structure, "93").ranking.interactions.filters[1][0].is_for("M90F")
    for wrong, complaint in {
        "receptor": "unknown key 'receptor'; did you mean receptors",
        "filters": "unknown key 'filters'; did you mean filter",
    }.items():
        with pytest.raises(ConfigError, match=complaint):
            settings(structure, {"filter": "any with 93", wrong: ["wt"]})
