"""Settings: what is refused, and how the message says where, what and how to mend it."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from screenmm.audit.inputs import input_files
from screenmm.config.settings import (
    Pocket,
    Settings,
    Tier,
    config_from,
    load_settings,
    merged_settings,
    module_settings,
    number_of,
    parse_settings,
)
from screenmm.core.errors import ConfigError

TEN_LINES = """\
name: my-screen
results: results/my-screen
library:
  files: [library.smi]
receptors:
  wt:
    structure: protein.pdb
pocket:
  ligand: crystal_ligand.sdf
scoring: {top: 50}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A config's folder with the files that the ten-line config names."""
    for name in ("library.smi", "protein.pdb", "crystal_ligand.sdf"):
        (tmp_path / name).write_text("")
    return tmp_path


def changed(path: str, value: Any) -> dict[str, Any]:
    """The ten-line config with one dotted key set."""
    config: dict[str, Any] = yaml.safe_load(TEN_LINES)
    *sections, key = path.split(".")
    place = config
    for section in sections:
        place = place.setdefault(section, {})
    place[key] = value
    return config


def complaint(config: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_settings(config, None)
    head, _, lines = str(caught.value).partition("\n")
    assert head == "the config is not valid:"
    return re.sub(r"^  ", "", lines, flags=re.MULTILINE)


def test_ten_lines_load_with_defaults(folder: Path) -> None:
    config = folder / "my.yaml"
    config.write_text(TEN_LINES)
    settings = load_settings(config)
    assert settings.scoring.top == 50
    assert settings.docking.engine == "rustina"
    assert settings.seed == 1
    assert settings.pocket_of("wt").ligand == folder / "crystal_ligand.sdf"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("librray", {}, "librray: unknown key 'librray'; did you mean library?"),
        ("Library", {}, "Library: unknown key 'Library'; did you mean library?"),
        ("scoring.platfrom", "CPU",
         "scoring.platfrom: unknown key 'platfrom'; did you mean platform?"),
        ("library.files", [{"path": "a.smi", "lable": 1}],
         "library.files.0.lable: unknown key 'lable'; did you mean label?"),
        ("receptors.wt.chian", ["A"],
         "receptors.wt.chian: unknown key 'chian'; did you mean chains?"),
        ("receptors.pocket", {"structure": "p.pdb", "chian": ["A"]},
         "receptors.pocket.chian: unknown key 'chian'; did you mean chains?"),
        ("receptors.wt.cofactors", [{"smiles": "C", "residue": "NAD", "smils": "C"}],
         "receptors.wt.cofactors.0.smils: unknown key 'smils'; did you mean smiles?"),
        ("receptors.wt.cofactors", [{"smiles": "C", "residue": "NAD", "zzz": 1}],
         "receptors.wt.cofactors.0.zzz: unknown key 'zzz'; valid: ccd, residue, sdf, smiles"),
        ("receptors.wt.pocket", {"ligands": "a.sdf"},
         "receptors.wt.pocket.ligands: unknown key 'ligands'; did you mean ligand?"),
        ("ligands.filters.logp", {"maximum": 5},
         "ligands.filters.logp.maximum: unknown key 'maximum'; did you mean max?"),
    ],
)  # fmt: skip
def test_unknown_key_names_the_closest(path: str, value: Any, message: str) -> None:
    assert complaint(changed(path, value)) == message


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("scoring.top", 0, "scoring.top: Input should be greater than or equal to 1 (value: 0)"),
        ("scoring.poses", 21,
         "scoring.poses: Input should be less than or equal to 20 (value: 21)"),
        ("ligands.time_limit_s", float("nan"),
         "ligands.time_limit_s: Input should be a finite number (value: nan)"),
        ("scoring.top", "many", "scoring.top: Input should be a valid integer, "
         "unable to parse string as an integer (value: 'many')"),
        ("scoring.platform", "cuda",
         "scoring.platform: 'cuda' is no choice here; valid: auto, CUDA, HIP, OpenCL, CPU or "
         "Reference; did you mean CUDA?"),
        ("scoring.platform", "xyz", "scoring.platform: 'xyz' is no choice here; "
         "valid: auto, CUDA, HIP, OpenCL, CPU or Reference"),
        ("library.affinity_unit", "pIC50", "library.affinity_unit: 'pIC50' is no choice here; "
         "valid: kcal_mol, pKi, nM or uM; did you mean pKi?"),
        ("library.files", [{"path": "a.smi", "label": 2}],
         "library.files.0.label: Input should be 0 or 1 (value: 2)"),
        ("library.files", [{"label": 1}], "library.files.0.path: this key is required"),
        ("library.files", ["a.xlsx"], "library.files.0.path: a.xlsx: the name must end in one of "
         ".smi, .smi.gz, .csv, .csv.gz, .tsv, .tsv.gz, .sdf, .sdf.gz, .parquet"),
        ("library.files", "a.xlsx", "library.files.0.path: a.xlsx: the name must end in one of "
         ".smi, .smi.gz, .csv, .csv.gz, .tsv, .tsv.gz, .sdf, .sdf.gz, .parquet"),
        ("library.files", 3, "library.files: write a list, [...], not 3"),
        ("receptors.wt", "p.pdb", "receptors.wt: keys are expected here, not 'p.pdb' (valid: "
         "chains, cofactors, ensemble_of, keep_waters, low_confidence, max_missing_loop, "
         "min_pocket_plddt, model_as_parent, mutations, pae, ph, pocket, predicted, remove, "
         "repack, structure, trim_plddt)"),
        ("ranking", None,
         "ranking: keys are expected here, not nothing (valid: by, complexes, consensus, "
         "ensemble, interactions, picks, pose_checks, preparation_sd_kcal_mol, table_rows)"),
        ("pocket.center", [1, 2], "pocket.center.2: a number is missing"),
        ("receptors.wt.pocket", {"ligand_residue": "A STI"},
         "receptors.wt.pocket.ligand_residue: 'A STI' is not understood; Ligand in the "
         "structure: STI, A:STI or A:STI:201. It is taken out."),
        ("receptors.wt.pocket", {"ligand_residue": 17},
         "receptors.wt.pocket.ligand_residue: text is expected; put 17 in quotes"),
        ("name", 3, "name: text is expected; put 3 in quotes"),
        ("name", "a b",
         "name: 'a b' is not understood; Name of the screen: letters, digits, dots, - and _."),
        ("results", "", "results: give the results a folder of their own, "
         "for example results/my-screen"),
        ("results", "a/{t}", "results: 'a/{t}' holds '{': a results folder has no braces, "
         "no angle brackets and no line breaks in its name, for example results/my-screen"),
        ("results", "<t>", "results: '<t>' holds '<': a results folder has no braces, "
         "no angle brackets and no line breaks in its name, for example results/my-screen"),
        ("results", 5, "results: text is expected; put 5 in quotes"),
        ("results", None, "results: the name of a file or folder is expected, not nothing"),
        ("results", "~nobody-here/a",
         "results: ~nobody-here/a: there is no user nobody-here; write the whole path"),
        ("receptors.w/t", {"structure": "p.pdb"},
         "receptors: receptor name 'w/t': use letters, digits, - and _ only"),
        ("receptors.wt.mutations", ["T315I", "T315"],
         "receptors.wt.mutations.1: mutation 'T315': write it as T315I or A:T315I"),
        ("receptors.wt.structure", "p.mol",
         "receptors.wt.structure: p.mol: the name must end in one of "
         ".pdb, .pdb.gz, .ent, .ent.gz, .cif, .cif.gz"),
    ],
)  # fmt: skip
def test_wrong_value_is_shown_with_its_limit(path: str, value: Any, message: str) -> None:
    assert complaint(changed(path, value)) == message


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("pocket", {"ligand": "a.sdf", "auto": True},
         "pocket: a pocket takes exactly one of ligand, ligand_residue, residues, center, find, "
         "like, auto; given: ligand, auto"),
        ("pocket", {}, "pocket: a pocket takes exactly one of ligand, ligand_residue, residues, "
         "center, find, like, auto; given: none"),
        ("pocket", {"find": 1, "like": {"structure": "a.pdb", "ligand": "STI"}},
         "pocket: a pocket takes exactly one of ligand, ligand_residue, residues, center, find, "
         "like, auto; given: find, like"),
        ("pocket", {"find": 0}, "pocket.find: Input should be greater than or equal to 1 "
         "(value: 0)"),
        ("pocket", {"like": {"structure": "a.pdb"}}, "pocket.like.ligand: this key is required"),
        ("pocket", {"like": {"structure": "a.pdb", "ligand": "A STI"}},
         "pocket.like.ligand: 'A STI' is neither a ligand file (.sdf .sdf.gz .mol .mol2 .pdb .cif) "
         "nor a residue as STI, A:STI or A:STI:201"),
        ("pocket", {"like": {"structure": "a.pdb", "ligand": "STI", "chain": "A"}},
         "pocket.like.chain: unknown key 'chain'; valid: ligand, structure"),
        ("pocket", {"center": [1, 2, 3]}, "pocket: center and size go together: give both, in Å"),
        ("pocket", {"ligand": "a.sdf", "size": [20, 20, 20]},
         "pocket: center and size go together: give both, in Å"),
        ("pocket", {"center": [1, 2, 3], "size": [20, 20, 90]},
         "pocket: size (20.0, 20.0, 90.0): each edge must lie between 4 and 60 Å"),
        ("pocket", None, "config: receptor wt has no pocket: add a top-level pocket, for example "
         "pocket: {ligand: crystal_ligand.sdf}"),
        ("ligands", {"ph_min": 9, "ph_max": 5},
         "ligands: ph_min 9.0 exceeds ph_max 5.0: swap them"),
        ("ligands.filters.logp", {"min": 5, "max": 1},
         "ligands.filters.logp: min 5.0 exceeds max 1.0: swap them"),
        ("scoring.poses", 10, "config: scoring.poses 10 exceeds docking.poses 9: "
         "raise docking.poses or lower scoring.poses"),
        ("scoring.flexible_radius_angstrom", 15,
         "scoring: flexible_radius_angstrom 15.0 exceeds pocket_radius_angstrom 10.0: lower it"),
        ("docking.engine", "given", "config: engine given takes its poses from the library, but "
         "library.smi is no SDF: give posed SDF files, or choose engine rustina or vina"),
        ("docking.engine", "rustima", "docking.engine: this is no docking engine; use "
         "given, rustina, template, vina (value: 'rustima')"),
        ("docking.engine", "template", "docking: engine template places ligands by templates: give "
         "docking.templates, SDF files of reference ligands, or choose engine rustina or vina"),
        ("docking", {"engine": "given", "templates": ["a.sdf"]}, "docking: engine given uses no "
         "templates: take docking.templates out, or choose engine rustina or template or vina"),
        ("docking.templates", ["a.mol2"],
         "docking.templates.0: a.mol2: the name must end in one of .sdf, .sdf.gz"),
        ("receptors.wt.cofactors", [{"residue": "NAD"}], "receptors.wt.cofactors.0: a cofactor "
         "takes exactly one of smiles, sdf, ccd; given: none"),
        ("receptors.wt.cofactors", [{"smiles": "C"}], "receptors.wt.cofactors.0: a cofactor "
         "without residue needs sdf, whose pose is then added"),
    ],
)  # fmt: skip
def test_contradiction_says_how_to_mend_it(path: str, value: Any, message: str) -> None:
    assert complaint(changed(path, value)) == message


