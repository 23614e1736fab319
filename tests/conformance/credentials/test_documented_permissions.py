"""docs/credentials.md names the permissions of a connection: with these alone everything goes, without any one it fails.

AWS's emulator evaluates IAM, OpenBao is the real one, Google's double asks for the permission that Google documents.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.connection import AwsConnection, VaultConnection
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.sources import SourceSpec
from nhi_components.core.errors import NhiError
from nhi_components.core.links import NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_credentials
from nhi_components.lifecycle.credentials.ports import Claim, CredentialSystem, Home, Source
from tests.conformance.conftest import Servers
from tests.conformance.credentials.aws_world import AccessKeyWorld, SecretWorld
from tests.conformance.credentials.conftest import Setting
from tests.conformance.credentials.gcp_world import GcpKeyWorld, GcpSecretWorld
from tests.conformance.credentials.vault_world import (
    ApiKeyWorld,
    VaultCertificateWorld,
    VaultKvWorld,
    VaultSecretIdWorld,
)
from tests.conformance.world import new_tags, now
from tools.lab.sandbox import aws as lab

PAGE = (Path(__file__).parents[3] / "docs/credentials.md").read_text(encoding="utf-8")
PERMISSIONS = PAGE.partition("## What a connection may do")[2].partition("\n## ")[0]
UNNEEDED = {"iam:GetAccessKeyLastUsed"}
"""Without it no overlap ends early; the page says so."""


def use_source(source: Source, tags: LeaseTags) -> None:
    """Everything that the service asks of a source."""
    made = source.create(tags)
    assert source.works(made)
    assert [key.id for key in source.keys(tags)] == [made.key_id]
    source.last_used(made.key_id)
    if source.can_disable:
        source.disable(made.key_id)
        source.enable(made.key_id)
    source.delete(made.key_id)
    assert source.keys(tags) == []


def use_home(home: Home, tags: LeaseTags, material: Callable[[str], Any]) -> None:
    """Everything that the service asks of a home, through one whole life."""
    claim = Claim("run-aaaa", "dana@host", now() + timedelta(minutes=1))
    assert home.find() is None
    assert home.claim(tags, claim, now()) == claim
    first = home.write(tags, material("key-1"))
    home.write(tags, material("key-2"), first.version)
    home.note(tags, {"key": "key-1", "version": "1"})
    home.note(tags, {"key": "key-2"})
    assert dict(home.notes()) == {"key": "key-2"}
    home.prune()
    read = home.read()
    assert read is not None
    assert read.key_id == "key-2"
    home.release("run-aaaa")
    home.time()
    home.remove(tags.lease)
    assert home.find() is None


def block(language: str, number: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PERMISSIONS, re.DOTALL)[number]
