"""Where a federated identity is at home: what vouches for it by tokens of its own."""

from nhi_components.core.federation import AwsHome as Aws
from nhi_components.core.federation import AzureHome as Azure
from nhi_components.core.federation import GcpHome as Gcp
from nhi_components.core.federation import KubernetesHome as Kubernetes
from nhi_components.core.pipeline import GitHub, GitLab, TerraformCloud

__all__ = ["Aws", "Azure", "Gcp", "GitHub", "GitLab", "Kubernetes", "TerraformCloud"]
