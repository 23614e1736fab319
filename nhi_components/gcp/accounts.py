"""A service account as the parts of a bundle refer to it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp


@dataclass(frozen=True, slots=True)
class Account:
    """A service account of a bundle.

    Attributes:
        made: the resource of Pulumi.
        email: its address, known at preview.
        label: what the resources of Pulumi that are about it are named after.
    """

    made: gcp.serviceaccount.Account
    email: pulumi.Output[str]
    label: str

    @property
    def member(self) -> pulumi.Output[str]:
        """The account as allow policies name it."""
        return pulumi.Output.concat("serviceAccount:", self.email)

    def name(self, project: str) -> pulumi.Output[str]:
        """Its relative name in its project."""
        return pulumi.Output.concat(f"projects/{project}/serviceAccounts/", self.email)
