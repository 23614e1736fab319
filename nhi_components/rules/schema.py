"""The configuration of the rules as JSON Schema, so that an engine refuses a bad one before it judges anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.config_spec import JudgeConfigSpec
from nhi_components.rules.registry import rules

_REFERENCE = "$ref"


def configuration_schema(defaults: JudgeConfig) -> dict[str, dict[str, Any]]:
    """Give the schema of each field of `JudgeConfig`, complete in itself, with these defaults."""
    schema = JudgeConfigSpec.model_json_schema()
    definitions = schema["$defs"]
    values = defaults.fields()
    properties = {name: _resolved(member, definitions) for name, member in schema["properties"].items()}
    properties["levels"]["propertyNames"] = {"enum": list(rules())}
    properties["exceptions"]["items"]["properties"]["rule"]["enum"] = list(rules())
    return {name: {**member, "default": values[name]} for name, member in properties.items()}


def _resolved(schema: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_resolved(member, definitions) for member in schema]
    if not isinstance(schema, dict):
        return schema
    if _REFERENCE in schema:
        target = definitions[schema[_REFERENCE].rpartition("/")[2]]
        schema = {**target, **{key: value for key, value in schema.items() if key != _REFERENCE}}
    return {key: _resolved(member, definitions) for key, member in schema.items()}
