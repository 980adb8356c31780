"""The command line: a module a verb. Parses, wires and prints; no logic of its own."""
