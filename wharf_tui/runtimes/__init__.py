"""Where a step runs and its lines come from: local processes, Docker containers, Kubernetes pods; one port for all."""
