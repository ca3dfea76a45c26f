"""The live room: a numbered log of events, who is there, the guide, the questions. Rules, and their Socket.IO face."""
