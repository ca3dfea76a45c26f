"""All jobs of this folder, registered by importing it."""

from tourserver.tours.archive import dropping, importing, publishing

KINDS = (importing.JOB, publishing.JOB, dropping.JOB)
