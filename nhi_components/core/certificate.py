"""Which certificate speaks for a workload outside AWS: the names in it that IAM Roles Anywhere compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import StringConstraints, model_validator

from nhi_components.core.model import Spec, wrong

_Name = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^*?$\x00-\x1f\x7f]+$")]


class Certificate(Spec):
    """The names of one end-entity certificate, each compared as a whole.

    Attributes:
        common_name: the subject's CN.
        organizational_unit: the subject's OU.
        san_dns: the subject alternative name of type DNS.
        san_uri: the subject alternative name of type URI, such as a SPIFFE id.
        issuer_common_name: the issuer's CN, where one trust anchor has several certificate authorities below it.
    """

    subject: ClassVar[str] = "certificate"

    common_name: _Name | None = None
    organizational_unit: _Name | None = None
    san_dns: _Name | None = None
    san_uri: _Name | None = None
    issuer_common_name: _Name | None = None

    @model_validator(mode="after")
    def _names_a_workload(self) -> Self:
        if not (self.common_name or self.san_dns or self.san_uri):
            raise wrong(
                got="a certificate of anybody",
                expected="common_name, san_dns or san_uri",
                fix="name what the certificate authority gives to this workload only",
            )
        return self

    @property
    def session_tags(self) -> Mapping[str, str]:
        """The session tags that IAM Roles Anywhere makes of these names (user guide, 'Trust model')."""
        told = {
            "x509Subject/CN": self.common_name,
            "x509Subject/OU": self.organizational_unit,
            "x509SAN/DNS": self.san_dns,
            "x509SAN/URI": self.san_uri,
            "x509Issuer/CN": self.issuer_common_name,
        }
        return {key: value for key, value in told.items() if value is not None}
