"""Questions: asked, moderated, voted for, answered, exported."""
