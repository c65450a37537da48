"""What a pose looks like: pose checks, interactions with the residues, filters on them."""
