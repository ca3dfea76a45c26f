"""The staff's start page, the setup of an installation, and the staff themselves."""
