"""What is too broad in the subjects of federated credentials: forms by issuer. Data for `azure.oidc-trust`.

Sources: GitHub documentation, 'OpenID Connect reference' (`repo:<owner>/<repository>:<context>`); GitLab
documentation, 'ID token authentication' (`project_path:<path>:ref_type:<type>:ref:<ref>`); HCP Terraform
documentation, 'Workload identity tokens' (`organization:…:project:…:workspace:…:run_phase:…`); Kubernetes
documentation, 'Authenticating' (`system:serviceaccount:<namespace>:<name>`); Entra documentation, 'Flexible
federated identity credentials' (`matches` takes `*` and `?`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from nhi_components.core.azure_federation import PARKED

_CACHED = 4096
_WILD = re.compile(r"[*?]")
_GITHUB = "token.actions.githubusercontent.com"
_GITLAB = "gitlab"
_TERRAFORM = "app.terraform.io"
_BROAD_REFS = frozenset({"", "*", "**", "ref:*", "ref:refs/*", "ref:refs/heads/*", "ref:refs/tags/*", "environment:*"})
_GITHUB_KEYS = frozenset({"repository_owner", "repository_owner_id", "repository", "actor", "enterprise", "iss", "aud"})
_CLAIM = re.compile(r"claims\s*\[\s*['\"]([\w.]+)['\"]\s*\]\s*(\w+)\s*(['\"])(.*?)\3", re.IGNORECASE)
_ANY_TENANT = re.compile(r"login\.microsoftonline\.com/(common|organizations|consumers)(/|$)|sts\.windows\.net/\*")


@lru_cache(maxsize=_CACHED)
def issuer_problem(issuer: str) -> str | None:
    """Tell what is wrong with an issuer; None for nothing."""
    if not issuer:
        return "no issuer"
    if _ANY_TENANT.search(issuer.lower()):
        return f"issuer {issuer}, which stands for any tenant"
    if _WILD.search(issuer):
        return f"issuer {issuer}, which has a wildcard"
    return None if issuer.lower().startswith("https://") else f"issuer {issuer}, which is not reached over https"


@lru_cache(maxsize=_CACHED)
def subject_problem(issuer: str, subject: str) -> str | None:
    """Tell why a subject lets in more than one workload; None when it does not."""
    if not subject or not subject.strip("*:/"):
        return "any subject"
    if subject == PARKED:
        return None
    host = _host(issuer)
    if host == _GITHUB or (subject.startswith("repo:") and not host):
        return _github_problem(subject)
    if subject.startswith("project_path:") or _GITLAB in host:
        return _gitlab_problem(subject)
    if host == _TERRAFORM or subject.startswith("organization:"):
        return _terraform_problem(subject)
    if subject.startswith("system:serviceaccount:"):
        return _kubernetes_problem(subject)
    if subject in ("system:serviceaccounts", "system:authenticated") or subject.startswith("system:serviceaccounts:"):
        return f"subject {subject}, which is a group of service accounts"
    return f"subject {subject}, which has a wildcard" if _WILD.search(subject) else None


@lru_cache(maxsize=_CACHED)
def expression_problem(issuer: str, expression: str) -> str | None:
    """Tell why a flexible expression lets in more than one workload; None when it does not."""
    claims = [(name.lower(), text) for name, _, _, text in _CLAIM.findall(expression[:4000])]
    if not claims:
        return "an expression that compares no claim"
    if " or " in expression.lower():
        problems = [_claim_problem(issuer, name, text) for name, text in claims]
        return next((problem for problem in problems if problem), None)
    return _least(_claim_problem(issuer, name, text) for name, text in claims)


def _least(problems: Iterable[str | None]) -> str | None:
    every = list(problems)
    return None if None in every else every[0]


def _claim_problem(issuer: str, claim: str, text: str) -> str | None:
    if claim == "sub":
        return subject_problem(issuer, text)
    if claim in ("job_workflow_ref", "workflow_ref"):
        repository = text.partition("/.github/")[0]
        wild = _WILD.search(repository) or "/" not in repository or "@" not in text or text.endswith("@*")
        return f"{claim} {text}, which is not one workflow" if wild else None
    return f"{claim} {text}, which is not one workload"


def _host(issuer: str) -> str:
    try:
        return (urlsplit(issuer.strip().lower()).hostname or "") if issuer else ""
    except ValueError:
        return ""


def _github_problem(subject: str) -> str | None:
    if not subject.startswith("repo:"):
        key = subject.partition(":")[0]
        if key in _GITHUB_KEYS or ":repo:" not in f":{subject}":
            narrow = "job_workflow_ref:" in subject and not _WILD.search(subject)
            return None if narrow else f"subject {subject}, which names no repository and context"
        return f"subject {subject}, which has a wildcard" if _WILD.search(subject) else None
    repository, _, context = subject.removeprefix("repo:").partition(":")
    owner, slash, name = repository.partition("/")
    if not slash or not name or _WILD.search(owner) or _WILD.search(name):
        return f"subject {subject}, which names no repository"
    if context in _BROAD_REFS:
        return f"subject {subject}, which takes any branch or context of the repository"
    if context.partition(":")[0] == "pull_request":
        return f"subject {subject}, which takes any pull request"
    return f"subject {subject}, which has a wildcard" if context.startswith(("*", "ref:*")) else None


def _gitlab_problem(subject: str) -> str | None:
    fields = _pairs(subject, ("project_path", "ref_type", "ref"))
    if _is_open(fields.get("project_path", "")) or "/" not in fields.get("project_path", ""):
        return f"subject {subject}, which names no project"
    if fields.get("ref", "") in ("", "*") or fields.get("ref_type", "") in ("", "*"):
        return f"subject {subject}, which takes any branch of the project"
    return None


def _terraform_problem(subject: str) -> str | None:
    fields = _pairs(subject, ("organization", "project", "workspace", "run_phase"))
    open_fields = [name for name in ("organization", "project", "workspace") if _is_open(fields.get(name, ""))]
    return f"subject {subject}, which leaves the {open_fields[0]} open" if open_fields else None


def _kubernetes_problem(subject: str) -> str | None:
    parts = subject.split(":")
    if len(parts) != 4 or not parts[2] or not parts[3] or _WILD.search(subject):
        return f"subject {subject}, which names no service account"
    return None


def _pairs(subject: str, names: tuple[str, ...]) -> dict[str, str]:
    """Read `name:value:name:value`; a value may hold colons, but no name."""
    pieces = re.split(rf"(?:^|:)({'|'.join(names)}):", subject)
    return dict(zip(pieces[1::2], pieces[2::2], strict=False))


def _is_open(text: str) -> bool:
    return not text or _WILD.search(text) is not None
