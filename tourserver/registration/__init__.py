"""Who takes part in which session, their invitation and their link."""
