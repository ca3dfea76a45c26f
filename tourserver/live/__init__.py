"""The live room: a numbered log of events, presence, the guide, questions; rules and their Socket.IO face."""
