"""The stages as they run from the command line: files in, files out, one module each."""
