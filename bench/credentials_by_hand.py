"""Rotations as a script does them with the vendors' clients, one request after another.

`with_every_check` sends what the service sends, request for request: the claim, what is there, whose it is, the new
key tried, each write read back, the journal, the old key disabled, deleted and tried. `in_a_hurry` sends the fewest
that leave a new key everywhere: nothing is compared, confirmed or noted, and whoever kills it loses track.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import hvac
import hvac.exceptions
from botocore.exceptions import ClientError
from kubernetes import client, config

from bench.credential_fleet import NAMESPACE, user_of
from nhi_components.lifecycle.credentials.wanted import Wanted

_Fields = Mapping[str, str]


class Script:
    """The clients that such a script makes, once."""

    def __init__(self) -> None:
        self._aws = boto3.Session()
        self._iam, self._secrets = self._aws.client("iam"), self._aws.client("secretsmanager")
        self._vault = hvac.Client(url=os.environ["VAULT_ADDR"], token=os.environ["VAULT_TOKEN"])
        self._kv = self._vault.secrets.kv.v2
        cast(Any, config).load_kube_config(os.environ["KUBECONFIG"])
        self._cluster: Any = client.CoreV1Api()

    def with_every_check(self, wanted: Wanted) -> None:
        """Rotate one credential as safely as the service does."""
        entry, secret, name = self._places(wanted)
        user = user_of(wanted.lease)
        self._vault.sys.read_health_status(method="GET")
        self._claim(f"{entry}.claim")
        old = self._held(entry)
        assert [self._works(old), *self._owned_keys(user)] == [True, old["access_key_id"]]
        self._stored(secret)
        self._cluster.read_namespaced_secret(name, NAMESPACE)
        self._owned_keys(user)
        new = self._new_key(user)
        assert self._works(new)
        self._write_home(entry, new)
        self._write_secret(secret, new)
        self._cluster.read_namespaced_secret(name, NAMESPACE)
        self._patch(name, new)
        assert new["access_key_id"] in self._owned_keys(user)
        assert self._held(entry) == new
        self._note(entry, f"{new['access_key_id']} retires {old['access_key_id']}")
        self._iam.update_access_key(UserName=user, AccessKeyId=old["access_key_id"], Status="Inactive")
        self._iam.delete_access_key(UserName=user, AccessKeyId=old["access_key_id"])
        assert self._keys(user) == [new["access_key_id"]]
        assert not self._works(old)
        self._note(entry, new["access_key_id"])
        self._prune(entry, secret)
        self._give_up(f"{entry}.claim")

    def in_a_hurry(self, wanted: Wanted) -> None:
        """Rotate one credential with the fewest requests."""
        entry, secret, name = self._places(wanted)
        user = user_of(wanted.lease)
        (old,) = self._keys(user)
        new = self._new_key(user)
        self._kv.create_or_update_secret(entry, new)
        self._secrets.put_secret_value(SecretId=secret, SecretString=json.dumps(new))
        self._patch(name, new)
        self._iam.delete_access_key(UserName=user, AccessKeyId=old)

    def _places(self, wanted: Wanted) -> tuple[str, str, str]:
        home, secret, of_cluster = wanted.spec.places
        return home.address, secret.address, of_cluster.address.rpartition("/")[2]

    def _claim(self, entry: str) -> None:
        with suppress(hvac.exceptions.InvalidPath):
            self._kv.read_secret_metadata(entry)
        self._kv.create_or_update_secret(entry, {"until": datetime.now(UTC).isoformat()}, cas=0)
        self._kv.update_metadata(entry, custom_metadata={"nhi_lease": "of the run"})

    def _give_up(self, entry: str) -> None:
        self._held(entry)
        self._vault.sys.read_health_status(method="GET")
        self._kv.delete_metadata_and_all_versions(entry)

    def _held(self, entry: str) -> dict[str, str]:
        self._kv.read_secret_metadata(entry)
        return dict(self._kv.read_secret_version(entry, raise_on_deleted_version=True)["data"]["data"])

    def _owned_keys(self, user: str) -> list[str]:
        self._iam.get_user(UserName=user)
        return self._keys(user)

    def _keys(self, user: str) -> list[str]:
        return [key["AccessKeyId"] for key in self._iam.list_access_keys(UserName=user)["AccessKeyMetadata"]]

    def _new_key(self, user: str) -> dict[str, str]:
        made = self._iam.create_access_key(UserName=user)["AccessKey"]
        key = made["AccessKeyId"]
        return {"access_key_id": key, "secret_access_key": made["SecretAccessKey"], "key_id": key}

    def _works(self, key: _Fields) -> bool:
        name, secret = key["access_key_id"], key["secret_access_key"]
        try:
            self._aws.client("sts", aws_access_key_id=name, aws_secret_access_key=secret).get_caller_identity()
        except ClientError:
            return False
        return True

    def _write_home(self, entry: str, key: _Fields) -> None:
        newest = self._kv.read_secret_metadata(entry)["data"]["current_version"]
        self._kv.read_secret_version(entry, raise_on_deleted_version=True)
        made = self._kv.create_or_update_secret(entry, key, cas=newest)["data"]["version"]
        read = self._kv.read_secret_version(entry, version=made, raise_on_deleted_version=True)
        assert read["data"]["data"] == key
        self._mark(entry, {"nhi_version": str(made)})

    def _note(self, entry: str, text: str) -> None:
        self._mark(entry, {"nhi_note_key": text})

    def _mark(self, entry: str, marks: _Fields) -> None:
        kept = self._kv.read_secret_metadata(entry)["data"]["custom_metadata"] or {}
        self._kv.update_metadata(entry, custom_metadata={**kept, **marks})

    def _stored(self, secret: str) -> tuple[str, str]:
        self._secrets.describe_secret(SecretId=secret)
        answer = self._secrets.get_secret_value(SecretId=secret)
        return answer["VersionId"], answer["SecretString"]

    def _write_secret(self, secret: str, key: _Fields) -> None:
        before, text = self._stored(secret)[0], json.dumps(dict(key))
        put = self._secrets.put_secret_value(SecretId=secret, SecretString=text, VersionStages=["nhi-delivered"])
        self._secrets.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=put["VersionId"], RemoveFromVersionId=before
        )
        assert self._stored(secret) == (put["VersionId"], text)

    def _patch(self, name: str, key: _Fields) -> None:
        data = {field: base64.b64encode(value.encode()).decode() for field, value in key.items()}
        self._cluster.patch_namespaced_secret(name, NAMESPACE, {"data": data})

    def _prune(self, entry: str, secret: str) -> None:
        facts = self._kv.read_secret_metadata(entry)["data"]
        older = [number for number, version in facts["versions"].items() if not version["destroyed"]]
        self._kv.destroy_secret_versions(entry, [number for number in older if int(number) < facts["current_version"]])
        for version, labels in self._secrets.describe_secret(SecretId=secret)["VersionIdsToStages"].items():
            for label in labels if "AWSCURRENT" not in labels else ():
                self._secrets.update_secret_version_stage(
                    SecretId=secret, VersionStage=label, RemoveFromVersionId=version
                )
