"""Opening one cluster: by a kubeconfig, or by what a pod finds in its own file system."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client, config
from urllib3 import Retry
from yaml import YAMLError

from nhi_components.core.connection import KubernetesConnection
from nhi_components.lifecycle.adapters.kubernetes.errors import unreachable
from nhi_components.lifecycle.adapters.kubernetes.patience import impatience, patience

_CONNECTIONS = 64
"""As many as `nhi rotate` may work on at once: what has no place in the pool is connected anew for each request."""

_USUAL = "~/.kube/config"
_IN_A_POD = "KUBERNETES_SERVICE_HOST"
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Lists names and labels, so that looking for a lease reads nobody's values (Kubernetes, 'API concepts')."""

_configuring: Any = config
"""This part of the client has no types."""

_UNUSABLE = (config.ConfigException, YAMLError, AttributeError, OSError, TypeError, ValueError)
"""What the client raises for a kubeconfig that it can't read, or that is no kubeconfig at all."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The client's parts for one cluster; `listing` ones read metadata alone."""

    client: Any
    core: Any
    rbac: Any
    listing: Any
    listing_rbac: Any
    apps: Any
    batch: Any
    authentication: Any
    version: Any
    address: str


def opened(name: str, connection: KubernetesConnection, *, waits: bool = True) -> Opened:
    """Read a connection's kubeconfig.

    Args:
        name: the connection's name.
        connection: how to reach it.
        waits: for a cluster that is busy; else the caller is told.

    Raises:
        SystemUnreachable: there is none, or none that can be used.
    """
    api = _api(name, connection, patience() if waits else impatience())
    listing: Any = client.ApiClient(api.configuration)
    listing.set_default_header("Accept", _METADATA_ONLY)
    return Opened(
        client=api,
        core=client.CoreV1Api(api),
        rbac=client.RbacAuthorizationV1Api(api),
        listing=client.CoreV1Api(listing),
        listing_rbac=client.RbacAuthorizationV1Api(listing),
        apps=client.AppsV1Api(api),
        batch=client.BatchV1Api(api),
        authentication=client.AuthenticationV1Api(api),
        version=client.VersionApi(api),
        address=str(api.configuration.host),
    )


def speaking_with(opened: Opened, token: str) -> Any:
    """Make a client of the same cluster that speaks with a token and nothing else."""
    own, other = opened.client.configuration, client.Configuration()
    for setting in ("host", "ssl_ca_cert", "verify_ssl", "tls_server_name", "proxy", "no_proxy", "proxy_headers"):
        setattr(other, setting, getattr(own, setting, None))
    other.retries = patience()
    other.api_key["authorization"] = f"Bearer {token}"
    return client.ApiClient(other)


def _api(name: str, connection: KubernetesConnection, retries: Retry) -> Any:
    # The client looks KUBECONFIG up once, when it is imported; it may have been set since.
    usual = str(Path(_USUAL).expanduser())
    file = connection.kubeconfig or os.environ.get("KUBECONFIG") or usual
    context = connection.context
    configuration: Any = client.Configuration()
    configuration.retries, configuration.connection_pool_maxsize = retries, _CONNECTIONS
    there = [part for part in file.split(os.pathsep) if part and Path(part).expanduser().is_file()]
    try:
        if there:
            known = {"persist_config": False, "client_configuration": configuration}
            return _configuring.new_client_from_config(file, context, **known)
        if file == usual and context is None and _IN_A_POD in os.environ:
            _configuring.load_incluster_config(client_configuration=configuration)
            return client.ApiClient(configuration)
    except _UNUSABLE:
        named = f"context {context}" if context else "current context"
        fix = "check it with `kubectl config view` and `kubectl cluster-info`"
        raise unreachable(name, f"{file}, whose {named} can't be used", "a usable kubeconfig", fix) from None
    fix = "set the connection's kubeconfig, or KUBECONFIG"
    raise unreachable(name, f"no file {file}", "a kubeconfig, or a pod's service account", fix)
