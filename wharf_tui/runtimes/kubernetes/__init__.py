"""Steps as pods of a Kubernetes cluster; the pods of workers, for who wants to attach to one."""
