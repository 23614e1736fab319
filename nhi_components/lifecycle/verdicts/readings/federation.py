"""Whose tokens of one system let into another: subjects, as trusts write them, and the identities that bear them.

Matched are the tokens of GitHub Actions, of Kubernetes' service accounts, of Google's service accounts, and AWS roles
in pools of Google. A cluster does not tell its issuer; that an account is annotated with the identity that lets it in
tells which cluster is meant; where there are several, a step without it is doubtful.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from nhi_components.core.glob import glob_matches
from nhi_components.core.links import System
from nhi_components.lifecycle.verdicts.readings.found import Found, Known
from nhi_components.lifecycle.verdicts.readings.patterns import Texts
from nhi_components.lifecycle.verdicts.readings.rows import Rows

HOW: Final = "federate as"
ANY_WORKFLOW: Final = "github: any workflow"
ANY_ACCOUNT: Final = "kubernetes: any service account"
_WORKFLOWS: Final = "repository-workflows"
_GITHUB: Final = "token.actions.githubusercontent.com"
_SERVER: Final = "/_services/token"
_GOOGLE: Final = "accounts.google.com"
_ACCOUNT: Final = "system:serviceaccount:"
_CLUSTERS: Final = ("container.googleapis.com/", "kubernetes.default", "oidc.eks.", "prod-aks.azure.com")
_NAMED: Final = re.compile(r"(?:^|:)repo(?:sitory)?:([^:]+)")
_SUBJECT_TEMPLATE: Final = "subject template"
_CLIENT_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Token(NamedTuple):
    """Tokens that are taken for somebody.

    Attributes:
        issuer: who issues them: a host, or a URL.
        subjects: patterns of their subjects, with `*` and `?`.
        certain: nothing else limits them that cannot be decided.
    """

    issuer: str
    subjects: tuple[str, ...]
    certain: bool


class Bearer(NamedTuple):
    """Whoever bears a subject.

    Attributes:
        name: by which it goes.
        certain: the subject is its alone.
    """

    name: str
    certain: bool


class Federation:
    """The identities whose tokens others take.

    Args:
        found: the estate.
    """

    def __init__(self, found: Found) -> None:
        self._targets: dict[tuple[Token, str, str], None] = {}
        self._used: set[str] = set()
        self._workflows = _by(each for each in found.identities(System.GITHUB) if each.kind == _WORKFLOWS)
        self._full_names = {key: name for name, keys in self._workflows.items() for key in keys}
        self._repositories = Texts(self._workflows)
        self._customised = _customised(found)
        self._accounts = _by(found.identities(System.KUBERNETES))
        self._accounts_by_name = Texts(self._accounts)
        self._clusters = {each.partition(": kubernetes:")[0] for keys in self._accounts.values() for each in keys}
        self._annotated: dict[str, set[str]] = defaultdict(set)
        for account, target in found.rows("steps", System.KUBERNETES, "source_key", "target"):
            self._annotated[account].add(target)
        self._google = {each.unique_id: each.key for each in found.identities(System.GCP) if each.unique_id}
        self._all: dict[str, list[str]] = {
            ANY_WORKFLOW: [key for keys in self._workflows.values() for key in keys],
            ANY_ACCOUNT: [key for keys in self._accounts.values() for key in keys],
        }

    def admit(self, token: Token, target: str, how: str = HOW) -> None:
        """Note that whoever shows a token is let in as a node.

        Args:
            token: it.
            target: the node.
            how: as steps tell it.
        """
        self._targets[token, target, how] = None

    def tell(self, rows: Rows) -> None:
        """Tell the steps of all tokens that were noted."""
        for token, target, how in self._targets:
            for bearer in self.bearers(token, target):
                self.use(bearer.name)
                rows.step(bearer.name, target, how, certain=bearer.certain)
        for name in sorted(self._used.intersection(self._all)):
            for key in self._all[name]:
                rows.name(key, name)

    def use(self, name: str) -> None:
        """Note that a step is told of a name, so that those who go by it have to be told."""
        self._used.add(name)

    def repository_of(self, name: str) -> str:
        """Give the full name of the repository of some workflows, in small letters; empty for others."""
        return self._full_names.get(name, "")

    def bearers(self, token: Token, target: str) -> Iterator[Bearer]:
        """Yield who bears a token.

        Args:
            token: it.
            target: what it lets into; an account's annotation names that.
        """
        issuer = token.issuer.removeprefix("https://").rstrip("/").lower()
        for subject in token.subjects:
            if issuer == _GOOGLE:
                if subject in self._google:
                    yield Bearer(self._google[subject], token.certain)
            elif is_github(token.issuer):
                for bearer in self.workflows(subject):
                    yield bearer._replace(certain=bearer.certain and token.certain)
            elif subject.startswith(_ACCOUNT) or any(mark in issuer for mark in _CLUSTERS):
                for bearer in self.accounts(subject, target):
                    yield bearer._replace(certain=bearer.certain and token.certain)

    def workflows(self, subject: str) -> Iterator[Bearer]:
        """Yield the workflows of GitHub Actions whose subject may match a pattern."""
        lower = subject.lower()
        if not lower.removeprefix("repo:").partition(":")[0].strip("*/"):
            yield Bearer(ANY_WORKFLOW, certain=True)
            return
        named = _NAMED.search(lower)
        repository = named[1] if named else ""
        told_whole = lower.startswith("repo:") and (":" in lower.removeprefix("repo:") or lower.endswith("*"))
        for full_name in self._repositories.matching(repository) if repository else ():
            if not glob_matches(repository, full_name):
                continue
            for key in self._workflows[full_name]:
                custom = key in self._customised
                if told_whole or custom:
                    yield Bearer(key, certain=told_whole and not custom)
        if not repository:
            yield from (Bearer(key, certain=False) for key in sorted(self._customised))

    def of_repositories(self, pattern: str) -> Iterator[str]:
        """Yield the workflows of the repositories whose full names match a pattern, `ORGANIZATION/NAME`."""
        lower = pattern.lower()
        for full_name in self._repositories.matching(lower):
            if glob_matches(lower, full_name):
                yield from self._workflows[full_name]

    def accounts(self, subject: str, target: str) -> Iterator[Bearer]:
        """Yield the service accounts whose subject may match a pattern; arguments as `bearers`."""
        rest = subject.removeprefix(_ACCOUNT)
        if not rest.strip("*:"):
            yield Bearer(ANY_ACCOUNT, certain=False)
            return
        namespace, _, name = rest.partition(":")
        pattern = f"{namespace}/{name or '*'}"
        for full_name in self._accounts_by_name.matching(pattern):
            if glob_matches(pattern, full_name):
                for key in self._accounts[full_name]:
                    yield Bearer(key, certain=self._is_annotated(key, target))

    def _is_annotated(self, account: str, target: str) -> bool:
        """Tell whether an account is annotated with what lets it in, or there is no other cluster that could be meant.

        The identities of Azure are annotated by a client id.
        """
        named = self._annotated.get(account, set())
        if target in named or len(self._clusters) == 1:
            return True
        in_azure = not target.startswith(("arn:", "serviceAccount:"))
        return in_azure and any(_CLIENT_ID.fullmatch(each) for each in named)


def is_github(issuer: str) -> bool:
    """Tell whether tokens are those of workflows: of GitHub's own cloud, or of a server of somebody's."""
    host = issuer.removeprefix("https://").rstrip("/").lower()
    return host == _GITHUB or host.startswith(f"{_GITHUB}/") or host.endswith(_SERVER)


def _by(identities: Iterable[Known]) -> dict[str, list[str]]:
    """Give the keys of identities by their names, in small letters."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in identities:
        found[each.name.lower()].append(each.key)
    return {name: sorted(set(keys)) for name, keys in found.items()}


def _customised(found: Found) -> frozenset[str]:
    """Give the repositories that make the subjects of their tokens of other claims than usual."""
    holders = set()
    for holder, kind, content in found.rows("documents", System.GITHUB, "holder", "kind", "content"):
        if kind.endswith(_SUBJECT_TEMPLATE) and json.loads(content).get("use_default") is False:
            holders.add(holder)
    return frozenset(holders)
