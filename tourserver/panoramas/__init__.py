"""The picture pipeline: look at an upload, strip it, cut it into tiles, store it. Knows no Flask."""
