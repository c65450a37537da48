"""The model of ``metrics.json``, part by part, and its JSON Schema."""