def test_every_mistake_is_reported_at_once() -> None:
    config = changed("scoring", {"top": 0, "platfrom": "CPU"}) | {"seed": 0}
    assert complaint(config).splitlines() == [
        "seed: Input should be greater than or equal to 1 (value: 0)",
        "scoring.top: Input should be greater than or equal to 1 (value: 0)",
        "scoring.platfrom: unknown key 'platfrom'; did you mean platform?",
    ]


def test_missing_file_names_the_folder_and_a_near_name(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(changed("library.files", ["libary.smi"]), folder)
    assert (
        f"library.files.0.path: no file {folder / 'libary.smi'} (paths are relative to the "
        "config file); did you mean library.smi?"
    ) in str(caught.value)


def test_paths_are_relative_to_the_config_not_to_the_working_folder(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "my.yaml").write_text(TEN_LINES)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    settings = load_settings(folder / "my.yaml")
    assert settings.library.files[0].path == folder / "library.smi"
    assert settings.receptors["wt"].structure == folder / "protein.pdb"
    assert settings.results == Path("results/my-screen")


def test_receptor_pocket_goes_before_the_common_one() -> None:
    settings = parse_settings(changed("receptors.wt.pocket", "auto"), None)
    assert settings.pocket_of("wt").auto
    assert settings.pocket_of("wt").ligand is None


def test_labels_go_by_file() -> None:
    files = ["actives.smi", {"path": "decoys.smi", "label": 0}]
    settings = parse_settings(changed("library.files", files), None)
    assert [(file.path.name, file.label) for file in settings.library.files] == [
        ("actives.smi", None),
        ("decoys.smi", 0),
    ]


def test_results_and_inputs_may_lie_in_the_home_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    (folder / "elsewhere").mkdir()
    config = changed("library.files", ["~/library.smi"]) | {"results": "~/results"}
    for receptor in config["receptors"].values():
        receptor["structure"] = f"~/{receptor['structure']}"
    config["pocket"] = "auto"
    settings = parse_settings(config, folder / "elsewhere")
    assert settings.results == folder / "results"
    assert settings.library.files[0].path.resolve() == folder / "library.smi"


def test_residue_numbers_need_no_quotes() -> None:
    settings = parse_settings(changed("pocket", {"residues": [315, "A:381"]}), None)
    assert settings.pocket_of("wt").residues == ["315", "A:381"]


def test_given_engine_takes_posed_sdf() -> None:
    config = changed("library.files", ["poses.sdf.gz"]) | {"docking": {"engine": "given"}}
    assert parse_settings(config, None).docking.engine == "given"


def test_settings_survive_a_round_trip_through_json_data() -> None:
    settings = parse_settings(changed("pocket", {"center": [1, 2, 3], "size": [20, 20, 20]}), None)
    assert Settings.model_validate(settings.model_dump(mode="json")) == settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", r"(?s)my\.yaml is not YAML: .*line 1"),
        ("", r"my\.yaml holds no keys: start from config/config\.yaml"),
        ("- a\n- b\n", r"my\.yaml holds no keys"),
        ("seed: 1\nseed: 2\n", r"(?s)my\.yaml is not YAML: key 'seed' is given twice.*line 2"),
        ("[a]: 1\n", r"(?s)my\.yaml is not YAML: a key must be a word.*line 1"),
        ("seed: 0\n", r"my\.yaml: the config is not valid:\n  name: this key is required"),
    ],
)
def test_broken_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "my.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_settings(tmp_path / "my.yaml")


