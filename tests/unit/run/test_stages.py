"""Which config key makes which stage run again."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from screenmm.config.settings import Settings, parse_settings
from screenmm.run.stage import Stage
from screenmm.run.stages import stage_settings, stages, versions

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


OF_ROUNDS = {"describe", "gather", "propose", "vet", "choose", "select_batch", "conclude"}
OF_VARIANTS = {"read_variants", "choose_ligands", "score_variants"}


def texts(settings: Settings) -> dict[str, str]:
    """Settings text of every stage; some have one per receptor."""
    with_receptor = ("prepare_receptor", "reference", "compare")
    found = {s: stage_settings(settings, s) for s in versions() if s not in with_receptor}
    for stage in with_receptor:
        for receptor in settings.receptors:
            found[f"{stage} {receptor}"] = stage_settings(settings, stage, receptor)
    return found


def both(stage: str) -> set[str]:
    return {f"{stage} wt", f"{stage} mutant"}


@pytest.mark.parametrize(
    ("path", "value", "stages"),
    [
        ("name", "other", set()),
        ("results", "results/other", set()),
        ("seed", 2, {"prepare_ligands", "dock", "score"} | both("reference")),
        ("library.files", ["other.smi"], {"split"}),
        ("library.id_column", "name", {"split"}),
        ("library.shard_size", 100, {"split", "merge", "advance"}),
        ("receptors.wt.ph", 6.5, {"prepare_receptor wt"}),
        ("receptors.wt.repack", True, {"prepare_receptor wt"}),
        ("receptors.wt.repack", "known.sdf", {"prepare_receptor wt"}),
        ("receptors.mutant.mutations", ["T315A"], {"prepare_receptor mutant"}),
        (
            "receptors.mutant.pocket",
            {"ligand": "other.sdf"},
            {"prepare_receptor mutant", "reference mutant", "compare mutant"},
        ),
        (
            "receptors.mutant.pocket",
            {"find": 1},
            {"prepare_receptor mutant", "reference mutant", "compare mutant"},
        ),
        (
            "receptors.wt.pocket",
            {"like": {"structure": "relative.pdb", "ligand": "A:STI:201"}},
            {"prepare_receptor wt", "reference wt", "compare wt"},
        ),
        ("pocket.padding_angstrom", 5, both("prepare_receptor")),
        ("ligands.ph_min", 7.0, {"prepare_ligands"} | both("reference")),
        ("ligands.ph_max", 8.0, {"prepare_ligands"} | both("reference")),
        ("ligands.protomers", "molscrub", {"prepare_ligands"} | both("reference")),
        ("ligands.tautomers", False, {"prepare_ligands"} | both("reference")),
        ("ligands.max_stereoisomers", 8, {"prepare_ligands"} | both("reference")),
        ("ligands.max_states", 1, {"prepare_ligands"}),
        ("ligands.conformer_trials", 1, {"prepare_ligands"} | both("reference")),
        ("ligands.max_heavy_atoms", 50, {"standardise"} | both("reference")),
        ("ligands.filters.logp", {"max": 5}, {"standardise"}),
        ("ligands.time_limit_s", 30, {"standardise", "prepare_ligands"} | both("reference")),
        ("docking.engine", "vina", {"dock"} | both("compare")),
        ("docking.poses", 5, {"dock"}),
        # rustina, the default, has its own budget
        ("docking.exhaustiveness", 16, set()),
        ("docking.effort", "fast", {"dock", "rank"}),
        ("docking.device", "cpu", {"dock"}),
        # rustina asks the CNN itself
        ("docking.cnn", False, {"inspect"}),
        ("docking.templates", ["template.sdf"], {"dock"} | both("compare")),
        ("docking.reference_template", True, {"dock"} | both("compare")),
        ("scoring.top", 10, {"select"}),
        ("scoring.poses", 1, {"select"}),
        ("scoring.shard_size", 10, {"select"}),
        ("scoring.platform", "CPU", {"score"}),
        ("scoring.precision", "double", {"score"}),
        ("scoring.pocket_radius_angstrom", 12, {"score"}),
        ("scoring.restraint_kcal_mol_angstrom2", 5, {"score"}),
        ("scoring.max_iterations", 200, {"score"}),
        ("scoring.minimisation_dielectric", 2, {"score"}),
        ("scoring.solute_dielectric", 1, {"score"}),
        ("scoring.strain_weight", 1, {"score"}),
        ("scoring.time_limit_s", 100, {"score"}),
        ("controls.redock", False, set()),
        ("controls.gate", "stop", set()),
        ("controls.redock_rmsd_angstrom", 3, both("compare")),
        ("controls.reference_smiles", "CCO", both("reference")),
        ("controls.reference", "ligand.sdf", both("reference") | both("compare")),
        ("controls.actives", ["actives.smi"], {"split"}),
        ("inspection.energy_conformers", 50, {"inspect"}),
        ("inspection.time_limit_s", 50, {"inspect"}),
        ("ranking.complexes", 5, {"rank"}),
        ("ranking.pose_checks", "filter", {"rank"}),
        ("ranking.preparation_sd_kcal_mol", 1, {"rank"}),
        ("ranking.interactions.must", ["hydrogen bond to Val981"], {"rank", "check_filters"}),
        ("ranking.table_rows", 50, set()),
    ],
)
def test_a_key_reruns_only_the_stages_that_use_it(path: str, value: Any, stages: set[str]) -> None:
    before, after = texts(settings_with()), texts(settings_with(path, value))
    # without rounds and variants there is no job of these
    before = {s: text for s, text in before.items() if s not in OF_ROUNDS | OF_VARIANTS}
    assert {stage for stage in before if before[stage] != after[stage]} == stages | {"report"}


@pytest.mark.parametrize(
    ("repack", "told"), [("auto", {}), (True, {"seed_template": "template.sdf"})]
)
def test_a_template_prepares_the_receptor_again_only_where_it_is_a_seed(
    repack: Any, told: dict[str, str]
) -> None:
    receptors = {"wt": {"structure": "protein.pdb", "repack": repack}}
    config = yaml.safe_load(CONFIG) | {"pocket": {"residues": ["A:315"]}, "receptors": receptors}
    texts_of = [
        stage_settings(parse_settings(config | {"docking": {"templates": each}}, None),
                       "prepare_receptor", "wt")
        for each in (["other.sdf"], ["template.sdf"])
    ]  # fmt: skip
    other, seeded = map(json.loads, texts_of)
    assert {key: value for key, value in seeded.items() if other.get(key) != value} == told


@pytest.mark.parametrize(
    ("key", "value", "stages"),
    [
        ("list", ["T315V"], {"read_variants"}),
        ("gene", "ABL1", {"read_variants"}),
        ("sequence", "P00519.fasta", {"read_variants"}),
        ("distance_angstrom", 8, {"read_variants"}),
        ("controls", 5, {"read_variants"}),
        ("top", 3, {"choose_ligands"}),
        ("shard_size", 2, {"choose_ligands"}),
        ("rotamers", 2, {"score_variants"}),
        ("replicas", 3, {"score_variants"}),
        ("of", "mutant", OF_VARIANTS | {"rank"}),
    ],
)
def test_a_key_of_variants_reruns_only_the_stages_that_use_it(
    key: str, value: Any, stages: set[str]
) -> None:
    asked = {"of": "wt", "list": ["T315I"]}
    before = texts(settings_with("variants", asked))
    after = texts(settings_with("variants", asked | {key: value}))
    assert {stage for stage in before if before[stage] != after[stage]} == stages | {"report"}


def test_an_ensemble_ranks_anew_and_nothing_else() -> None:
    structure = {"structure": "protein.pdb"}
    pair = {"wt": structure, "mutant": structure | {"mutations": ["T315I"]}}
    joined = {name: each | {"ensemble_of": "abl"} for name, each in pair.items()}
    before, after = texts(settings_with()), texts(settings_with("receptors", joined))
    assert {stage for stage in before if before[stage] != after[stage]} == {"rank", "report"}


@pytest.mark.parametrize(
    ("engine", "key", "value", "docks"),
    [
        ("vina", "exhaustiveness", 16, True),
        ("vina", "exhaustiveness", 8, False),
        ("vina", "effort", "standard", False),
        ("vina", "effort", "fast", True),
        ("vina", "poses", 5, True),
        ("vina", "device", "cpu", False),
        ("vina", "cnn", False, True),
        ("given", "cnn", False, True),
        ("rustina", "cnn", False, False),
        ("given", "exhaustiveness", 16, False),
        ("given", "effort", "fast", False),
        ("given", "poses", 5, False),
        ("given", "device", "cpu", False),
        ("given", "time_limit_s", 5, True),
    ],
)
def test_a_key_of_another_engine_docks_nothing(
    engine: str, key: str, value: Any, docks: bool
) -> None:
    config = yaml.safe_load(CONFIG) | {"library": {"files": ["library.sdf"]}}

    def text(**more: Any) -> str:
        docking = {"docking": {"engine": engine, **more}}
        return stage_settings(parse_settings(config | docking, None), "dock")

    assert (text() != text(**{key: value})) == docks


@pytest.mark.parametrize("engine", ["vina", "given"])
def test_poses_that_nobody_asked_the_cnn_about_are_those_of_before(engine: str) -> None:
    # so that the screens that are there are not docked again where the CNN is not wanted
    config = yaml.safe_load(CONFIG) | {"library": {"files": ["library.sdf"]}}
    docking = {"docking": {"engine": engine, "cnn": False}}
    text = stage_settings(parse_settings(config | docking, None), "dock")
    assert set(json.loads(text)["docking"]) == {
        "device", "engine", "exhaustiveness", "poses", "time_limit_s",
    }  # fmt: skip


TIERS = [{"effort": "fast"}, {"effort": "standard", "top": "10 %"}]


def tier_texts(tiers: list[dict[str, Any]]) -> dict[str, str]:
    """Settings text of the stages that tiers are for."""
    jobs = {"dock": "wt", "advance": "wt/2", "dock_again": "wt/2", "redock": "wt", "select": "wt"}
    settings = settings_with("docking.tiers", tiers)
    return {stage: stage_settings(settings, stage, job) for stage, job in jobs.items()}


@pytest.mark.parametrize(
    ("number", "change", "stages"),
    [
        (1, {"effort": "thorough"}, {"dock_again", "redock"}),
        (1, {"top": 7}, {"advance"}),
        (1, {"states": 2}, {"dock_again", "redock"}),
        (0, {"states": 2}, {"dock"}),
    ],
)
def test_a_changed_tier_docks_no_other_tier_again(
    number: int, change: dict[str, Any], stages: set[str]
) -> None:
    tiers = [each | change if i == number else each for i, each in enumerate(TIERS)]
    before, after = tier_texts(TIERS), tier_texts(tiers)
    assert {stage for stage in before if before[stage] != after[stage]} == stages


def test_tiers_differ_in_effort_and_states_alone() -> None:
    found = {stage: json.loads(text) for stage, text in tier_texts(TIERS).items()}
    plain = json.loads(stage_settings(settings_with(), "dock"))
    fast = {**plain, "docking": {**plain["docking"], "effort": "fast"}, "states": 1}
    # the last tier docks all states, as a screen without tiers of its effort
    assert (found["dock"], found["dock_again"], found["redock"]) == (fast, plain, plain)
    assert (found["advance"]["top"], found["select"]["tiers"]) == ("10 %", 2)


def test_given_poses_are_kept_and_prepared_as_they_are() -> None:
    config = yaml.safe_load(CONFIG) | {"library": {"files": ["library.sdf"]}}
    before, after = (
        texts(parse_settings(config | {"docking": {"engine": engine}}, None))
        for engine in ("vina", "given")
    )
    changed = {stage for stage in before if before[stage] != after[stage]}
    docked = {"standardise", "prepare_ligands", "dock", "rank", "report"}
    assert changed == docked | both("compare")


def test_every_config_key_reaches_a_stage() -> None:
    # a key that no stage but the report reads would be silently without effect
    # standard stands in no text, nor no templates: there were screens before there were any
    given = {"effort": "fast", "templates": ["template.sdf"], "reference_template": True}
    settings = settings_with("docking", given)
    found = [json.loads(text) for stage, text in texts(settings).items() if stage != "report"]
    dump = settings.model_dump(mode="json")
    for section in ("library", "ligands", "docking", "scoring", "inspection"):
        read = set().union(*(part.get(section, {}) for part in found))
        # tiers are told as the effort of each
        assert read == set(dump[section]) - {"tiers"}, section


def test_the_reference_is_scored_by_the_same_protocol_each_pose_once() -> None:
    settings = settings_with("scoring.jitter_replicas", 4)
    of_library = json.loads(stage_settings(settings, "score"))
    of_reference = json.loads(stage_settings(settings, "rescore"))
    # 9 poses against 2, within as much time per pose
    differ = {"jitter_replicas": 0, "time_limit_s": of_library["scoring"]["time_limit_s"] * 4.5}
    assert of_reference == of_library | {"scoring": of_library["scoring"] | differ}


def test_the_reference_is_docked_as_the_library_is_without_templates() -> None:
    plain, placed = settings_with(), settings_with("docking.templates", ["template.sdf"])
    freely = stage_settings(plain, "dock")
    assert freely == stage_settings(plain, "redock") == stage_settings(placed, "redock")
    assert json.loads(stage_settings(placed, "dock"))["docking"]["templates"] == ["template.sdf"]


def test_known_actives_are_split_like_library_files_with_label_1() -> None:
    settings = settings_with("controls.actives", ["actives.smi", {"path": "more.smi", "label": 1}])
    read = json.loads(stage_settings(settings, "split"))["library"]["files"]
    assert read == [
        {"path": "library.smi", "label": None},
        {"path": "actives.smi", "label": 1},
        {"path": "more.smi", "label": 1},
    ]


@pytest.mark.parametrize("stage", sorted(versions()))
def test_version_is_part_of_the_settings(stage: str) -> None:
    settings, declared = settings_with(), stages()[stage]
    before = stage_settings(settings, stage, "wt")
    assert json.loads(before)["method"] == declared.version
    raised = replace(declared, version=declared.version + 1)
    assert json.loads(raised.settings(settings, "wt"))["method"] == declared.version + 1


def test_every_rule_with_settings_has_a_version(root: Path) -> None:
    rules = "".join(path.read_text() for path in (root / "workflow/rules").glob("*.smk"))
    used = set(re.findall(r'stage_settings\(SETTINGS, "(\w+)"', rules))
    assert used == {name for name, stage in stages().items() if stage.version}


@pytest.mark.parametrize(
    ("path", "value", "stage", "expected"),
    [
        ("", None, "split", [""]),
        ("", None, "dock", ["wt", "mutant"]),
        ("", None, "reference", ["wt", "mutant"]),
        ("receptors.mutant.pocket", {"center": [0, 0, 0], "size": [20, 20, 20]},
         "reference", ["wt"]),
        ("controls.redock", False, "reference", []),
        ("", None, "gate", []),
        ("controls.gate", "stop", "gate", ["wt", "mutant"]),
        ("", None, "advance", []),
        ("docking.tiers", [{"effort": "fast"}, {"effort": "standard", "top": 9}], "dock_again",
         ["wt/2", "mutant/2"]),
        ("", None, "check_filters", []),
        ("ranking.interactions.must", ["hydrogen bond to Val981"], "check_filters",
         ["wt", "mutant"]),
        ("ranking.interactions.must_not",
         [{"filter": "hydrogen bond to Val981", "receptors": ["mutant"]}], "check_filters",
         ["mutant"]),
    ],
)  # fmt: skip
def test_a_stage_has_jobs_for_the_receptors_of_its_kind(
    path: str, value: Any, stage: str, expected: list[str]
) -> None:
    assert stages()[stage].receptors(settings_with(path, value)) == expected


def test_results_folder_reaches_only_the_report() -> None:
    # a moved or renamed results folder must not make anything run again
    for stage, text in texts(settings_with()).items():
        assert ("some-distinct-folder" in text) == (stage == "report"), stage


def test_the_texts_are_those_that_finished_screens_were_made_with() -> None:
    # another text makes every screen that is there run again: raise a version on purpose
    kept = json.loads(Path(__file__).with_name("stage_settings.json").read_text())
    settings = settings_with()
    now = texts(settings) | {"rescore": stage_settings(settings, "rescore")}
    assert now == kept


def rule_bodies(root: Path) -> dict[str, str]:
    bodies: dict[str, str] = {}
    for path in (root / "workflow/rules").glob("*.smk"):
        parts = re.split(RULE, path.read_text(), flags=re.MULTILINE)[1:]
        bodies |= dict(zip(parts[::2], parts[1::2], strict=True))
    return bodies


RULE = r"^(?:(?:rule|checkpoint) |use rule \w+ as )(\w+)(?::| with:)"


def paths(stage: Stage) -> set[str]:
    return {place.rstrip("/") for place in stage.writes.values()}


@pytest.mark.parametrize("name", sorted(set(stages()) - {"crate"}))
def test_a_rule_writes_what_its_stage_declares(name: str, root: Path) -> None:
    written = rule_bodies(root)[name].partition("output:")[2].partition("log:")[0]
    declared = {
        path.replace("{{", "{").replace("}}", "}")
        for path in re.findall(r'"<results>/([^"]+)"', written)
        if not path.startswith("usage/")
    }
    assert {folder_of(path, stages()[name]) for path in declared} == paths(stages()[name])


def folder_of(path: str, stage: Stage) -> str:
    """The folder that a stage writes a file into, where it writes folders; else the file."""
    folders = (place for place in stage.writes.values() if place.endswith("/"))
    return next((place.rstrip("/") for place in folders if path.startswith(place)), path)


@pytest.mark.parametrize("name", sorted(stages()))
def test_a_stage_comes_after_those_whose_files_it_reads(name: str) -> None:
    stage = stages()[name]
    earlier = [each for each in stages().values() if each.place < stage.place]
    made = {place for each in earlier for place in each.writes.values()}
    for place in stage.reads.values():
        within = place.removesuffix("{shard}.parquet").removesuffix("{shard}.sdf.gz")
        assert any(each in (place, within) or each.startswith(place) for each in made), place


def test_places_and_commands_are_nobody_elses() -> None:
    places = [stage.place for stage in stages().values()]
    assert len(set(places)) == len(places)
