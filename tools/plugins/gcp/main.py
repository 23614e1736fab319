"""Entry point of the test plugin `pulumi-resource-gcp`."""

from __future__ import annotations


def run() -> None:
    """Serve the provider; the engine gives its address as the first argument."""
    from nhi_components.garbage import collect_rarely

    collect_rarely()
    from nhi_components.provider.serve import serve
    from tools.plugins.gcp.provider import VERSION, GcpProvider

    serve(lambda _: GcpProvider(), VERSION)


if __name__ == "__main__":
    run()
