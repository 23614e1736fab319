"""ARNs that a specification refers to; a Pulumi output in place of one is judged once it is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import AfterValidator

from nhi_components.core.errors import Problem
from nhi_components.core.model import wrong
from nhi_components.core.text import shown


@dataclass(frozen=True, slots=True)
class ArnShape:
    """What the ARN of one kind of resource looks like.

    Attributes:
        pattern: for the whole ARN.
        expected: what it is, with its article.
        fix: how it is written.
    """

    pattern: re.Pattern[str]
    expected: str
    fix: str

    def problems(self, path: str, value: str) -> list[Problem]:
        """Judge an ARN that is known."""
        if self.pattern.fullmatch(value):
            return []
        return [Problem(path, shown(value), self.expected, self.fix)]

    @property
    def validator(self) -> AfterValidator:
        """Judges a field, unless its value is known at deployment only."""

        def check(value: Any) -> Any:
            is_later = not isinstance(value, str | bool | int | float | bytes | list | tuple | dict | None)
            if is_later or (isinstance(value, str) and self.pattern.fullmatch(value)):
                return value
            raise wrong(got=value, expected=f"{self.expected}, or one that is known at deployment", fix=self.fix)

        return AfterValidator(check)


def _shape(pattern: str, expected: str, example: str) -> ArnShape:
    return ArnShape(re.compile(pattern, re.ASCII), expected, f"write it as {example}")


ROLE_ARN = _shape(
    r"arn:aws[\w-]*:iam::(?P<account>\d{12}):role/(?:[\x21-\x29\x2b-\x3e\x40-\x7e]+/)?[\w+=,.@-]{1,64}",
    "the ARN of an IAM role",
    "arn:aws:iam::<account>:role/<name>",
)
OIDC_PROVIDER_ARN = _shape(
    r"arn:aws[\w-]*:iam::\d{12}:oidc-provider/(?P<issuer>[\w.-]+(?::\d{1,5})?(?:/[\w./-]*[\w-]/?)?)",
    "the ARN of an OIDC provider of IAM",
    "arn:aws:iam::<account>:oidc-provider/<issuer without https://>",
)
CLUSTER_ARN = _shape(
    r"arn:aws[\w-]*:eks:[a-z0-9-]+:\d{12}:cluster/[0-9A-Za-z][\w-]{0,99}",
    "the ARN of an EKS cluster",
    "arn:aws:eks:<region>:<account>:cluster/<name>",
)
TRUST_ANCHOR_ARN = _shape(
    r"arn:aws[\w-]*:rolesanywhere:[a-z0-9-]+:\d{12}:trust-anchor/[0-9a-f-]{36}",
    "the ARN of a trust anchor of IAM Roles Anywhere",
    "arn:aws:rolesanywhere:<region>:<account>:trust-anchor/<id>",
)


def issuer_of(provider_arn: str) -> str:
    """Tell whose tokens an OIDC provider of IAM takes, as condition keys name it: the issuer without `https://`.

    Args:
        provider_arn: an ARN of that shape.
    """
    return provider_arn.partition(":oidc-provider/")[2]
