"""The terminal viewer: a Textual app over stored builds. It is handed a store and knows no network."""
