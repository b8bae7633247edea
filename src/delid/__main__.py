"""``python -m delid``."""

from delid.cli import main

main()
