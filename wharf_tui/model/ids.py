"""Names for the numbers that identify things, so that a type checker tells them apart."""

from typing import NewType

BuildId = NewType("BuildId", int)
"""Number of a build, chosen by whoever started it; several stored builds may share one."""

StepId = NewType("StepId", int)
"""1-based position of a step over the stages that were kept; unique within one build only."""

LogId = NewType("LogId", int)
"""1-based line number in the step's log file. Dense, so that a hole can be proved."""
