"""What a room leaves behind: its questions, polls and messages as files, and what is still to be answered."""
