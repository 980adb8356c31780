"""The nouns of a build's logs: ids, lines, statuses, steps, times, text and errors. Pure: no I/O, no third party."""
