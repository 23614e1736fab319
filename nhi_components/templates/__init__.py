"""Templates: what identities of each kind may be, as a standard that an organisation's one file overrides."""

from nhi_components.templates.copies import Holder, shared_grants
from nhi_components.templates.forbidden import forbidden_path_problems
from nhi_components.templates.in_force import Templates, UnreadableTemplates, templates_in_force
from nhi_components.templates.judgement import LeaseDates, judge
from nhi_components.templates.model import SecretForm, Template

__all__ = [
    "Holder",
    "LeaseDates",
    "SecretForm",
    "Template",
    "Templates",
    "UnreadableTemplates",
    "forbidden_path_problems",
    "judge",
    "shared_grants",
    "templates_in_force",
]
