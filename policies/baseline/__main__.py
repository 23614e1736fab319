"""The baseline pack. Its configuration stands under `nhi-required`; see docs/packs.md."""

from pulumi_policy import PolicyPack

from nhi_components.crossguard import policies

PolicyPack(name="nhi-baseline", policies=policies())
