"""Tours as ZIP files: read safely from strangers, written so that they come back without loss. Knows no Flask."""
