"""The strict pack. Its configuration stands under `nhi-required`; see docs/packs.md."""

from pulumi_policy import PolicyPack

from nhi_components.crossguard import policies
from nhi_components.rules import JudgeConfig, Mode

PolicyPack(name="nhi-strict", policies=policies(JudgeConfig(mode=Mode.STRICT)))
