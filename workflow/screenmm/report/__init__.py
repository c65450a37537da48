"""The page that people open, and scripts for viewers."""
