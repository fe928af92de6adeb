"""What this machine can do at most, measured by machine code of our own in the same run as the engines."""
