"""``python -m tourserver`` is the ``tourserver`` command."""

from tourserver.cli import main

main()
