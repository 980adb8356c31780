"""Finds worker pods in Kubernetes, by the labels that wharf-cmd's provisioner gives them, and reaches into them."""
