"""Names, alternates and modified residues as real files have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from screenmm.errors import ConfigError, ReceptorError
from screenmm.planning.opened import open_inputs
from screenmm.receptor.prepare import choose_residues, prepare_receptor
from screenmm.settings import Receptor, Settings, load_settings

Case = Callable[[str], Path]


def edited(folder: Path, **receptor: object) -> Settings:
    """Settings of a case with other keys of its receptor."""
    config = yaml.safe_load((folder / "config.yaml").read_text())
    pocket = receptor.pop("pocket", None)
    config["receptors"]["p"] |= receptor
    config["pocket"] = pocket or config["pocket"]
    (folder / "edited.yaml").write_text(yaml.safe_dump(config))
    return load_settings(folder / "edited.yaml")


def prepared_charge(settings: Settings) -> tuple[list[str], str]:
    made = prepare_receptor("p", settings.receptors["p"], settings.pocket_of("p"))
    return [residue.name for residue in made.topology.residues()], made.report_text()


@pytest.mark.parametrize(
    ("config", "said"),
    [("config.yaml", "kept B"), ("config_BC.yaml", "kept B, left out C")],
)
def test_reference_with_alternates_makes_its_whole_box(case: Case, config: str, said: str) -> None:
    settings = load_settings(case("09-reference-alternates") / config)
    structure, pocket, _ = choose_residues(settings.receptors["p"], settings.pocket_of("p"))
    assert pocket.reference is not None
    assert pocket.reference.GetNumHeavyAtoms() == 46
    assert np.allclose(pocket.center, (4.9, 0.1, 11.2), atol=0.05)
    assert np.allclose(pocket.size, (18.0, 19.3, 19.6), atol=0.05)
    assert len(pocket.lining) == 31
    notes = [change.detail for change in structure.changes if change.kind == "reference ligand"]
    assert notes == [f"alternate locations: {said}"]


def test_octal_residue_name_is_shown_as_it_stands(case: Case) -> None:
    folder = case("12-octal-residue-name")
    with pytest.raises(ConfigError, match=r'line 5: YAML reads 032 .* put 032 in quotes, "032"'):
        load_settings(folder / "config.yaml")
    settings = edited(folder, pocket={"ligand_residue": "032"})
    _, pocket, _ = choose_residues(settings.receptors["p"], settings.pocket_of("p"))
    # vemurafenib's analogue PLX4032: C23 H18 Cl F2 N3 O3 S
    assert pocket.reference is not None
    assert pocket.reference.GetNumHeavyAtoms() == 33


def test_boolean_residue_name_is_shown_as_it_stands(case: Case) -> None:
    path = case("12-octal-residue-name") / "config.yaml"
    text = path.read_text().replace("032", '"032"').replace("p: {", "p: {remove: [NO], ")
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"p\.remove\.0: text is expected; put NO in quotes"):
        load_settings(path)


def test_chains_of_an_assembly_are_understood_by_every_key(case: Case) -> None:
    folder = case("13-assembly-chains")
    settings = edited(folder, remove=["A-2:A1LU6"])
    _, pocket, _ = choose_residues(settings.receptors["p"], settings.pocket_of("p"))
    assert pocket.lining == ["A:ASP:25", "A-2:ASP:25"]
    settings = edited(folder, mutations=["A-2:V82A"], pocket={"ligand_residue": "A-2:A1LU6"})
    structure, pocket, _ = choose_residues(settings.receptors["p"], settings.pocket_of("p"))
    assert pocket.taken_out == {"A-2:A1LU6:900"}
    mutated = [change.residue for change in structure.changes if change.kind == "mutated"]
    assert mutated == ["A-2:ALA:82"]


def test_carboxylysine_on_zinc_is_refused_or_accepted_by_name(case: Case) -> None:
    folder = case("17-kcx-on-zinc")
    settings = load_settings(folder / "config.yaml")
    expected = r"A:KCX:45 .* 7\.3 Å from the pocket .* OQ1 2\.0 Å from the metal A:ZN:500 "
    with pytest.raises(ReceptorError, match=f"{expected}.* charge -1 becomes 0"):
        choose_residues(settings.receptors["p"], settings.pocket_of("p"))
    with pytest.raises(ConfigError, match="A:KCX:45 has no parameters"):
        open_inputs(settings).check()
    # the remedy, as the message gives it; never the cation
    names, report = prepared_charge(edited(folder, model_as_parent=["A:KCX:45"]))
    assert names.count("ZN") == 1
    assert "A:KCX:45: KCX modelled as LYN, without CX OQ1 OQ2, charge -1 becomes 0" in report


def test_modified_nucleotide_is_refused_or_modelled(case: Case) -> None:
    folder = case("18-modified-nucleotide")
    settings = load_settings(folder / "config.yaml")
    with pytest.raises(ReceptorError, match=r"A:5CM:10 .* modelled as DC, without C5A"):
        choose_residues(settings.receptors["p"], settings.pocket_of("p"))
    names, report = prepared_charge(edited(folder, model_as_parent=["5CM"]))
    assert len(names) == 24
    assert names[9] == "DC"
    assert "gap" not in report
    # away from the pocket the strand stays whole too
    far = edited(folder, pocket={"residues": ["B:1"]})
    structure, _, _ = choose_residues(far.receptors["p"], far.pocket_of("p"))
    assert next(r.name for r in structure.of_kind("polymer") if r.number == 10) == "DC"


def test_receptor_takes_the_key() -> None:
    taken = Receptor(structure="a.pdb", model_as_parent=["KCX", "A-2:KCX:45"])
    assert taken.model_as_parent == ["KCX", "A-2:KCX:45"]
