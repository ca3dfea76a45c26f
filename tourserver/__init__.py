"""Tourserver: live guided 360° tours, webinars and moderated questions for showcase sites."""

__version__ = "0.1.0"
