"""wharf-tui brings the logs of a build to people and machines: complete, in order, now and later."""

__version__ = "0.1.0"
