"""The demo: loads panoramas/demo through the same rules that staff use, and keeps one session live."""
