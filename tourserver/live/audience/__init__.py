"""What the people in a room do besides asking: answer polls, raise a hand, react, write to each other."""
