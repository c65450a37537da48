"""Platforms are chosen by name, never replaced silently."""

from __future__ import annotations

import pytest

from screenmm.errors import PlatformError
from screenmm.scoring.platforms import available_platforms, choose_platform


def test_auto_takes_the_cpu_where_no_gpu_is():
    if set(available_platforms()) & {"CUDA", "HIP"}:
        pytest.skip("this machine has a GPU build of OpenMM")
    choice = choose_platform("auto")
    assert choice.name == "CPU"
    assert "no usable GPU" in choice.why


def test_cpu_sums_in_one_order():
    assert choose_platform("CPU").properties == {"Threads": "1", "DeterministicForces": "true"}


def test_missing_platform_is_an_error_that_names_the_others():
    if "CUDA" in available_platforms():
        pytest.skip("CUDA is installed here")
    with pytest.raises(PlatformError, match=r"CUDA is not installed; available: .*CPU"):
        choose_platform("CUDA")
