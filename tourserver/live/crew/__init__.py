"""The people behind a room: guests of one session, rehearsals, a second device and who sits at it."""
