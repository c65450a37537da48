"""Files written whole or not at all, locks, disks, SD records."""
