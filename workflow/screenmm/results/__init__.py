"""What came out: tables over all shards, fates, and the ranking."""
