"""Scenes, hotspots and links, published as immutable revisions: the tour document that the viewer reads."""
