"""The files of a new project: its program, its policy pack, what it needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from keyword import iskeyword

from nhi_components.core.identity import Identity
from nhi_components.core.links import System
from nhi_components.scaffold.blueprints import INTENTS
from nhi_components.scaffold.granting import call_of
from nhi_components.scaffold.model import NewIdentity
from nhi_components.version import VERSION

_IMPORTED = {"pulumi", "nhi", *System}

_PACK = '''\
"""Judges every grant of this project before it is made; its configuration stands under `nhi-required`."""

from pulumi_policy import PolicyPack

from nhi_components.crossguard import policies
from nhi_components.rules import JudgeConfig, Mode

PolicyPack(name="{name}", policies=policies(JudgeConfig(mode=Mode.STRICT)))
'''


def files_of(new: NewIdentity) -> dict[str, str]:
    """Write the files, by their paths below the project's folder."""
    name = new.identity.name
    extras = ",".join((new.system, *new.blueprint.extras, "policy"))
    return {
        "Pulumi.yaml": f"name: {_quoted(name)}\ndescription: {_quoted(new.identity.purpose)}\nruntime: python\n",
        "__main__.py": program_of(new),
        "policy/PulumiPolicy.yaml": f"description: Judges the grants of {name}\nruntime: python\n",
        "policy/__main__.py": _PACK.format(name=name),
        "requirements.txt": f"nhi-components[{extras}]>={VERSION}\n",
    }


def program_of(new: NewIdentity) -> str:
    """Write the program that declares the identity."""
    blueprint, variable = new.blueprint, variable_of(new.identity.name)
    answers = {detail: _quoted(answer) for detail, answer in new.answers().items()}
    arguments = {name: source.format_map(answers) for name, source in blueprint.arguments.items()}
    if blueprint.granting:
        arguments["tools"] = blueprint.granting.format_map({**answers, "grants": _grants(new)})
    elif new.grants:
        arguments["grants"] = _grants(new)
    lines = [
        f'"""{sentence(new.identity)}"""',
        "",
        "import pulumi",
        "",
        *_imports(new.system, arguments),
        "",
        f"{variable} = {new.system}.{blueprint.component}(",
        f"    {_quoted(new.identity.name)},",
        *_identity(new.identity),
        *(f"    {name}={source}," for name, source in arguments.items()),
        ")",
        "",
        *(f"pulumi.export({_quoted(result)}, {variable}.{result})" for result in blueprint.results),
    ]
    return "\n".join(lines) + "\n"


def variable_of(name: str) -> str:
    """Name the variable of an identity in its program."""
    variable = name.replace("-", "_")
    taken = iskeyword(variable) or variable in _IMPORTED
    return f"{variable}_identity" if taken else variable


def _imports(system: System, arguments: Mapping[str, str]) -> list[str]:
    module = f"from nhi_components import {system}"
    needs_root = any("nhi." in source for source in arguments.values())
    return ["import nhi_components as nhi", module] if needs_root else [module]


def _identity(identity: Identity) -> list[str]:
    fields = identity.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    fields["kind"] = str(identity.kind)
    return [
        "    identity={",
        *(f"        {_quoted(name)}: {_source(value)}," for name, value in fields.items()),
        "    },",
    ]


def _source(value: object) -> str:
    """Write plain data as Python; JSON writes texts, numbers and objects the same way."""
    return json.dumps(value, ensure_ascii=False)


def _grants(new: NewIdentity) -> str:
    calls = (call_of(new.system, INTENTS[new.system][intent], target) for intent, target in new.grants)
    return " + ".join(f"{new.system}.intents.{call.source}" for call in calls)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def sentence(identity: Identity) -> str:
    """Write what an identity is for as the sentence with which its program begins."""
    purpose = identity.purpose.rstrip(".").replace("\\", "").replace('"""', "")
    return f"{purpose[0].upper()}{purpose[1:]}."
