"""What the projects of adopted identities have in common, whatever their system: grants, policy pack, import file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.links import System
from nhi_components.core.rule_exception import RuleException
from nhi_components.scaffold.files import sentence, variable_of
from nhi_components.scaffold.source import Call, Written, quoted, source
from nhi_components.version import VERSION

IMPORT_FILE: Final = "adopt.json"
"""What `pulumi import --file` takes."""


def project_files(
    system: System, identity: Identity, program: str, import_file: str, exceptions: Sequence[RuleException]
) -> dict[str, str]:
    """Write the files of a project, by their paths below its folder."""
    return {
        "Pulumi.yaml": f"name: {quoted(identity.name)}\ndescription: {quoted(identity.purpose)}\nruntime: python\n",
        "__main__.py": program,
        IMPORT_FILE: import_file,
        "policy/PulumiPolicy.yaml": f"description: Judges the grants of {identity.name}\nruntime: python\n",
        "policy/__main__.py": _pack_of(identity, exceptions),
        "requirements.txt": f"nhi-components[{system},policy]>={VERSION}\n",
    }


def program_with(
    system: System, component: str, identity: Identity, arguments: Mapping[str, Any], results: Sequence[str]
) -> str:
    """Write the program that declares an identity and exports some of its component's outputs."""
    variable = variable_of(identity.name)
    call = source(Call(f"{system}.{component}", arguments, identity.name))
    needs_date = "from datetime import date\n\n" if "date.from" in call else ""
    needs_root = "import nhi_components as nhi\n" if "nhi." in call else ""
    exports = "".join(f"pulumi.export({quoted(result)}, {variable}.{result})\n" for result in results)
    return (
        f'"""{sentence(identity)}"""\n\n{needs_date}import pulumi\n\n'
        f"{needs_root}from nhi_components import {system}\n\n"
        f"{variable} = {call}\n\n{exports}"
    )


def import_file_with(system: System, component: str, name: str, principal: Mapping[str, str]) -> str:
    """Write what `pulumi import --file` takes: the principal, below the component that is to have it."""
    above = {"type": f"nhi:{system}:{component}", "name": name, "component": True}
    return json.dumps({"resources": [above, {**principal, "parent": name}]}, indent=2) + "\n"


def identity_argument(identity: Identity) -> dict[str, Any]:
    """Give an identity as a program passes it."""
    told = identity.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return {**told, "kind": str(identity.kind)}


def grant_call(grant: Grant) -> Call:
    """Give a grant as a program makes it."""
    fields = grant.model_dump(mode="json", exclude_none=True, exclude={"exception"})
    exception = {"exception": _exception(grant.exception)} if grant.exception else {}
    return Call("nhi.Grant", {**fields, **exception})


def spec_call(function: str, spec: Any) -> Call:
    """Give a specification as a program makes it, without what it would have anyway."""
    return Call(function, spec.model_dump(exclude_none=True, exclude_defaults=True))


def _exception(exception: RuleException) -> Call:
    fields = exception.model_dump(mode="json")
    return Call("nhi.RuleException", {**fields, "ends": Written(f"date.fromisoformat({quoted(fields['ends'])})")})


def _pack_of(identity: Identity, exceptions: Sequence[RuleException]) -> str:
    config = {"mode": "strict"} | (
        {"exceptions": [each.model_dump(mode="json") for each in exceptions]} if exceptions else {}
    )
    return (
        '"""Judges every grant of this project before it is made; its configuration stands under `nhi-required`."""\n\n'
        "from pulumi_policy import PolicyPack\n\n"
        "from nhi_components.crossguard import policies\n"
        "from nhi_components.rules import JudgeConfig\n\n"
        f"CONFIG = JudgeConfig.parse(\n    {source(config, 1)},\n)\n\n"
        f"PolicyPack(name={quoted(identity.name)}, policies=policies(CONFIG))\n"
    )
