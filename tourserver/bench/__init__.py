"""Figures of the live room: a server and a load client of their own, and peers to compare with in the same run."""
