"""An anchor in Vault's KV v2: one entry a chain, changed by check-and-set only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nhi_components.core.errors import EvidenceError, Problem
from nhi_components.lifecycle.evidence.anchor import AnchoredHead
from nhi_components.lifecycle.evidence.store import Head
from nhi_components.lifecycle.evidence.vault_client import VaultClient, vault_failures


class VaultAnchor:
    """Heads at `<mount>/data/<path>/<chain id>`.

    Its token needs create, update and read on that path, list on `<mount>/metadata/<path>`, and no delete.
    """

    def __init__(self, client: VaultClient, mount: str, path: str) -> None:
        self._client = client
        self._mount = mount
        self._path = path

    @property
    def name(self) -> str:
        """The anchor as settings and evidence name it."""
        return f"vault-kv:{self._mount}/{self._path}"

    def heads(self) -> Mapping[str, AnchoredHead]:
        """Every anchored head by its chain's id."""
        with self._failures("list"):
            names = self._client.keys(f"{self._mount}/metadata/{self._path}")
        found = ((name, self.read(name)) for name in names if not name.endswith("/"))
        return {name: anchored for name, anchored in found if anchored}

    def read(self, chain_id: str) -> AnchoredHead | None:
        """One chain's anchored head."""
        with self._failures("read"):
            answer = self._client.read(self._data_path(chain_id))
        if answer is None:
            return None
        try:
            fields: Mapping[str, Any] = answer["data"]
            head = Head(chain_id, int(fields["sequence"]), str(fields["digest"]))
            return AnchoredHead(head, int(answer["metadata"]["version"]))
        except (KeyError, TypeError, ValueError):
            raise self._refused(chain_id, "an entry of another form", "sequence and digest in a KV v2 engine") from None

    def advance(self, anchored: AnchoredHead | None, head: Head) -> AnchoredHead:
        """Write a head with check-and-set."""
        expected = anchored.version if anchored else 0
        body = {"options": {"cas": expected}, "data": {"sequence": head.sequence, "digest": head.digest}}
        with self._failures("create or update"):
            answer = self._client.write(self._data_path(head.chain_id), body)
        if answer.get("version") != expected + 1:
            raise self._refused(head.chain_id, "no version in the answer", "a KV v2 engine, which answers with one")
        return AnchoredHead(head, expected + 1)

    def _data_path(self, chain_id: str) -> str:
        return f"{self._mount}/data/{self._path}/{chain_id}"

    def _failures(self, verb: str) -> Any:
        fix = (
            f"see that Vault is unsealed and that {verb} is allowed there; a failed check-and-set means another writer"
        )
        return vault_failures(self.name, fix)

    def _refused(self, chain_id: str, got: str, expected: str) -> EvidenceError:
        fix = "give the path of a KV v2 engine that nothing else writes to"
        return EvidenceError(str(Problem(f"{self.name}/{chain_id}", got, expected, fix)))
