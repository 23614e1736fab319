"""Terraform: the resources of plans and states, read by the same readers as Pulumi's."""

from nhi_components.facts.terraform.documents import TerraformResource, is_terraform, resources_of
from nhi_components.facts.terraform.reader import read_terraform_resource

__all__ = ["TerraformResource", "is_terraform", "read_terraform_resource", "resources_of"]
