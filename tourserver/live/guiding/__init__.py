"""Guiding: who leads, where everyone is led, and the track of it."""
