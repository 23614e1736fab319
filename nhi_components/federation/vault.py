"""The role of a federated identity on Vault, which logs in with the home's own tokens."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.federation import HOMES, VAULT_AUDIENCE, AzureHome, KubernetesHome, OnVault
from nhi_components.core.grant import vault_grant_problems
from nhi_components.core.pipeline import PipelineSource
from nhi_components.core.spec import parse_spec
from nhi_components.core.vault_login import JwtLogin, KubernetesLogin
from nhi_components.federation.branch import Branch
from nhi_components.vault.bundle import DAY
from nhi_components.vault.pipeline_identity import PipelineIdentity, VaultPipelineSpec
from nhi_components.vault.workload_identity import VaultWorkloadSpec, WorkloadIdentity

_JWT, _KUBERNETES = "jwt", "kubernetes"


def branch(home: HOMES, place: OnVault) -> Branch:
    """Say what makes the role."""
    fields: dict[str, Any] = {
        "grants": place.grants,
        "token_ttl_seconds": place.token_ttl_seconds,
        "token_maximum_ttl_seconds": place.token_maximum_ttl_seconds,
        "bound_cidrs": (),
    }
    judged = list(_audience_problems(home, place.audience))
    if isinstance(home, PipelineSource):
        fields |= {"source": home, "jwt_mount": _JWT if place.mount is None else place.mount}
        parse_pipeline = partial(parse_spec, VaultPipelineSpec, grant_problems=vault_grant_problems)
        return Branch(PipelineIdentity, fields, parse_pipeline, ("role_name", "audience"), judged=judged)
    audience = home.audience if isinstance(home, AzureHome) else place.audience or VAULT_AUDIENCE
    login: Any = None
    try:
        login = _login(home, place.mount, audience)
    except SpecError as error:
        judged += [_of_the_place(problem) for problem in error.problems]
    by = {} if login is None else {"login": login}
    fields |= {"secret": None, "secret_id_ttl_seconds": DAY, "approle_mount": "approle", "secret_mount": "secret"} | by
    parse = partial(parse_spec, VaultWorkloadSpec, grant_problems=vault_grant_problems)
    return Branch(WorkloadIdentity, fields, parse, ("role_name",), audience, judged=judged)


def _login(home: Any, mount: str | None, audience: str) -> JwtLogin | KubernetesLogin:
    if isinstance(home, KubernetesHome):
        return KubernetesLogin(
            namespace=home.namespace,
            service_account=home.service_account,
            audience=audience,
            mount=_KUBERNETES if mount is None else mount,
        )
    return JwtLogin(
        bound_audiences=(audience,),
        bound_subject=home.subject_claim,
        mount=_JWT if mount is None else mount,
    )


def _of_the_place(problem: Problem) -> Problem:
    path = "audience" if "audience" in problem.path else problem.path
    return Problem(path, problem.got, problem.expected, problem.fix)


def _audience_problems(home: HOMES, audience: str | None) -> Iterable[Problem]:
    if audience is not None and isinstance(home, PipelineSource | AzureHome):
        expected = "none, as the home tells for whom its tokens are issued"
        yield Problem("audience", audience, expected, "remove it, or set the audience of the home")
