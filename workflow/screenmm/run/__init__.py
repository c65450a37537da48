"""A run's folder: layout, ledger, shards, provenance, method versions."""
