"""Which config key makes which stage run again."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from screenmm.methods import VERSIONS, stage_settings
from screenmm.settings import Settings, parse_settings

CONFIG = """\
name: my-screen
results: results/some-distinct-folder
library: {files: [library.smi]}
receptors:
  wt: {structure: protein.pdb}
  mutant: {structure: protein.pdb, mutations: [T315I]}
pocket: {ligand: crystal_ligand.sdf}
"""


def settings_with(path: str = "", value: Any = None) -> Settings:
    config: dict[str, Any] = yaml.safe_load(CONFIG)
    *sections, key = path.split(".")
    place = config
    for section in sections:
        place = place.setdefault(section, {})
    if key:
        place[key] = value
    return parse_settings(config, None)


def texts(settings: Settings) -> dict[str, str]:
    """Settings text of every stage; prepare_receptor has one per receptor."""
    found = {s: stage_settings(settings, s) for s in VERSIONS if s != "prepare_receptor"}
    for receptor in settings.receptors:
        found[f"prepare_receptor {receptor}"] = stage_settings(
            settings, "prepare_receptor", receptor
        )
    return found


@pytest.mark.parametrize(
    ("path", "value", "stages"),
    [
        ("name", "other", set()),
        ("results", "results/other", set()),
        ("seed", 2, {"prepare_ligands", "dock", "score"}),
        ("library.files", ["other.smi"], {"split"}),
        ("library.id_column", "name", {"split"}),
        ("library.shard_size", 100, {"split", "merge"}),
        ("receptors.wt.ph", 6.5, {"prepare_receptor wt"}),
        ("receptors.mutant.mutations", ["T315A"], {"prepare_receptor mutant"}),
        ("receptors.mutant.pocket", {"ligand": "other.sdf"}, {"prepare_receptor mutant"}),
        ("pocket.padding_angstrom", 5, {"prepare_receptor wt", "prepare_receptor mutant"}),
        ("ligands.ph_min", 7.0, {"prepare_ligands"}),
        ("ligands.ph_max", 8.0, {"prepare_ligands"}),
        ("ligands.tautomers", False, {"prepare_ligands"}),
        ("ligands.max_stereoisomers", 8, {"prepare_ligands"}),
        ("ligands.max_states", 1, {"prepare_ligands"}),
        ("ligands.conformer_trials", 1, {"prepare_ligands"}),
        ("ligands.max_heavy_atoms", 50, {"standardise"}),
        ("ligands.filters.logp", {"max": 5}, {"standardise"}),
        ("ligands.time_limit_s", 30, {"standardise", "prepare_ligands"}),
        ("docking.engine", "vina", {"standardise", "prepare_ligands", "dock"}),
        ("docking.poses", 5, {"dock"}),
        ("docking.exhaustiveness", 16, {"dock"}),
        ("docking.device", "cpu", {"dock"}),
        ("scoring.top", 10, {"select"}),
        ("scoring.poses", 1, {"select"}),
        ("scoring.shard_size", 10, {"select"}),
        ("scoring.platform", "CPU", {"score"}),
        ("scoring.precision", "double", {"score"}),
        ("scoring.pocket_radius_angstrom", 12, {"score"}),
        ("scoring.restraint_kcal_mol_angstrom2", 5, {"score"}),
        ("scoring.max_iterations", 200, {"score"}),
        ("scoring.solute_dielectric", 2, {"score"}),
        ("scoring.time_limit_s", 100, {"score"}),
        ("ranking.complexes", 5, {"rank"}),
        ("ranking.table_rows", 50, set()),
    ],
)
def test_a_key_reruns_only_the_stages_that_use_it(path: str, value: Any, stages: set[str]) -> None:
    before, after = texts(settings_with()), texts(settings_with(path, value))
    assert {stage for stage in before if before[stage] != after[stage]} == stages | {"report"}


def test_every_config_key_reaches_a_stage() -> None:
    # a key that no stage but the report reads would be silently without effect
    found = [
        json.loads(text) for stage, text in texts(settings_with()).items() if stage != "report"
    ]
    dump = settings_with().model_dump(mode="json")
    for section in ("library", "ligands", "docking", "scoring"):
        read = set().union(*(part.get(section, {}) for part in found))
        assert read == set(dump[section]), section


@pytest.mark.parametrize("stage", sorted(VERSIONS))
def test_version_is_part_of_the_settings(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with()
    before = stage_settings(settings, stage, "wt")
    assert json.loads(before)["method"] == VERSIONS[stage]
    monkeypatch.setitem(VERSIONS, stage, VERSIONS[stage] + 1)
    assert json.loads(stage_settings(settings, stage, "wt"))["method"] == VERSIONS[stage]
    assert stage_settings(settings, stage, "wt") != before


def test_every_rule_with_settings_has_a_version(root: Path) -> None:
    rules = "".join(path.read_text() for path in (root / "workflow/rules").glob("*.smk"))
    used = set(re.findall(r'stage_settings\(SETTINGS, "(\w+)"', rules))
    assert used == set(VERSIONS)


def test_results_folder_reaches_only_the_report() -> None:
    # a moved or renamed results folder must not make anything run again
    for stage, text in texts(settings_with()).items():
        assert ("some-distinct-folder" in text) == (stage == "report"), stage
