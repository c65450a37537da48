"""Energies, forces and minima by OpenCL kernels against those of NumPy."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from rdkit import Chem

from screenmm.devices.platforms import PlatformChoice
from screenmm.mmgbsa import own_device
from screenmm.mmgbsa.on_device import kernels
from screenmm.mmgbsa.own_device import SWITCH, device_of, works

pytestmark = [pytest.mark.opencl, pytest.mark.system, pytest.mark.minutes(0.6)]

SCRIPT = Path(__file__).with_name("on_device_run.py")


@pytest.fixture(scope="module")
def found(opencl_environment, tyk2_model, tyk2_ligands, tmp_path_factory) -> dict:
    pytest.importorskip("pyopencl")
    folder = tmp_path_factory.mktemp("on_device")
    tyk2_model.save(folder)
    with Chem.SDWriter(str(folder / "ligands.sdf")) as writer:
        for mol in tyk2_ligands[:6]:
            writer.write(mol)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        env=opencl_environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def assert_same_way(descents: dict) -> None:
    for name in ("ends", "iterations"):
        host, device = descents[name]
        assert device == host, name
    host, device = descents["largest"]
    assert device == pytest.approx(host, rel=1e-3, abs=1e-6)


def test_parts_of_complexes_of_different_sizes_are_numpys(found: dict) -> None:
    assert len(set(found["parts"]["sizes"])) == 4
    for name, off in found["parts"]["off"].items():
        assert off < 1e-8, name


def test_what_is_packed_with_a_complex_does_not_matter(found: dict) -> None:
    assert found["parts"]["alone"] < 1e-12


@pytest.mark.parametrize("which", ["forces", "squeezed", "unusual"])
def test_forces_are_numpys(found: dict, which: str) -> None:
    assert found[which]["fast"] < 1e-10
    assert found[which]["slow"] < 1e-10


@pytest.mark.parametrize("which", ["forces", "squeezed", "unusual"])
def test_forces_are_the_same_bits_twice(found: dict, which: str) -> None:
    assert found[which]["fast, same bits"]
    assert found[which]["slow, same bits"]


def test_parts_are_the_same_bits_twice(found: dict) -> None:
    assert found["parts"]["same bits"]


@pytest.mark.parametrize(
    "which", ["short", "often renewed", "whole", "displaced", "clashing", "unusual", "torn"]
)
def test_descents_are_the_hosts(found: dict, which: str) -> None:
    """Their way, too: rounding has not parted them when they end, or are ended."""
    minima = found["minima"][which]
    assert_same_way(minima)
    assert minima["off"] < 1e-5


@pytest.mark.parametrize(
    "which",
    ["short", "often renewed", "displaced", "clashing", "unusual", "torn", "spoilt"],
)
def test_descents_of_packs_are_the_hosts(found: dict, which: str) -> None:
    pack = found["packs"][which]
    assert_same_way(pack)
    assert pack["off"] < 1e-6
    assert pack["same bits"]


def test_descents_of_packs_end_in_every_way(found: dict) -> None:
    ends = {end for each in found["packs"].values() for end in each["ends"][1]}
    assert {"CONVERGED", "ITERATIONS", "CLASH", "NOT_FINITE"} <= ends


def test_descents_end_in_every_way(found: dict) -> None:
    ends = {end for each in found["minima"].values() for end in each["ends"][1]}
    ends |= set(found["spoilt"]["ends"])
    assert ends == {"CONVERGED", "ITERATIONS", "STALLED", "CLASH", "NOT_FINITE"}


def test_a_descent_ends_where_rounding_leaves_no_way_down(found: dict) -> None:
    """Where the forces are nothing but rounding, by how many steps differs."""
    minima = found["minima"]["to the last digit"]
    assert set(minima["ends"][1]) <= {"STALLED", "ITERATIONS", "CONVERGED"}
    assert minima["off"] < 1e-6


def test_minima_are_the_same_bits_twice(found: dict) -> None:
    for which, minima in found["minima"].items():
        assert minima["same bits"], which


@pytest.mark.parametrize("which", ["relaxed", "clashing", "torn", "to the last digit"])
def test_in_how_many_launches_a_descent_is_made_changes_no_bit(found: dict, which: str) -> None:
    launches = found["launches"][which]
    once, few, many = launches["counts"]
    assert once == 1
    assert 5 < few < many
    assert launches["few"]
    assert launches["single"]


def test_strains_are_the_hosts(found: dict) -> None:
    host, device = found["strains"]
    assert min(host) > 0.1
    assert device == pytest.approx(host, abs=1e-3)


def test_two_atoms_in_one_place_spoil_their_ligand_alone(found: dict) -> None:
    assert found["spoilt"]["fast"] == [True, False, True]
    assert found["spoilt"]["slow"] == [True, False, True]
    first, spoilt, last = found["spoilt"]["ends"]
    assert first == last == "CONVERGED"
    assert spoilt in ("NOT_FINITE", "CLASH")


def test_what_the_driver_refuses_is_told_in_its_words(found: dict) -> None:
    assert "INVALID_BUFFER_SIZE" in found["refused"]


def test_a_device_is_held_against_the_host_before_it_is_used(found: dict) -> None:
    for what, off in found["deviations"].items():
        assert 0 < off < 1e-8, what
    assert found["works"]


def test_a_compiler_that_gets_a_number_wrong_is_found_out(found: dict) -> None:
    assert "parts_kj_mol off by" in found["miscompiled"]


def test_buffers_of_another_size_than_the_kernels_have_are_not_built(found: dict) -> None:
    assert len(found["misfits"]) == 2
    assert all("its OpenCL driver fails" in each for each in found["misfits"])


def test_a_device_that_does_nothing_leaves_no_number(found: dict) -> None:
    # packs' and ligands', at once and after five launches
    assert len(found["dead"]) == 4
    assert all("came to no end" in each for each in found["dead"])


@pytest.mark.parametrize("name", ["CPU", "Reference"])
def test_beside_the_host_nothing_is_asked_and_nothing_said(name: str, caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        assert device_of(PlatformChoice(name)) is None
        assert not works(PlatformChoice(name))
    assert caplog.text == ""


@pytest.mark.parametrize("name", ["CUDA", "HIP"])
def test_why_the_host_works_is_told_once(name: str, caplog, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyopencl", None)
    platform = PlatformChoice(name, {"DeviceIndex": "7"})
    assert device_of(platform) is device_of(platform) is None
    (record,) = caplog.records
    assert f"platform {name}, the host does their work" in record.getMessage()
    assert "pip install 'screenmm[gpu]'" in record.getMessage()


def test_kernels_can_be_switched_off(caplog, monkeypatch) -> None:
    monkeypatch.setenv(SWITCH, "0")
    assert not works(PlatformChoice("CUDA"))
    assert "SCREENMM_OWN_KERNELS is 0" in caplog.text


def test_a_driver_that_crashes_takes_the_trial_alone(caplog, monkeypatch) -> None:
    crash = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"
    monkeypatch.setattr(own_device, "_PROBE", crash)
    assert not works(PlatformChoice("CUDA"))
    assert "a trial of them ended with status -11" in caplog.text


def test_kernels_come_with_the_models_constants() -> None:
    assert "#define OFFSET_NM 0.009\n" in kernels()
    assert "#define END_CONVERGED 1\n" in kernels()
