"""The aggregator: brings every line of every build into a database, each exactly once."""
