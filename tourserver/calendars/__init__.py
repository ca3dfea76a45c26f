"""Calendar objects and links: pure functions of plain values."""
