"""Entities of an RO-Crate's flat graph."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from screenmm.files.whole import sha256

Entity = dict[str, Any]
Reference = dict[str, str]

CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    {
        "sha256": "http://schema.org/sha256",
        "resourceUsage": "https://w3id.org/ro/terms/workflow-run#resourceUsage",
        "buildInstructions": "https://codemeta.github.io/terms/buildInstructions",
    },
]
"""Terms of RO-Crate 1.1, and those it lacks: written out, so that a reader fetches no more."""

MEDIA_TYPES = {
    ".cif": "chemical/x-cif",
    ".csv": "text/csv",
    ".duckdb": "application/vnd.duckdb",
    ".ent": "chemical/x-pdb",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".json": "application/json",
    ".mol": "chemical/x-mdl-molfile",
    ".mol2": "chemical/x-mol2",
    ".npz": "application/zip",
    ".parquet": "application/vnd.apache.parquet",
    ".pdb": "chemical/x-pdb",
    ".pdbqt": "chemical/x-pdbqt",
    ".png": "image/png",
    ".sdf": "chemical/x-mdl-sdfile",
    ".smi": "chemical/x-daylight-smiles",
    ".svg": "image/svg+xml",
    ".tsv": "text/tab-separated-values",
    ".yaml": "application/yaml",
}
"""By the last suffix; everything else that is listed is plain text."""


def reference(identifier: str) -> Reference:
    """A link to an entity."""
    return {"@id": identifier}


def references(identifiers: Iterable[str]) -> list[Reference]:
    """Links to entities."""
    return [reference(each) for each in identifiers]


def path_id(path: str) -> str:
    """Identifier of a file or folder of the crate: its path, as a URI."""
    return quote(path)


def file_entity(identifier: str, path: Path, /, **properties: Any) -> Entity:
    """Describe a file: name, size, media type and SHA-256.

    Parameters
    ----------
    identifier : str
        Its ``@id``.
    path : Path
        Where it is now.
    properties
        Further properties; those given here win, also a ``sha256`` that is known already.
    """
    digest = properties.pop("sha256", None) or sha256(path)
    return {
        "@id": identifier,
        "@type": "File",
        "name": path.name,
        "contentSize": str(path.stat().st_size),
        "encodingFormat": MEDIA_TYPES.get(path.suffix.lower(), "text/plain"),
        "sha256": digest,
        **properties,
    }


class Graph:
    """Entities in the order in which they were added, each once."""

    def __init__(self) -> None:
        self._entities: dict[str, Entity] = {}

    def add(self, identifier: str, kind: str | list[str], /, **properties: Any) -> str:
        """Add an entity; properties that are None or empty are left out.

        Returns
        -------
        str
            The identifier.
        """
        kept = {key: value for key, value in properties.items() if value not in (None, "", [])}
        return self.put({"@id": identifier, "@type": kind, **kept})

    def put(self, entity: Entity) -> str:
        """Add an entity as it is; one that is there already stays."""
        self._entities.setdefault(entity["@id"], entity)
        return str(entity["@id"])

    def __getitem__(self, identifier: str) -> Entity:
        return self._entities[identifier]

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._entities

    def document(self) -> dict[str, Any]:
        """The whole as JSON-LD; a list of one value is that value, as RO-Crate recommends."""
        graph = [
            {key: _single(value) for key, value in entity.items()}
            for entity in self._entities.values()
        ]
        return {"@context": CONTEXT, "@graph": graph}


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
