"""Showcase sites, the regional nodes that own them, and the themes they show."""
