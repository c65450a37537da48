"""What every room may use: errors, units, seeds, deadlines, versions, formats."""
