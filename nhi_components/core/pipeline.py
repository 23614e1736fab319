"""Which pipeline may become an identity: pinned to one repository, project or workspace, and to a ref or environment.

Nothing here takes a wildcard: each source has exactly one subject. Sources of the claims' forms: GitHub Docs, 'OpenID
Connect reference'; GitHub changelog of 23 April 2026 and github/docs pull request 45221 (immutable subjects); GitLab
documentation, 'OpenID Connect (OIDC) authentication using ID tokens'; HCP Terraform documentation, 'Workload identity
tokens' and 'Dynamic credentials'.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from nhi_components.core.links import System
from nhi_components.core.model import Spec, wrong

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
GITLAB_ISSUER = "https://gitlab.com"
TERRAFORM_ISSUER = "https://app.terraform.io"
AWS_STS_AUDIENCE = "sts.amazonaws.com"

_ISSUER = re.compile(r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?(?:/[\w.-]+)*", re.ASCII)
_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*)/[\w.-]+", re.ASCII)
_PROJECT = re.compile(r"[\w.-]+(?:/[\w.-]+)+", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d*", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9](?:[\w -]*[\w-])?", re.ASCII)
_GIT_NAME = r"[^\x00-\x20\x7f~^:?*\[\\$]+"
"""What git-check-ref-format allows in a name, without `$`, which begins a variable in a policy of AWS."""
_REF = re.compile(rf"refs/(?:heads|tags)/{_GIT_NAME}")
_NAME = re.compile(_GIT_NAME)
_ENVIRONMENT = re.compile(r"(?!\s)[^\x00-\x1f\x7f*?$]{1,255}(?<!\s)")


def _matching(shape: re.Pattern[str], expected: str, fix: str) -> AfterValidator:
    def check(value: str) -> str:
        if not shape.fullmatch(value):
            raise wrong(got=value, expected=expected, fix=fix)
        return value

    return AfterValidator(check)


def _pinned_once(environment: str | None, info: ValidationInfo) -> str | None:
    if "ref" in info.data and (info.data["ref"] is None) == (environment is None):
        got = "neither" if environment is None else "both"
        raise wrong(got=got, expected="exactly one of `ref` and `environment`", fix="name where its jobs run")
    return environment


Issuer = Annotated[
    str,
    _matching(_ISSUER, "an https URL without query or final slash", "write it as the provider's discovery page does"),
]
"""The `iss` of the tokens, character by character."""

_Environment = Annotated[
    str,
    _matching(
        _ENVIRONMENT,
        "the whole name of one environment, without outer blanks, `*`, `?` and `$`",
        "name one environment",
    ),
]
_Audience = Annotated[
    str, _matching(re.compile(r"[^\s*?$]{1,255}"), "text without white space and wildcards", "name one audience")
]


class PipelineSource(Spec):
    """One pipeline that an OIDC provider vouches for.

    Attributes:
        audience: the `aud` that its jobs ask for; None: what `audience_on` tells.
    """

    audience: _Audience | None = None
    issuer: str

    @property
    @abstractmethod
    def subject_claim(self) -> str | None:
        """The whole `sub` of its tokens; None when no single one belongs to what is pinned."""

    @property
    @abstractmethod
    def claims(self) -> Mapping[str, str]:
        """What its tokens claim beside `iss`, `sub` and `aud`, each with its only value."""

    def audience_on(self, system: System) -> str | None:
        """Tell which `aud` a system has to ask for; None when there is no usual one, so that it must be given."""
        return self.audience or self._usual_audience(system)

    @abstractmethod
    def _usual_audience(self, system: System) -> str | None:
        """Tell the audience for which its jobs ask by themselves."""


class GitHub(PipelineSource):
    """GitHub Actions, of one repository and one ref or environment.

    Attributes:
        repository: `owner/name`.
        ref: `refs/heads/…` or `refs/tags/…`; exactly one of `ref` and `environment`.
        environment: a deployment environment; whatever protects it decides which refs may use it.
        owner_id: the owner's number. With `repository_id` it stands in the subject of repositories that were created
            or renamed since 15 July 2026, and of those that opted in; names can be taken over, numbers cannot.
        repository_id: the repository's number; both, or neither. GitHub Enterprise Server has no such subjects.
        issuer: GitHub's own; `…/<enterprise>` for an enterprise's own, `https://<host>/_services/token` for GitHub
            Enterprise Server.
    """

    subject: ClassVar[str] = "GitHub pipeline"

    repository: Annotated[
        str, _matching(_REPOSITORY, "`owner/name`, without wildcards", "name one repository, as `example/orders`")
    ]
    ref: (
        Annotated[
            str, _matching(_REF, "a whole ref, without wildcards", "write it as refs/heads/main or refs/tags/v1.0")
        ]
        | None
    ) = None
    environment: Annotated[_Environment | None, Field(validate_default=True)] = None
    issuer: Issuer = GITHUB_ISSUER
    owner_id: Annotated[str, _matching(_NUMBER, "a number", "read it with `gh api repos/<owner>/<name>`")] | None = None
    repository_id: Annotated[
        Annotated[str, _matching(_NUMBER, "a number", "read it with `gh api repos/<owner>/<name>`")] | None,
        Field(validate_default=True),
    ] = None

    @field_validator("environment")
    @classmethod
    def _ref_or_environment(cls, environment: str | None, info: ValidationInfo) -> str | None:
        return _pinned_once(environment, info)

    @field_validator("repository_id")
    @classmethod
    def _both_numbers(cls, repository_id: str | None, info: ValidationInfo) -> str | None:
        if "owner_id" in info.data and (info.data["owner_id"] is None) != (repository_id is None):
            raise wrong(got="one of them", expected="`owner_id` and `repository_id`, or neither", fix="give both")
        if repository_id and _is_enterprise_server(info.data.get("issuer", "")):
            raise wrong(
                got=repository_id,
                expected="no numbers: subjects of GitHub Enterprise Server have none",
                fix="remove owner_id and repository_id",
            )
        return repository_id

    @property
    def subject_claim(self) -> str:
        """`repo:<owner>/<name>:…`; a colon in an environment's name is written `%3A`."""
        owner, name = self.repository.split("/")
        numbered = f"{owner}@{self.owner_id}/{name}@{self.repository_id}" if self.repository_id else self.repository
        if self.environment is not None:
            return f"repo:{numbered}:environment:{self.environment.replace(':', '%3A')}"
        return f"repo:{numbered}:ref:{self.ref}"

    @property
    def claims(self) -> Mapping[str, str]:
        """`repository`, and `ref` or `environment`; with numbers `repository_owner_id` and `repository_id`."""
        told = {
            "repository": self.repository,
            "repository_owner_id": self.owner_id,
            "repository_id": self.repository_id,
            "ref": self.ref,
            "environment": self.environment,
        }
        return {name: value for name, value in told.items() if value is not None}

    def _usual_audience(self, system: System) -> str:
        if system is System.AWS:
            return AWS_STS_AUDIENCE
        host = urlsplit(self.issuer).netloc if _is_enterprise_server(self.issuer) else "github.com"
        return f"https://{host}/{self.repository.split('/')[0]}"


