"""Entry point of the test plugin `pulumi-resource-azure-native`."""

from __future__ import annotations


def run() -> None:
    """Serve the provider; the engine gives its address as the first argument."""
    from nhi_components.garbage import collect_rarely

    collect_rarely()
    from nhi_components.provider.serve import serve
    from tools.plugins.azure.provider import VERSION, AzureProvider

    serve(lambda _: AzureProvider(), VERSION)


if __name__ == "__main__":
    run()
