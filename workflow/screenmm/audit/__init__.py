"""The audit trail: what was run, on what, with what, and what came of it."""
