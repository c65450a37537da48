#!/usr/bin/env bash
# Measure this machine's GPU with the kit that pack.py made; without a GPU, the same in the small.
#
#   bash benchmarks/gpu/run.sh [--small] [--parts NAME ...] [--limit NAME=SECONDS ...]
#
# No network is needed and nothing is installed: wheels and libraries go into a folder that is
# deleted at the end. Variables: KIT (folder), OUT (where tables and log go), BUDGET_S (540),
# PYTHON (python3; 3.12 where the kit's wheels are needed).
set -euo pipefail
started=$(date +%s)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
kit=$(cd "${KIT:-$here/kit}" && pwd)
out=${OUT:-$here/out}
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" "$work/lib" "$work/icd"

if ! "$python" -c 'import openmm, pydantic, pyopencl, rustina, yaml' 2>/dev/null; then
    # --target: next to what is installed, not into it
    "$python" -m pip install --quiet --no-index --no-deps --no-compile --no-cache-dir \
        --disable-pip-version-check --target "$work/site" "$kit"/wheels/*.whl
fi
export PYTHONPATH="$here:$root/workflow:$kit/metadata:$work/site${PYTHONPATH:+:$PYTHONPATH}"
# compiled kernels are one part's for the next; the folder of the user may not be writable
export OPENMM_CACHE_DIR="$work/openmm" CUDA_CACHE_PATH="$work/nv"
mkdir -p "$OPENMM_CACHE_DIR" "$CUDA_CACHE_PATH"
export PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# CUDA's compiler and FFT as PyPI ships them lie in no folder that the loader knows; the driver
# may lie in one of its own
cuda=$("$python" - <<'PYTHON'
import sys
from pathlib import Path

names = ("libnvrtc.so.*", "libcufft.so.*", "libnvJitLink.so.*")
found = [lib.parent for entry in sys.path if entry for name in names
         for lib in Path(entry, "nvidia").glob(f"**/lib/{name}")]
print(":".join(map(str, dict.fromkeys(found))))
PYTHON
)
for folder in $cuda "${LD_LIBRARY_PATH:-}" /usr/local/nvidia/lib64 /usr/local/cuda/lib64; do
    case $folder in */*) libraries=${libraries:+$libraries:}$folder ;; esac
done
# a brought library serves only where the machine has none of its name
for library in "$kit"/lib/*.so.*; do
    [ -e "$library" ] || continue
    name=$(basename "$library")
    LD_LIBRARY_PATH=${libraries:-} "$python" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' \
        "$name" 2>/dev/null || cp "$library" "$work/lib/"
done
export LD_LIBRARY_PATH="${libraries:+$libraries:}$work/lib"

export PATH="$PATH:/usr/local/nvidia/bin"
if nvidia-smi -L >/dev/null 2>&1 || [ -e /proc/driver/nvidia/version ]; then
    if ! grep -qs nvidia /etc/OpenCL/vendors/*.icd && [ -z "${OCL_ICD_VENDORS:-}" ]; then
        echo libnvidia-opencl.so.1 >"$work/icd/nvidia.icd"
        # either loader, ocl-icd's or Khronos', reads one of them
        export OCL_ICD_VENDORS="$work/icd" OCL_ICD_FILENAMES=libnvidia-opencl.so.1
    fi
    if ! compgen -G "/usr/share/vulkan/icd.d/*nvidia*" >/dev/null &&
        ! compgen -G "/etc/vulkan/icd.d/*nvidia*" >/dev/null && [ -z "${VK_DRIVER_FILES:-}" ]; then
        drivers=$(find /usr/local/nvidia -name '*nvidia*icd*.json' -path '*vulkan*' \
            2>/dev/null | head -1)
        if [ -z "$drivers" ]; then
            drivers="$work/icd/nvidia.json"
            printf '{"file_format_version": "1.0.1", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}\n' \
                libGLX_nvidia.so.0 >"$drivers"
        fi
        export VK_DRIVER_FILES="$drivers" VK_ICD_FILENAMES="$drivers"
    fi
else
    echo "no NVIDIA GPU answers here: in the small, on the CPU and on what OpenCL there is"
    set -- --small "$@"
    intel=$("$python" -c 'import sys; print(sys.prefix)')/lib/libintelocl.so
    if [ -z "${OCL_ICD_VENDORS:-}" ] && [ -e "$intel" ]; then
        # the wheel's own .icd names the runtime by a path that does not exist
        echo "$intel" >"$work/icd/intel.icd"
        export OCL_ICD_VENDORS="$work/icd"
    fi
fi

"$python" "$here/measure.py" --kit "$kit" --out "$out" --started "$started" \
    --budget "${BUDGET_S:-540}" "$@"
