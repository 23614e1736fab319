"""One workload, `orders`, on each system of the configuration: it sends orders and reads its own secret there."""

import importlib

import pulumi

config = pulumi.Config("demo")

orders = {
    "name": "orders",
    "environment": "dev",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "sends order events to whatever billing reads",
    "expires": {"after_days": 90},
}

for system in config.require_object("systems"):
    declare = importlib.import_module(f"on_{system}").declare
    pulumi.export(system, declare(orders, shortcut=config.get_bool("shortcut") or False))
