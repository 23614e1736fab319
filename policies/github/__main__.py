"""The pack for GitHub alone. Its configuration stands under `nhi-required`; see docs/packs.md."""

from pulumi_policy import PolicyPack

from nhi_components.crossguard import policies
from nhi_components.facts import Platform

PolicyPack(name="nhi-github", policies=policies(systems=[Platform.GITHUB]))
