#!/usr/bin/env python
"""Complete Snakemake's recipe of a container image: put ScreenMM into its environments.

snakemake --containerize --configfile my.yaml | python envs/image.py > Dockerfile

Run it in the folder of the Snakefile. Snakemake's own recipe makes the environments from
their YAML files and leaves the post-deploy scripts out; here they are run as well.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "/opt/screenmm"
"""Where the image keeps the package."""

CONTEXT = ("pyproject.toml", "README.md", "LICENSE", "workflow/screenmm")
"""What the package is built from."""


def environments(recipe: str) -> dict[str, str]:
    """Read which environments a recipe makes.

    Parameters
    ----------
    recipe : str
        A Dockerfile by ``snakemake --containerize``.

    Returns
    -------
    dict
        Environment file, relative to the current folder, to its prefix in the image.
    """
    found = re.findall(r"^#   source: (\S+)\n#   prefix: (\S+)$", recipe, re.MULTILINE)
    return dict(found)


def additions(prefixes: dict[str, str]) -> list[str]:
    """Write the instructions that put ScreenMM into environments.

    Parameters
    ----------
    prefixes : dict
        From :func:`environments`.

    Returns
    -------
    list of str
        Lines of a Dockerfile.
    """
    lines = ["", "# ScreenMM itself, by the scripts that Snakemake runs where there is no image"]
    for name in CONTEXT:
        copied = f"{SOURCE}/{name}" if (ROOT / name).is_dir() else f"{SOURCE}/"
        lines.append(f"COPY {name} {copied}")
    for file, prefix in prefixes.items():
        # several names are links to one script
        script = (ROOT / file).with_suffix(".post-deploy.sh").resolve().relative_to(ROOT)
        lines.append(f"COPY {script} {prefix}/post-deploy.sh")
    steps = [f"conda run --prefix {each} sh {each}/post-deploy.sh" for each in prefixes.values()]
    lines.append(" && \\\n    ".join([f"RUN export SCREENMM_SOURCE={SOURCE}", *steps]))
    return lines


def main() -> None:
    """Read a recipe from standard input and write the complete one."""
    recipe = sys.stdin.read()
    prefixes = environments(recipe)
    if not prefixes:
        sys.exit(
            "envs/image.py: no environment in the recipe on standard input: give it what "
            "snakemake --containerize prints (conda must be on PATH)"
        )
    elsewhere = [file for file in prefixes if Path(file).parent != Path("envs")]
    if elsewhere:
        sys.exit(f"envs/image.py: {', '.join(elsewhere)}: not in envs; run both commands in {ROOT}")
    print(recipe.rstrip(), *additions(prefixes), sep="\n")


if __name__ == "__main__":
    main()
