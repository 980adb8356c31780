"""The worker: runs a build, keeps its logs, and serves them."""
