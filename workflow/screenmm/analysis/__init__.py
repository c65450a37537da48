"""What the results say: controls, verdicts, picks, costs, metrics."""
