"""JSON Schemas of pydantic's models, as they are committed."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _PlainSchema(GenerateJsonSchema):
    """Keeps the model's order of keys and adds no titles made from their names."""

    def sort(self, value: Any, parent_key: str | None = None) -> Any:
        """Keep the order."""
        return value

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Add no title."""
        return False

    def get_default_value(self, schema: Any) -> Any:
        """Tell a section's defaults, which are made only where they are asked for."""
        factory = schema.get("default_factory")
        if isinstance(factory, type) and issubclass(factory, BaseModel):
            return factory()
        return super().get_default_value(schema)


def json_schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """JSON Schema of a model, with every key's description, range and default.

    Parameters
    ----------
    model : type
    title : str
        Of the schema.
    """
    schema = model.model_json_schema(schema_generator=_PlainSchema)
    head = {"$schema": DIALECT, "title": title}
    return head | {key: value for key, value in schema.items() if key != "title"}
