"""The protocol: generated messages, and the one module that turns them into the project's own nouns and back."""

import logging
import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")
"""gRPC's core would write on standard error, which is the viewer's screen. It looks here when it is first imported."""
logging.getLogger("grpc").addHandler(logging.NullHandler())
"""The same for its Python part: who wants to read what it says configures logging."""
