"""What a library covers, and what a screen lost of it."""
