"""What all parts of ``metrics.json`` have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the file: keys are checked, values are of their own type and never change.

    A key that does not apply is left out of the file; it has its default here.
    """

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_by_name=True,
        use_attribute_docstrings=True,
    )

    @property
    def given(self) -> dict[str, Any]:
        """Keys that were given, and so stand in the file, with their values."""
        names = (name for name in type(self).model_fields if name in self.model_fields_set)
        return {name: getattr(self, name) for name in names}
