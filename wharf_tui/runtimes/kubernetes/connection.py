"""Finds the cluster as ``kubectl`` finds it: by kubeconfig, or by the pod that this program itself runs in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wharf_tui.model.errors import RuntimeUnavailableError
from wharf_tui.runtimes.kubernetes.errors import cluster_errors

if TYPE_CHECKING:
    from kubernetes.client.configuration import Configuration

_DEFAULT_KUBECONFIG: Final = "~/.kube/config"
_OWN_NAMESPACE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_DEFAULT_NAMESPACE: Final = "default"
_CONNECTIONS: Final = 256


def find_cluster(context: str, environ: Mapping[str, str]) -> tuple[Configuration, str]:
    """Read how to reach the cluster.

    Args:
        context: of the kubeconfig; empty for its current one.
        environ: may have KUBECONFIG.

    Returns:
        The configuration of a client, and the namespace that it is about.

    Raises:
        RuntimeUnavailableError: there is no configuration, or it cannot be used.
    """
    with cluster_errors("find a Kubernetes cluster"):
        from kubernetes.client.configuration import Configuration
        from kubernetes.utils.keepalive import tcp_keepalive_socket_options

        configuration = Configuration()
        kubeconfig = environ.get("KUBECONFIG") or _DEFAULT_KUBECONFIG
        paths = [Path(part).expanduser() for part in kubeconfig.split(os.pathsep) if part]
        if any(path.is_file() for path in paths):
            namespace = _read_kubeconfig(configuration, kubeconfig, context)
        elif "KUBERNETES_SERVICE_HOST" in environ:
            namespace = _read_own_pod(configuration)
        else:
            raise RuntimeUnavailableError(
                f"no Kubernetes cluster is configured: {kubeconfig} does not exist",
                "Set KUBECONFIG, or write ~/.kube/config.",
            )
        configuration.retries = False  # report failures at once: whoever calls knows what to do
        configuration.connection_pool_maxsize = _CONNECTIONS
        configuration.socket_options = tcp_keepalive_socket_options(idle=10, interval=5, count=3)
        return configuration, namespace


def _read_kubeconfig(configuration: Configuration, kubeconfig: str, context: str) -> str:
    from kubernetes.config.kube_config import list_kube_config_contexts, load_kube_config

    try:
        contexts, current = list_kube_config_contexts(  # type: ignore[no-untyped-call]  # the package lacks the types
            kubeconfig
        )
        load_kube_config(  # type: ignore[no-untyped-call]  # the package lacks the types
            kubeconfig, context or None, configuration, persist_config=False
        )
        named = next((each for each in contexts if each["name"] == context), current)
        return str(named["context"].get("namespace") or _DEFAULT_NAMESPACE)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise RuntimeUnavailableError(
            f"cannot find a Kubernetes cluster: {kubeconfig} is no kubeconfig ({error})",
            "`kubectl config view` shows what is wrong with it.",
        ) from error


def _read_own_pod(configuration: Configuration) -> str:
    from kubernetes.config.incluster_config import load_incluster_config

    load_incluster_config(configuration)  # type: ignore[no-untyped-call]  # the package lacks the types
    return _OWN_NAMESPACE.read_text().strip() if _OWN_NAMESPACE.is_file() else _DEFAULT_NAMESPACE
