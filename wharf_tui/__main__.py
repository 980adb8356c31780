"""``python -m wharf_tui``."""

from wharf_tui.cli.main import main

main()
