"""Building blocks that networks share, one file per idea."""
