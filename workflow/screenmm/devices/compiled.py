"""Kernels that OpenMM compiled for a GPU, kept for the next job."""

from __future__ import annotations

import logging
import os

from screenmm.core.cache import cache_folder

log = logging.getLogger(__name__)

VARIABLE = "OPENMM_CACHE_DIR"
"""Where OpenMM's CUDA and HIP platforms keep what they compiled, by its source and the GPU's
architecture; by default the folder for temporary files, which schedulers empty after a job."""


def keep_compiled_kernels() -> None:
    """Let OpenMM keep compiled kernels in ScreenMM's cache folder, unless told another one."""
    cache = cache_folder()
    if cache is None or VARIABLE in os.environ:
        return
    folder = cache / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.warning("compiled kernels are not kept: %s", error)
    else:
        os.environ[VARIABLE] = str(folder)
