"""The protocol: generated messages, and the one module that turns them into the project's own nouns and back."""
