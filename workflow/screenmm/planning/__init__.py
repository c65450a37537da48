"""What a screen will take: jobs, time and disk, told before it is launched."""
