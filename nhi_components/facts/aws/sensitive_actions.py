"""Actions that matter for more than their access level. Data for `aws.traits`, in lower case.

Source of what each does: AWS Service Authorization Reference, and the API reference of its service.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_action import PERMISSIONS


def _of(service: str, names: str) -> frozenset[str]:
    return frozenset(f"{service}:{name.lower()}" for name in names.split())


DATA_READS: Final = (
    _of("s3", "GetObject GetObjectVersion GetObjectTorrent")
    | _of("s3express", "CreateSession")
    | _of("s3tables", "GetTableData")
    | _of("s3-object-lambda", "GetObject GetObjectVersion")
    | _of("dynamodb", "BatchGetItem ExportTableToPointInTime GetItem GetRecords PartiQLSelect Query Scan")
    | _of("secretsmanager", "BatchGetSecretValue GetSecretValue")
    | _of("ssm", "GetParameter GetParameterHistory GetParameters GetParametersByPath")
    | _of("rds", "CopyDBClusterSnapshot CopyDBSnapshot DownloadCompleteDBLogFile StartExportTask")
    | _of("rds-data", "BatchExecuteStatement ExecuteSql ExecuteStatement")
    | _of("redshift-data", "BatchExecuteStatement ExecuteStatement GetStatementResult")
    | _of("ebs", "GetSnapshotBlock")
    | _of("ec2", "CopySnapshot CreateStoreImageTask ExportImage GetConsoleScreenshot")
    | _of("kinesis", "GetRecords SubscribeToShard")
    | _of("athena", "GetQueryResults")
    | _of("codecommit", "GetBlob GetFile GitPull")
    | _of("lakeformation", "GetDataAccess")
    | _of("timestream", "Select")
    | _of("workmail", "StartMailboxExportJob")
)
"""What returns the content of a store: objects, items, rows, secrets, blocks, messages' streams."""

CREDENTIALS: Final = (
    _of("iam", "CreateAccessKey CreateLoginProfile CreateServiceSpecificCredential ResetServiceSpecificCredential")
    | _of("iam", "UpdateAccessKey UpdateLoginProfile UploadSSHPublicKey")
    | _of("sts", "AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot GetFederationToken")
    | _of("secretsmanager", "BatchGetSecretValue GetSecretValue")
    | _of("airflow", "CreateCliToken CreateWebLoginToken")
    | _of("appsync", "CreateApiKey")
    | _of("chime", "CreateApiKey")
    | _of("cloud9", "CreateEnvironmentToken")
    | _of("grafana", "CreateWorkspaceApiKey CreateWorkspaceServiceAccountToken")
    | _of("license-manager", "GetAccessToken")
    | _of("sso", "GetRoleCredentials")
    | _of("codeartifact", "GetAuthorizationToken")
    | _of("codepipeline", "PollForJobs PollForThirdPartyJobs")
    | _of("cognito-identity", "GetCredentialsForIdentity GetOpenIdToken GetOpenIdTokenForDeveloperIdentity")
    | _of("connect", "GetFederationToken GetFederationTokens")
    | _of("ec2", "GetPasswordData")
    | _of("eks-auth", "AssumeRoleForPodIdentity")
    | _of("emr-containers", "GetManagedEndpointSessionCredentials")
    | _of("elasticmapreduce", "GetClusterSessionCredentials GetOnClusterAppUIPresignedURL")
    | _of("gamelift", "GetComputeAuthToken GetInstanceAccess RequestUploadCredentials")
    | _of("iot", "CreateKeysAndCertificate CreateProvisioningClaim")
    | _of("lightsail", "DownloadDefaultKeyPair GetBucketAccessKeys GetInstanceAccessDetails GetKeyPair GetKeyPairs")
    | _of("lightsail", "CreateBucketAccessKey GetRelationalDatabaseMasterUserPassword")
    | _of("mediapackage", "RotateChannelCredentials RotateIngestEndpointCredentials")
    | _of("rds-db", "connect")
    | _of("dsql", "DbConnect DbConnectAdmin")
    | _of("redshift", "CreateClusterUser GetClusterCredentials GetClusterCredentialsWithIAM")
    | _of("redshift-serverless", "GetCredentials")
    | _of("s3", "GetDataAccess")
    | _of("snowball", "GetJobUnlockCode")
    | _of("storagegateway", "DescribeChapCredentials")
    | _of("lakeformation", "GetTemporaryGluePartitionCredentials GetTemporaryGlueTableCredentials")
    | _of("glue", "GetConnection GetConnections")
)
"""What returns or makes credentials of somebody else. `ecr:GetAuthorizationToken` is none: it is the caller's own."""

SHARING: Final = (
    _of("ec2", "ModifyImageAttribute")
    | _of("eks", "AssociateAccessPolicy CreateAccessEntry UpdateAccessEntry")
    | _of("es", "UpdateDomainConfig")
    | _of("lambda", "CreateFunctionUrlConfig UpdateFunctionUrlConfig")
    | _of("glue", "DeleteResourcePolicy PutResourcePolicy")
)
"""What opens a resource to others, though its access level is not `Permissions management`."""

_NOT_SHARING_SERVICES = ("glue:", "managedblockchain:", "bedrock-agentcore:")
_NOT_SHARING_NAMES = (
    "get",
    "list",
    "describe",
    "search",
    "invoke",
    "allowvended",
    "test",
    "validate",
    "refresh",
    "use",
)
_NOT_SHARING = (
    _of(
        "iam",
        "ChangePassword CreateAccountAlias CreateServiceLinkedRole DeleteAccountAlias DeleteServiceLinkedRole PassRole",
    )
    | _of("iam", "UpdateRoleDescription DeleteServerCertificate UpdateServerCertificate UploadServerCertificate")
    | _of("sqs", "CreateQueue")
    | _of("sns", "CreateTopic")
    | _of("es", "CreateElasticsearchDomain")
    | _of("ds", "AccessDSData CreateConditionalForwarder CreateDirectory CreateIdentityPoolDirectory CreateMicrosoftAD")
    | _of("ec2", "AttachApplianceToNatGateway AttachResourcesToPlacementGroup DetachApplianceFromNatGateway")
    | _of("ec2", "DetachResourcesFromPlacementGroup CreateOdbNetworkPeering DeleteOdbNetworkPeering")
    | _of("ec2", "ModifyOdbNetworkPeering")
    | _of("xray", "PutEncryptionConfig")
    | _of("rds-db", "connect")
    | _of("license-manager", "UpdateServiceSettings")
    | _of("apigateway", "SetWebACL AddCertificateToDomain RemoveCertificateFromDomain")
    | _of("appsync", "SetWebACL")
)


def changes_access(action: str, level: str) -> bool:
    """Tell whether an action changes who may access a resource.

    Args:
        action: `service:name` in lower case.
        level: its access level, one letter of `core.aws_action`.
    """
    if action in SHARING:
        return True
    if level != PERMISSIONS or action in _NOT_SHARING or action.startswith(_NOT_SHARING_SERVICES):
        return False
    return not action.partition(":")[2].startswith(_NOT_SHARING_NAMES)