class GitLab(PipelineSource):
    """GitLab CI/CD, of one project and one branch, tag or environment.

    Attributes:
        project: `group/project`, subgroups included.
        ref: a branch or tag, without `refs/heads/`; exactly one of `ref` and `environment`.
        ref_type: what `ref` is.
        environment: a deployment environment. It stands in a claim of its own, never in the subject, so only systems
            that read claims, such as Vault, can pin it; AWS reads none of GitLab's.
        protected: whether the ref, or the environment, must be a protected one.
        issuer: the GitLab instance.
    """

    subject: ClassVar[str] = "GitLab pipeline"

    project: Annotated[
        str, _matching(_PROJECT, "`group/project`, without wildcards", "name one project, as `example/orders`")
    ]
    ref: (
        Annotated[str, _matching(_NAME, "a whole branch or tag, without wildcards", "write it as main or v1.0")] | None
    ) = None
    ref_type: Literal["branch", "tag"] = "branch"
    environment: Annotated[_Environment | None, Field(validate_default=True)] = None
    protected: bool = True
    issuer: Issuer = GITLAB_ISSUER

    @field_validator("environment")
    @classmethod
    def _ref_or_environment(cls, environment: str | None, info: ValidationInfo) -> str | None:
        return _pinned_once(environment, info)

    @property
    def subject_claim(self) -> str | None:
        """`project_path:<group>/<project>:ref_type:<type>:ref:<name>`; None for an environment, which any ref uses."""
        if self.ref is None:
            return None
        return f"project_path:{self.project}:ref_type:{self.ref_type}:ref:{self.ref}"

    @property
    def claims(self) -> Mapping[str, str]:
        """`project_path`; `ref`, `ref_type` and `ref_protected`, or `environment` and `environment_protected`."""
        told = {"project_path": self.project}
        pinned = "ref" if self.environment is None else "environment"
        if self.environment is not None:
            told |= {"environment": self.environment}
        elif self.ref is not None:
            told |= {"ref": self.ref, "ref_type": self.ref_type}
        return told | ({f"{pinned}_protected": "true"} if self.protected else {})

    def _usual_audience(self, system: System) -> str | None:
        """GitLab has no audience of its own: each job names the one it wants."""
        return AWS_STS_AUDIENCE if system is System.AWS else None


class TerraformCloud(PipelineSource):
    """HCP Terraform, of one workspace and one run phase; formerly Terraform Cloud.

    Attributes:
        organization: its name.
        project: the project's name.
        workspace: the workspace's name.
        run_phase: `plan` or `apply`; the two deserve identities of their own, for a plan needs only to read.
        issuer: HCP Terraform, or the address of a Terraform Enterprise.
    """

    subject: ClassVar[str] = "Terraform pipeline"

    organization: Annotated[str, _matching(_LABEL, "a name without wildcards", "name one organization")]
    project: Annotated[str, _matching(_LABEL, "a name without wildcards", "name one project")]
    workspace: Annotated[str, _matching(_LABEL, "a name without wildcards", "name one workspace")]
    run_phase: Literal["plan", "apply"]
    issuer: Issuer = TERRAFORM_ISSUER

    @property
    def subject_claim(self) -> str:
        """`organization:<name>:project:<name>:workspace:<name>:run_phase:<phase>`."""
        return (
            f"organization:{self.organization}:project:{self.project}"
            f":workspace:{self.workspace}:run_phase:{self.run_phase}"
        )

    @property
    def claims(self) -> Mapping[str, str]:
        """The names of organization, project and workspace, and the run phase."""
        return {
            "terraform_organization_name": self.organization,
            "terraform_project_name": self.project,
            "terraform_workspace_name": self.workspace,
            "terraform_run_phase": self.run_phase,
        }

    def _usual_audience(self, system: System) -> str:
        return f"{system}.workload.identity"


def _read(value: Any) -> Any:
    if isinstance(value, GitHub | GitLab | TerraformCloud):
        return value
    raise wrong(got=value, expected="GitHub(…), GitLab(…) or TerraformCloud(…)", fix="name the one pipeline")


Pipeline = Annotated[GitHub | GitLab | TerraformCloud, BeforeValidator(_read)]
"""The one pipeline that an identity is for."""


def _is_enterprise_server(issuer: str) -> bool:
    return issuer.endswith("/_services/token")
