"""Whole pages: a build, the catalogue of builds, help, a question."""
