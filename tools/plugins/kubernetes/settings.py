"""How the plugin is configured: by the settings and the kubeconfig of the real provider."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nhi_components.core.errors import Problem
from tools.plugins.resource import PluginError, Properties
from tools.plugins.rest import is_loopback

_USUAL = "~/.kube/config"

GONE_SECONDS = "NHI_PLUGIN_GONE_SECONDS"
"""The variable that sets how long a delete waits; Pulumi's own provider waits 10 minutes, or what a program says."""

_USUALLY_GONE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration.

    Attributes:
        server: the URL of an API server on loopback, without a slash at its end.
        token: a bearer token.
        namespace: where an object lies that names none.
        force: whether every apply is forced.
        gone_seconds: how long a delete waits until the object is gone.
    """

    server: str
    token: str
    namespace: str
    force: bool
    gone_seconds: float


def read_settings(given: Properties, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read settings and kubeconfig.

    Raises:
        PluginError: there is none that can be used, or its server is not on loopback.
    """
    text = given.get("kubeconfig") or environment.get("KUBECONFIG") or _USUAL
    config = _read(text)
    name = given.get("context") or config.get("current-context")
    context = _named(config, "contexts", name, "context")
    server = str(_named(config, "clusters", context.get("cluster"), "cluster").get("server", "")).rstrip("/")
    token = _named(config, "users", context.get("user"), "user").get("token", "")
    if not is_loopback(server):
        expected = "an http address on loopback: this is a stand-in for tests"
        raise PluginError(str(Problem("kubernetes", server, expected, "give the kubeconfig of a double")))
    namespace = given.get("namespace") or context.get("namespace") or "default"
    forced = environment.get("PULUMI_K8S_ENABLE_PATCH_FORCE", "") in ("1", "true")
    patience = float(environment.get(GONE_SECONDS) or _USUALLY_GONE_SECONDS)
    return Settings(server, token, namespace, bool(given.get("enablePatchForce", forced)), patience)


def _read(text: str) -> Mapping[str, Any]:
    """Read a kubeconfig, given as its content or as a path."""
    if "\n" not in text and not text.lstrip().startswith("{"):
        file = Path(text).expanduser()
        if not file.is_file():
            fix = "set KUBECONFIG to the kubeconfig of a double"
            raise PluginError(str(Problem("kubernetes", f"no file {file}", "a kubeconfig", fix)))
        text = file.read_text()
    read = yaml.safe_load(text)
    return read if isinstance(read, dict) else {}


def _named(config: Mapping[str, Any], part: str, name: Any, key: str) -> Mapping[str, Any]:
    found = next((each for each in config.get(part) or [] if each.get("name") == name), None)
    if found is None:
        problem = Problem("kubernetes", f"no {key} {name}", "a kubeconfig with one", "correct the kubeconfig")
        raise PluginError(str(problem))
    return dict(found[key])
