"""Counters of the processor, read as files."""

from pathlib import Path

import pytest

from screenmm.execution.energy import EnergyMeter, busy_cpu_s


def zone(folder: Path, name: str, microjoules: int) -> Path:
    path = folder / name
    path.mkdir(exist_ok=True)
    (path / "energy_uj").write_text(f"{microjoules}\n")
    (path / "max_energy_range_uj").write_text("262143328850\n")
    return path


def test_packages_are_added_and_their_parts_are_not(tmp_path: Path) -> None:
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        zone(tmp_path, name, 1_000_000)
    meter = EnergyMeter(tmp_path)
    for name, value in (("intel-rapl:0", 3), ("intel-rapl:1", 6), ("intel-rapl:0:0", 9)):
        zone(tmp_path, name, value * 1_000_000)
    assert meter.stop() == pytest.approx(2 + 5)


def test_a_counter_that_wraps_goes_on(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", 262143328850 - 500_000)
    meter = EnergyMeter(tmp_path)
    zone(tmp_path, "intel-rapl:0", 1_500_000)
    meter.sample()
    zone(tmp_path, "intel-rapl:0", 2_500_000)
    assert meter.stop() == pytest.approx(3.0)


def test_without_counters_there_is_no_number(tmp_path: Path) -> None:
    assert EnergyMeter(tmp_path).stop() is None
    assert busy_cpu_s(tmp_path / "stat") is None


def test_busy_time_leaves_idle_time_out(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu  100 20 30 99999 888 4 6 0 0 0\ncpu0 1 1 1 1\n")
    assert busy_cpu_s(tmp_path / "stat") == pytest.approx(1.6)
