"""Which Pulumi type reads a type of Terraform's AWS provider, and how its policy document's data source is read.

Source: the resources of hashicorp/aws 6 and of pulumi-aws 7, which is made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.values import UNKNOWN

TYPES: Final[dict[str, str]] = {
    "aws_acmpca_permission": "aws:acmpca/permission:Permission",
    "aws_acmpca_policy": "aws:acmpca/policy:Policy",
    "aws_api_gateway_api_key": "aws:apigateway/apiKey:ApiKey",
    "aws_api_gateway_rest_api": "aws:apigateway/restApi:RestApi",
    "aws_api_gateway_rest_api_policy": "aws:apigateway/restApiPolicy:RestApiPolicy",
    "aws_backup_vault_policy": "aws:backup/vaultPolicy:VaultPolicy",
    "aws_cloudsearch_domain_service_access_policy": "aws:cloudsearch/domainServiceAccessPolicy:DomainServiceAccessPolicy",
    "aws_cloudwatch_event_bus_policy": "aws:cloudwatch/eventBusPolicy:EventBusPolicy",
    "aws_cloudwatch_event_permission": "aws:cloudwatch/eventPermission:EventPermission",
    "aws_cloudwatch_log_destination_policy": "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy",
    "aws_cloudwatch_log_resource_policy": "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
    "aws_codeartifact_domain_permissions_policy": "aws:codeartifact/domainPermissions:DomainPermissions",
    "aws_codeartifact_repository_permissions_policy": "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy",
    "aws_codebuild_resource_policy": "aws:codebuild/resourcePolicy:ResourcePolicy",
    "aws_dynamodb_resource_policy": "aws:dynamodb/resourcePolicy:ResourcePolicy",
    "aws_ecr_registry_policy": "aws:ecr/registryPolicy:RegistryPolicy",
    "aws_ecr_repository_policy": "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws_ecrpublic_repository_policy": "aws:ecrpublic/repositoryPolicy:RepositoryPolicy",
    "aws_efs_file_system_policy": "aws:efs/fileSystemPolicy:FileSystemPolicy",
    "aws_eks_access_entry": "aws:eks/accessEntry:AccessEntry",
    "aws_eks_access_policy_association": "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws_eks_pod_identity_association": "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "aws_elasticsearch_domain": "aws:elasticsearch/domain:Domain",
    "aws_elasticsearch_domain_policy": "aws:elasticsearch/domainPolicy:DomainPolicy",
    "aws_glacier_vault": "aws:glacier/vault:Vault",
    "aws_glue_resource_policy": "aws:glue/resourcePolicy:ResourcePolicy",
    "aws_iam_access_key": "aws:iam/accessKey:AccessKey",
    "aws_iam_group": "aws:iam/group:Group",
    "aws_iam_group_policy": "aws:iam/groupPolicy:GroupPolicy",
    "aws_iam_group_policy_attachment": "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws_iam_group_policy_attachments_exclusive": "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive",
    "aws_iam_openid_connect_provider": "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws_iam_policy": "aws:iam/policy:Policy",
    "aws_iam_policy_attachment": "aws:iam/policyAttachment:PolicyAttachment",
    "aws_iam_role": "aws:iam/role:Role",
    "aws_iam_role_policy": "aws:iam/rolePolicy:RolePolicy",
    "aws_iam_role_policy_attachment": "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws_iam_role_policy_attachments_exclusive": "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
    "aws_iam_saml_provider": "aws:iam/samlProvider:SamlProvider",
    "aws_iam_service_linked_role": "aws:iam/serviceLinkedRole:ServiceLinkedRole",
    "aws_iam_service_specific_credential": "aws:iam/serviceSpecificCredential:ServiceSpecificCredential",
    "aws_iam_signing_certificate": "aws:iam/signingCertificate:SigningCertificate",
    "aws_iam_user": "aws:iam/user:User",
    "aws_iam_user_login_profile": "aws:iam/userLoginProfile:UserLoginProfile",
    "aws_iam_user_policy": "aws:iam/userPolicy:UserPolicy",
    "aws_iam_user_policy_attachment": "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws_iam_user_policy_attachments_exclusive": "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
    "aws_iam_user_ssh_key": "aws:iam/sshKey:SshKey",
    "aws_iot_policy": "aws:iot/policy:Policy",
    "aws_kinesis_resource_policy": "aws:kinesis/resourcePolicy:ResourcePolicy",
    "aws_kms_external_key": "aws:kms/externalKey:ExternalKey",
    "aws_kms_grant": "aws:kms/grant:Grant",
    "aws_kms_key": "aws:kms/key:Key",
    "aws_kms_key_policy": "aws:kms/keyPolicy:KeyPolicy",
    "aws_kms_replica_external_key": "aws:kms/replicaExternalKey:ReplicaExternalKey",
    "aws_kms_replica_key": "aws:kms/replicaKey:ReplicaKey",
    "aws_lakeformation_permissions": "aws:lakeformation/permissions:Permissions",
    "aws_lambda_function_url": "aws:lambda/functionUrl:FunctionUrl",
    "aws_lambda_layer_version_permission": "aws:lambda/layerVersionPermission:LayerVersionPermission",
    "aws_lambda_permission": "aws:lambda/permission:Permission",
    "aws_media_store_container_policy": "aws:mediastore/containerPolicy:ContainerPolicy",
    "aws_networkfirewall_resource_policy": "aws:networkfirewall/resourcePolicy:ResourcePolicy",
    "aws_opensearch_domain": "aws:opensearch/domain:Domain",
    "aws_opensearch_domain_policy": "aws:opensearch/domainPolicy:DomainPolicy",
    "aws_organizations_policy": "aws:organizations/policy:Policy",
    "aws_ram_principal_association": "aws:ram/principalAssociation:PrincipalAssociation",
    "aws_ram_resource_share": "aws:ram/resourceShare:ResourceShare",
    "aws_redshift_resource_policy": "aws:redshift/resourcePolicy:ResourcePolicy",
    "aws_redshiftserverless_resource_policy": "aws:redshiftserverless/resourcePolicy:ResourcePolicy",
    "aws_rolesanywhere_profile": "aws:rolesanywhere/profile:Profile",
    "aws_rolesanywhere_trust_anchor": "aws:rolesanywhere/trustAnchor:TrustAnchor",
    "aws_s3_access_point": "aws:s3/accessPoint:AccessPoint",
    "aws_s3_bucket": "aws:s3/bucket:Bucket",
    "aws_s3_bucket_acl": "aws:s3/bucketAcl:BucketAcl",
    "aws_s3_bucket_policy": "aws:s3/bucketPolicy:BucketPolicy",
    "aws_s3_directory_bucket": "aws:s3/directoryBucket:DirectoryBucket",
    "aws_s3control_access_grant": "aws:s3control/accessGrant:AccessGrant",
    "aws_s3control_access_point_policy": "aws:s3control/accessPointPolicy:AccessPointPolicy",
    "aws_s3control_bucket_policy": "aws:s3control/bucketPolicy:BucketPolicy",
    "aws_s3control_multi_region_access_point_policy": "aws:s3control/multiRegionAccessPointPolicy:MultiRegionAccessPointPolicy",
    "aws_s3control_object_lambda_access_point_policy": "aws:s3control/objectLambdaAccessPointPolicy:ObjectLambdaAccessPointPolicy",
    "aws_s3tables_table_bucket_policy": "aws:s3tables/tableBucketPolicy:TableBucketPolicy",
    "aws_s3tables_table_policy": "aws:s3tables/tablePolicy:TablePolicy",
    "aws_schemas_registry_policy": "aws:schemas/registryPolicy:RegistryPolicy",
    "aws_secretsmanager_secret": "aws:secretsmanager/secret:Secret",
    "aws_secretsmanager_secret_policy": "aws:secretsmanager/secretPolicy:SecretPolicy",
    "aws_ses_identity_policy": "aws:ses/identityPolicy:IdentityPolicy",
    "aws_sesv2_email_identity_policy": "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy",
    "aws_sns_topic": "aws:sns/topic:Topic",
    "aws_sns_topic_policy": "aws:sns/topicPolicy:TopicPolicy",
    "aws_sqs_queue": "aws:sqs/queue:Queue",
    "aws_sqs_queue_policy": "aws:sqs/queuePolicy:QueuePolicy",
    "aws_ssoadmin_account_assignment": "aws:ssoadmin/accountAssignment:AccountAssignment",
    "aws_ssoadmin_customer_managed_policy_attachment": "aws:ssoadmin/customerManagedPolicyAttachment:CustomerManagedPolicyAttachment",
    "aws_ssoadmin_managed_policy_attachment": "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment",
    "aws_ssoadmin_permission_set": "aws:ssoadmin/permissionSet:PermissionSet",
    "aws_ssoadmin_permission_set_inline_policy": "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy",
    "aws_ssoadmin_permissions_boundary_attachment": "aws:ssoadmin/permissionsBoundaryAttachment:PermissionsBoundaryAttachment",
    "aws_transfer_access": "aws:transfer/access:Access",
    "aws_transfer_user": "aws:transfer/user:User",
    "aws_vpc_endpoint": "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws_vpc_endpoint_policy": "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy",
    "aws_vpclattice_auth_policy": "aws:vpclattice/authPolicy:AuthPolicy",
    "aws_vpclattice_resource_policy": "aws:vpclattice/resourcePolicy:ResourcePolicy",
}

NAMES: Final[dict[str, dict[str, str]]] = {
    "aws_iam_role": {"inline_policy": "inlinePolicies"},
}
"""Attributes that Pulumi calls otherwise than in camel case."""

_ELEMENTS: Final = {
    "sid": "Sid",
    "effect": "Effect",
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}
_DOCUMENTS: Final = ("source_policy_documents", "override_policy_documents")


def documents_of_data(attributes: Mapping[str, Any]) -> Iterator[tuple[DocumentKind, object]]:
    """Yield the documents that a data source `aws_iam_policy_document` will join, and what each of them is."""
    statements = attributes.get("statement")
    if statements is UNKNOWN:
        yield DocumentKind.POLICY_DOCUMENT, UNKNOWN
    elif statements:
        members = statements if isinstance(statements, list) else [statements]
        document = {
            "Version": attributes.get("version") or "2012-10-17",
            "Statement": [_statement(member) if isinstance(member, Mapping) else member for member in members],
        }
        yield kind_of_policy(document), document
    for name in _DOCUMENTS:
        others = attributes.get(name)
        for other in others if isinstance(others, list) else [others]:
            if other is not None:
                yield DocumentKind.POLICY_DOCUMENT, other


def kind_of_policy(document: Mapping[str, Any]) -> DocumentKind:
    """Tell what a policy document is by its statements: only those on a resource or a role name principals."""
    given = document.get("Statement")
    statements = [each for each in (given if isinstance(given, list) else [given]) if isinstance(each, Mapping)]
    if not any("Principal" in each or "NotPrincipal" in each for each in statements):
        return DocumentKind.POLICY_DOCUMENT
    if all(_assumes_a_role(each.get("Action")) for each in statements):
        return DocumentKind.TRUST_POLICY
    return DocumentKind.RESOURCE_POLICY


def _assumes_a_role(actions: object) -> bool:
    members = actions if isinstance(actions, list) else [actions]
    named = [member.lower() for member in members if isinstance(member, str)]
    return bool(named) and all(
        name.startswith("sts:assumerole") or name in ("sts:tagsession", "sts:setsourceidentity", "sts:setcontext")
        for name in named
    )


def _statement(block: Mapping[str, Any]) -> dict[str, Any]:
    statement = {
        _ELEMENTS[name]: value for name, value in block.items() if name in _ELEMENTS and value not in (None, [])
    }
    statement.setdefault("Effect", "Allow")
    for name, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if block.get(name):
            statement[element] = _principals(block[name])
    if block.get("condition"):
        statement["Condition"] = _conditions(block["condition"])
    return statement


def _principals(blocks: Any) -> Any:
    if not isinstance(blocks, list):
        return blocks
    principals: dict[str, list[Any]] = {}
    for block in blocks:
        if not isinstance(block, Mapping) or not isinstance(block.get("type"), str):
            return UNKNOWN
        identifiers = block.get("identifiers")
        if block["type"] == "*":
            return "*"
        principals.setdefault(block["type"], []).extend(identifiers if isinstance(identifiers, list) else [identifiers])
    return principals


def _conditions(blocks: Any) -> Any:
    if not isinstance(blocks, list):
        return blocks
    conditions: dict[str, dict[str, Any]] = {}
    for block in blocks:
        if not isinstance(block, Mapping) or not isinstance(block.get("test"), str):
            return UNKNOWN
        conditions.setdefault(block["test"], {})[str(block.get("variable"))] = block.get("values")
    return conditions
