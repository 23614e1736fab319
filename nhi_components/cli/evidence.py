"""`nhi evidence`: show what was recorded about the end of identities, and verify it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from nhi_components.lifecycle.evidence.keys import VerifyingKey
    from nhi_components.lifecycle.evidence.settings import EvidenceSettings
    from nhi_components.lifecycle.evidence.vault_client import VaultClient
    from nhi_components.lifecycle.evidence.verify import VerificationReport

EVIDENCE_BAD = 1
BAD_USAGE_OR_NOTHING = 2

evidence_app = typer.Typer(
    no_args_is_help=True,
    help="Show and verify the signed evidence of what was cut off and removed. "
    "NHI_EVIDENCE_DIR says where it is, NHI_EVIDENCE_ANCHOR where its chain is anchored.",
)


class Output(StrEnum):
    """Form of the output."""

    TABLE = "table"
    JSON = "json"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="For people, or for programs.")]
TrustedOption = Annotated[
    list[Path] | None,
    typer.Option("--trusted-key", help="Public key in PEM; only these are accepted, instead of the store's own pins."),
]


@evidence_app.command()
def show(
    lease: Annotated[str | None, typer.Option(help="Only this lease.")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show the evidence of every lease, with a timeline of each teardown.

    Exit code: 0 shown and sound, 1 something is wrong with the evidence, 2 nothing found or bad usage.
    """
    from nhi_components.cli.evidence_render import print_statements, statements_as_json

    report = _verified(None, with_anchor=False)
    chosen = [reading for reading in report.readings if lease is None or _is_of(reading.predicate, lease)]
    if not chosen and not report.flaws:
        _stop(f"no evidence{f' of {lease}' if lease else ''} in {_settings().directory}", BAD_USAGE_OR_NOTHING)
    if output is Output.JSON:
        typer.echo(statements_as_json(chosen, report.flaws))
    else:
        print_statements(chosen, report.flaws)
    raise typer.Exit(EVIDENCE_BAD if report.flaws else 0)


@evidence_app.command()
def verify(output: OutputOption = Output.TABLE, trusted_key: TrustedOption = None) -> None:
    """Check signatures, chain, anchor and completeness of all evidence.

    Exit code: 0 sound, 1 something is wrong, 2 nothing found (which proves nothing) or bad usage.
    """
    from nhi_components.cli.evidence_render import print_report, report_as_json

    report = _verified(_keys(trusted_key or []), with_anchor=True)
    if output is Output.JSON:
        typer.echo(report_as_json(report))
    elif report.empty:
        _stop(f"no evidence in {_settings().directory}, so nothing is verified", BAD_USAGE_OR_NOTHING)
    else:
        print_report(report)
    raise typer.Exit(0 if report.ok else BAD_USAGE_OR_NOTHING if report.empty else EVIDENCE_BAD)


def _verified(keys: list[VerifyingKey] | None, *, with_anchor: bool) -> VerificationReport:
    from nhi_components.core.errors import NhiError
    from nhi_components.lifecycle.evidence.settings import open_anchor, open_store
    from nhi_components.lifecycle.evidence.verify import verify as verify_store

    settings = _settings()
    try:
        anchor = open_anchor(settings, _ambient_vault) if with_anchor else None
        return verify_store(open_store(settings), keys, anchor)
    except NhiError as error:
        _stop(f"evidence cannot be verified: {error}", EVIDENCE_BAD)


def _ambient_vault() -> VaultClient:
    from nhi_components.core.connection import DEFAULT, VaultConnection
    from nhi_components.core.errors import NhiError

    try:
        from nhi_components.lifecycle.adapters.vault.session import VaultSession
    except ModuleNotFoundError as missing:
        raise NhiError(f"{missing.name} is not installed; fix: pip install 'nhi-components[vault]'") from None
    return VaultSession(DEFAULT, VaultConnection()).http


def _settings() -> EvidenceSettings:
    import os

    from nhi_components.core.errors import SpecError
    from nhi_components.lifecycle.evidence.settings import EvidenceSettings

    try:
        return EvidenceSettings().with_environment(os.environ)
    except SpecError as error:
        _stop(str(error), BAD_USAGE_OR_NOTHING)


def _keys(files: list[Path]) -> list[VerifyingKey] | None:
    from nhi_components.core.errors import EvidenceError
    from nhi_components.lifecycle.evidence.keys import VerifyingKey

    try:
        return [VerifyingKey.from_file(path) for path in files] or None
    except EvidenceError as error:
        _stop(str(error), BAD_USAGE_OR_NOTHING)


def _is_of(predicate: object, lease: str) -> bool:
    return getattr(predicate, "lease_id", None) == lease


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
