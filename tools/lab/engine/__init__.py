"""A Pulumi engine with the plugins that the project needs: the user's own, the official one, or one built with Go."""

from tools.lab.engine.ensure import ensure
from tools.lab.engine.model import Engine, describe

__all__ = ["Engine", "describe", "ensure"]
