"""The client's side of the wire: connect, put in order, keep a copy, carry on after a break."""

import wharf_tui.rpc  # noqa: F401 - before gRPC: it keeps its core from writing on the screen
