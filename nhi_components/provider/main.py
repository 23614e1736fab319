"""Entry point of `pulumi-resource-nhi`."""

from __future__ import annotations


def run() -> None:
    """Serve the provider; the engine gives its address as the first argument."""
    from nhi_components.garbage import collect_rarely

    collect_rarely()
    from nhi_components.provider.provider import NhiProvider
    from nhi_components.provider.serve import serve
    from nhi_components.provider.telling import warning_through
    from nhi_components.version import VERSION

    serve(lambda engine: NhiProvider(warn=warning_through(engine)), VERSION)


if __name__ == "__main__":
    run()
