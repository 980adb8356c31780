"""What can be told from stored logs: pure functions and sliced work over readers, without a screen or an event loop.

What takes long is an object with ``step(budget_bytes)`` (``slices``): it looks at a log's lines once, nearest first, goes
on as the log grows, and starts again when ``LogReader.restarts`` says that the log is another one.

- ``search`` (``pattern``), ``line_filter``, ``level_index``: which lines; each answer is a ``line_set``.
- ``fast_merge``: all steps' rows in one order; ``merge`` defines that order, and prints it.
- ``causes``, ``timeline`` (``time_map``), ``silences``, ``sections``: what happened, when, and what can be folded.
- ``structured``, ``goto``, ``time_formats``: one line, one address, one format.
"""
