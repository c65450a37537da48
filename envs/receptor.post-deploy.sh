#!/bin/sh
# Snakemake runs this once in each new environment. It links the package screenmm of this
# checkout into it: the rules then run the code as it is now, and no copy can grow old.
set -eu

# part of the environments' identity: a release makes them anew
version=0.2.0

# what is installed elsewhere has no say in what is installed here
unset PYTHONPATH
export PYTHONNOUSERSITE=1

source=${SCREENMM_SOURCE:-$PWD}
if ! grep -qs '^name = "screenmm"$' "$source/pyproject.toml"; then
  echo "no checkout of ScreenMM at $source: set SCREENMM_SOURCE to the folder of its Snakefile" >&2
  exit 1
fi
"$CONDA_PREFIX/bin/python" -m pip install --quiet --no-index --no-deps --no-build-isolation \
  --editable "$source"

# PyPI alone carries it
"$CONDA_PREFIX/bin/python" -m pip install --quiet --no-deps --only-binary :all: fpocket-rs==0.1.0

found=$("$CONDA_PREFIX/bin/screenmm" --version)
if [ "$found" != "screenmm $version" ]; then
  echo "$source holds $found, its envs/*post-deploy.sh say $version: write the same there" >&2
  exit 1
fi

# at each activation: nothing of the user's own Python, and no other checkout's code
mkdir -p "$CONDA_PREFIX/etc/conda/activate.d"
echo "$source" > "$CONDA_PREFIX/etc/conda/screenmm-source"
cat > "$CONDA_PREFIX/etc/conda/activate.d/screenmm.sh" << 'END'
export PYTHONNOUSERSITE=1
_linked=$(cat "$CONDA_PREFIX/etc/conda/screenmm-source")
if [ "${SCREENMM_SOURCE:-$_linked}" != "$_linked" ] && ! diff -rq --exclude __pycache__ \
  "$_linked/workflow/screenmm" "$SCREENMM_SOURCE/workflow/screenmm" >&2; then
  echo "$CONDA_PREFIX runs the ScreenMM of $_linked, which is not that of $SCREENMM_SOURCE:" \
    "give each checkout a --conda-prefix of its own, and build an image again" >&2
  exit 1
fi
unset _linked
END
