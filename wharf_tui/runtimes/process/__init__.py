"""Steps as local processes: no container, no cluster, no sandbox."""
