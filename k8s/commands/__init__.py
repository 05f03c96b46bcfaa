"""What `make k8s-…` does: the platform on the cluster of kubectl's current context."""
