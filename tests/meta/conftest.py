"""The engine, as the engine tests have it."""

from tests.engine.conftest import engine

__all__ = ["engine"]
