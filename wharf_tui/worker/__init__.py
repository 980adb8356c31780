"""The worker: runs a build, keeps its logs, and serves them."""

import wharf_tui.rpc  # noqa: F401 - before gRPC: it keeps its core from writing on the screen
