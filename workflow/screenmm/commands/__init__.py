"""Commands that people call themselves, one module each; those of the rules are stages."""
