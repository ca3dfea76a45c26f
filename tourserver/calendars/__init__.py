"""Calendar objects (RFC 5545, 5546, 7986) as pure functions of plain values."""
