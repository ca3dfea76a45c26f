"""Persons and the staff's accounts."""
