"""The user's library: read, split into shards, standardised, merged."""
