"""Steps as containers of a Docker Engine, and ``docker`` steps as builds by it."""
