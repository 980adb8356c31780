"""What can be told from stored logs: merge, search, filter, levels, causes. Pure functions over readers."""