def test_absent_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no config file .*absent\.yaml: give one with"):
        load_settings(tmp_path / "absent.yaml")
    with pytest.raises(ConfigError, match="cannot read the config file"):
        load_settings(tmp_path)


@pytest.fixture
def two_folders(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole config in one folder, and another folder with a library of its own."""
    (folder / "my.yaml").write_text(TEN_LINES)
    (folder / "sub").mkdir()
    (folder / "sub/other.smi").write_text("")
    monkeypatch.chdir(folder)
    return folder


def test_each_path_starts_from_the_file_that_holds_it(two_folders: Path) -> None:
    over = two_folders / "sub/over.yaml"
    over.write_text("scoring: {top: 3}\n")
    settings = load_settings(Path("my.yaml"), over)
    assert settings.scoring.top == 3
    assert settings.library.files[0].path == Path("library.smi")
    over.write_text("library: {files: [other.smi, {path: ../library.smi, label: 0}]}\n")
    settings = load_settings(Path("my.yaml"), over)
    files = [(file.path, file.label) for file in settings.library.files]
    assert files == [(Path("sub/other.smi"), None), (Path("library.smi"), 0)]
    assert settings.receptors["wt"].structure == Path("protein.pdb")
    assert load_settings(Path("my.yaml"), Path("my.yaml")) == load_settings(Path("my.yaml"))


def test_paths_of_the_command_line_start_from_the_working_folder(
    two_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(two_folders / "sub")
    # what snakemake makes of --config "library={files: other.smi}" "scoring={top: 7}"
    given = {"library": {"files": "other.smi"}, "scoring": {"top": "7"}}
    settings = merged_settings([two_folders / "my.yaml"], given)
    assert settings.library.files[0].path == Path("other.smi")
    assert settings.scoring.top == 7
    with pytest.raises(ConfigError, match=r"no file .*relative to the working folder"):
        merged_settings([two_folders / "my.yaml"], {"library": {"files": "library.smi"}})


def test_a_modules_paths_start_from_its_file_or_from_the_working_folder(
    two_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(two_folders / "sub")
    config = deepcopy(config_from("../my.yaml"))  # as a Snakefile may change it
    config["library"] |= {"files": ["other.smi", *config["library"]["files"]]}
    settings = module_settings("first", config, "out")
    files = [file.path for file in settings.library.files]
    assert files == [Path("other.smi"), two_folders / "library.smi"]
    assert settings.receptors["wt"].structure == two_folders / "protein.pdb"
    assert settings.results == Path("out")
    assert module_settings("first", config, None).results == Path("results/my-screen")


def test_what_is_wrong_with_a_modules_config_is_said(two_folders: Path) -> None:
    with pytest.raises(ConfigError, match=r'module first has no config: write config: config\["fi'):
        module_settings("first", {"pathvars": {"results": "out"}}, "out")
    config = config_from("my.yaml") | {"library": {"files": ["none.smi"]}}
    with pytest.raises(ConfigError, match=r"module first: (?s:.*)none.smi .*the working folder"):
        module_settings("first", config, None)


def test_a_fault_names_all_files_that_may_hold_it(two_folders: Path) -> None:
    over = two_folders / "sub/over.yaml"
    over.write_text("library: {files: library.smi}\n")
    message = r"my\.yaml, .*over\.yaml: (?s:.*)no file .*sub/library\.smi .*to the config file\)"
    with pytest.raises(ConfigError, match=message):
        load_settings(two_folders / "my.yaml", over)


def test_a_section_takes_the_place_of_a_word_and_a_word_of_a_section(two_folders: Path) -> None:
    over = two_folders / "over.yaml"
    over.write_text("pocket: auto\n")
    assert load_settings(Path("my.yaml"), over).pocket_of("wt").auto
    last = two_folders / "last.yaml"
    last.write_text("pocket: {residues: [A:315]}\n")
    settings = load_settings(Path("my.yaml"), over, last)
    assert settings.pocket_of("wt").residues == ["A:315"]


@pytest.mark.parametrize("kind", ["library.files", "receptors.wt.structure", "pocket.ligand"])
def test_suffixes_count_in_any_case(folder: Path, kind: str) -> None:
    name = {"library.files": "A.Csv.GZ", "receptors.wt.structure": "A.CIF.gz"}.get(kind, "A.Mol2")
    (folder / name).write_text("")
    settings = parse_settings(changed(kind, name), folder)
    assert folder / name in [each.path for each in input_files(settings, folder)]


def test_a_receptor_name_fits_into_file_names() -> None:
    assert complaint(changed("receptors", {"r" * 101: {"structure": "p.pdb"}})).endswith(
        "has 101 letters: it names files, so use at most 100"
    )


FAST, BEST = {"effort": "fast"}, {"effort": "standard", "top": "10 %"}


@pytest.mark.parametrize(
    ("docking", "message"),
    [
        ({"effort": "fats"}, "docking.effort: 'fats' is no choice here.*did you mean fast"),
        ({"tiers": [FAST]}, "one alone chooses nothing; write effort: fast"),
        ({"tiers": [FAST, {"effort": "standard"}]}, "tier 2 needs a top, as 500 or"),
        ({"tiers": [FAST | {"top": 3}, BEST]}, "the first docks all ligands; remove its top 3"),
        ({"tiers": [FAST, {"effort": "stadnard", "top": 3}]}, "did you mean standard"),
        ({"tiers": [FAST, BEST | {"effort": "fast"}]}, "tier 2 is of effort fast.*searches longer"),
        ({"tiers": [FAST, BEST | {"top": "100 %"}]}, "'100 %' is neither .*below 100 %"),
        ({"tiers": [FAST, BEST | {"top": 0}]}, "tiers.1.top: 0 is neither a number of ligands"),
        ({"tiers": [FAST, BEST | {"top": 0.1}]}, 'write 500 or "10 %"'),
        ({"tiers": [FAST, BEST | {"states": 0}]}, "tiers.1.states.*greater than or equal to 1"),
        (
            {"tiers": [FAST, BEST | {"top": 5}, {"effort": "thorough", "top": 5}]},
            "tier 3 would take 5 of the 5 ligands",
        ),
        ({"effort": "fast", "tiers": [FAST, BEST]}, "effort fast beside tiers"),
        (
            {"engine": "vina", "exhaustiveness": 4, "tiers": [FAST, BEST]},
            "exhaustiveness 4 would overrule the effort of all tiers",
        ),
        ({"engine": "given", "tiers": [FAST, BEST]}, "engine given has no efforts"),
    ],
)
def test_tiers_that_make_no_sense_are_refused(docking: dict[str, Any], message: str) -> None:
    assert re.search(message, complaint(changed("docking", docking)))


@pytest.mark.parametrize(
    ("part", "ligands", "number"),
    # 7 % of 100 are 7, though 0.07 * 100 is more than 7 in binary fractions
    [(5, 100, 5), (5, 3, 3), ("10 %", 101, 11), ("0.1%", 5, 1), ("7 %", 100, 7), ("5 %", 0, 0)],
)
def test_a_part_of_the_ligands(part: int | str, ligands: int, number: int) -> None:
    tier = Tier.model_validate({"effort": "standard", "top": part})
    assert tier.top is not None
    assert number_of(tier.top, ligands) == number


def test_files_of_a_relative_are_found_and_belong_to_the_receptor(tmp_path: Path) -> None:
    for name in ("p.pdb", "a.sdf", "relative.pdb", "sti.sdf"):
        (tmp_path / name).write_text("")
    config = {
        "name": "x",
        "results": "results/x",
        "library": {"files": ["a.sdf"]},
        "receptors": {"wt": {"structure": "p.pdb"}},
        "pocket": {"like": {"structure": "relative.pdb", "ligand": "sti.sdf"}},
    }
    settings = parse_settings(config, tmp_path)
    pocket = settings.pocket_of("wt")
    assert [file.name for file in settings.receptor_files("wt")] == [
        "p.pdb", "relative.pdb", "sti.sdf",
    ]  # fmt: skip
    assert pocket.ligand_name == "sti.sdf of relative.pdb"
    assert pocket.has_bond_orders
    # a stage gets the same, as plain data
    assert Pocket.model_validate(pocket.told()) == pocket
    # and so does the process that opens the files, as JSON
    assert Settings.model_validate_json(settings.model_dump_json()) == settings
    config["pocket"]["like"]["ligand"] = "A:STI:201"
    settings = parse_settings(config, tmp_path)
    assert len(settings.receptor_files("wt")) == 2
    assert not settings.pocket_of("wt").has_bond_orders
    assert "controls.reference_smiles" in settings.redock_obstacle("wt")
    config["pocket"]["like"]["ligand"] = "no.sdf"
    with pytest.raises(ConfigError, match=r"pocket.like.ligand: no file .*no.sdf"):
        parse_settings(config, tmp_path)
    (tmp_path / "relative.pdb").unlink()
    with pytest.raises(ConfigError, match=r"pocket.like.structure: no file .*relative.pdb"):
        parse_settings(config, tmp_path)


def test_a_found_pocket_names_no_ligand() -> None:
    settings = parse_settings(changed("pocket", {"find": 2}), None)
    assert settings.pocket_of("wt").ligand_name is None
    assert "its pocket names no ligand" in settings.redock_obstacle("wt")
    assert settings.pocket_of("wt").told()["find"] == 2
    assert "find" not in parse_settings(changed("pocket", "auto"), None).pocket_of("wt").told()


@pytest.mark.parametrize(
    ("pocket", "complaint"),
    [
        ({"residues": ["A:315"]}, "the pocket of receptor wt names no ligand: name its ligand"),
        ({"ligand_residue": "A:STI:201"}, "takes A:STI:201, which has no bond orders: name its"),
        (
            {"like": {"structure": "r.pdb", "ligand": "A:STI:201"}},
            "takes A:STI:201 of r.pdb, which",
        ),
        ({"like": {"structure": "r.pdb", "ligand": "sti.sdf"}}, ""),
        ({"ligand": "sti.sdf"}, ""),
    ],
)
def test_the_pockets_ligand_is_a_template_only_with_bond_orders(pocket, complaint: str) -> None:
    config = {
        "name": "x",
        "results": "results",
        "library": {"files": ["library.smi"]},
        "receptors": {"wt": {"structure": "protein.pdb"}},
        "pocket": pocket,
        "docking": {"reference_template": True},
    }
    if not complaint:
        assert parse_settings(config, None).docking.places
        return
    with pytest.raises(ConfigError) as told:
        parse_settings(config, None)
    assert complaint in str(told.value)
