"""A sandbox: an AWS emulator that evaluates IAM and a real Vault (OpenBao) on loopback, and nothing left behind."""

from tools.lab.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
