"""Files that arrive in numbered pieces and survive a cut line."""
