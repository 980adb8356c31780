"""Where builds are copied to: SQLite, PostgreSQL, or wharf-api."""
