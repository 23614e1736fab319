"""Known ways from one AWS permission to more of them. Data for rules and chains.

Sources: Rhino Security Labs, 'AWS IAM Privilege Escalation Methods'; pathfinding.cloud; PMapper's edges; the lists of
cloudsplaining and prowler. What each call does: the API reference of its service.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

PASS_ROLE: Final = "iam:passrole"  # noqa: S105 - an action, not a password


class Method(NamedTuple):
    """One way to more privilege.

    Attributes:
        name: what it does, in few words.
        on_others: actions that must be granted on principals or workloads not chosen by name; lower case, all needed.
        beside: further actions, granted on anything; all needed, of each tuple one.
        passes_role_to: the service principal a role must be passed to; empty when no role is passed.
    """

    name: str
    on_others: tuple[str, ...]
    beside: tuple[tuple[str, ...], ...] = ()
    passes_role_to: str = ""


def _each(what: str, actions: str) -> Iterator[Method]:
    for action in actions.split():
        yield Method(f"{what} ({action})", (action.lower(),))


def _alternatives(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(part.lower().split("|")) for part in text.split())


def _passing(service: str, what: str, actions: str) -> Method:
    return Method(f"{what} ({service}), as a role passed to it", (), _alternatives(actions), f"{service}.amazonaws.com")


def _together(what: str, on_others: str, beside: str = "") -> Method:
    return Method(what, tuple(on_others.lower().split()), _alternatives(beside))


METHODS: Final[tuple[Method, ...]] = (
    *_each("rewrite a policy", "iam:CreatePolicyVersion iam:SetDefaultPolicyVersion"),
    *_each("give a principal a policy", "iam:AttachUserPolicy iam:AttachGroupPolicy iam:AttachRolePolicy"),
    *_each("give a principal a policy", "iam:PutUserPolicy iam:PutGroupPolicy iam:PutRolePolicy"),
    *_each("join a group", "iam:AddUserToGroup"),
    *_each("get another user's credentials", "iam:CreateAccessKey iam:CreateLoginProfile iam:UpdateLoginProfile"),
    *_each("get another user's credentials", "iam:CreateServiceSpecificCredential iam:ResetServiceSpecificCredential"),
    *_each("let oneself into a role", "iam:UpdateAssumeRolePolicy"),
    *_each("take a boundary away", "iam:DeleteUserPermissionsBoundary iam:DeleteRolePermissionsBoundary"),
    *_each("widen a boundary", "iam:PutUserPermissionsBoundary iam:PutRolePermissionsBoundary"),
    *_each("become another role", "sts:AssumeRole"),
    *_each("become another account's root", "sts:AssumeRoot"),
    *_each(
        "change what a permission set grants",
        "sso:AttachManagedPolicyToPermissionSet sso:PutInlinePolicyToPermissionSet",
    ),
    *_each("change what a permission set grants", "sso:AttachCustomerManagedPolicyReferenceToPermissionSet"),
    *_each("assign a permission set", "sso:CreateAccountAssignment"),
    *_each("change the code of a function", "lambda:UpdateFunctionCode"),
    *_each("run code on instances", "ssm:SendCommand ssm:StartSession ssm:CreateAssociation"),
    *_each(
        "log in to an instance",
        "ec2-instance-connect:SendSSHPublicKey ec2-instance-connect:SendSerialConsoleSSHPublicKey",
    ),
    *_each("run code in a container", "ecs:ExecuteCommand"),
    *_each("run code in a build", "codebuild:StartBuild codebuild:StartBuildBatch"),
    *_each("change a stack under its role", "cloudformation:UpdateStack cloudformation:UpdateStackSet"),
    *_each("change a development endpoint", "glue:UpdateDevEndpoint"),
    *_each("open a notebook", "sagemaker:CreatePresignedNotebookInstanceUrl sagemaker:CreatePresignedDomainUrl"),
    *_each("run code in an interpreter", "bedrock-agentcore:InvokeCodeInterpreter"),
    *_each("run code in an agent's runtime", "bedrock-agentcore:InvokeAgentRuntimeCommand"),
    *_each("run a job under the role that it has", "batch:SubmitJob"),
    *_each("make itself administrator of a cluster", "eks:AssociateAccessPolicy"),
    _together("change the layers of a function", "lambda:UpdateFunctionConfiguration"),
    _together("execute a change set", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
    _together(
        "put code into a stopped instance",
        "ec2:ModifyInstanceAttribute",
        "ec2:StartInstances|ec2:RunInstances|ec2:RebootInstances",
    ),
    _together("change a job and run it", "glue:UpdateJob", "glue:StartJobRun|glue:CreateTrigger"),
    _together(
        "put code into a notebook",
        "sagemaker:UpdateNotebookInstance",
        "sagemaker:CreateNotebookInstanceLifecycleConfig|sagemaker:UpdateNotebookInstanceLifecycleConfig",
    ),
    _together(
        "change the build of a project", "codebuild:UpdateProject", "codebuild:StartBuild|codebuild:StartBuildBatch"
    ),
    _together("change a service that runs under a role", "apprunner:UpdateService"),
    _together("change a state machine and run it", "states:UpdateStateMachine", "states:StartExecution"),
    _together(
        "deploy code to instances that have a role",
        "codedeploy:CreateDeployment",
        "codedeploy:RegisterApplicationRevision codedeploy:GetDeploymentConfig",
    ),
    _together(
        "drive a browser that has a role",
        "bedrock-agentcore:StartBrowserSession",
        "bedrock-agentcore:ConnectBrowserAutomationStream",
    ),
    _together("run an automation under its role", "ssm:StartAutomationExecution"),
    _together(
        "use a template that has a role", "ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate|ec2:RunInstances"
    ),
    _together(
        "swap the role of an instance profile",
        "iam:AddRoleToInstanceProfile",
        "ec2:AssociateIamInstanceProfile|ec2:RunInstances|iam:RemoveRoleFromInstanceProfile",
    ),
    _together("make a role and let oneself in", "iam:CreateRole", "iam:AttachRolePolicy|iam:PutRolePolicy"),
    _passing(
        "lambda",
        "run a function",
        "lambda:CreateFunction lambda:InvokeFunction|lambda:InvokeAsync|lambda:AddPermission|events:PutTargets"
        "|lambda:CreateEventSourceMapping|lambda:UpdateEventSourceMapping|lambda:CreateFunctionUrlConfig",
    ),
    _passing("lambda", "give a function another role", "lambda:UpdateFunctionConfiguration"),
    _passing(
        "ec2", "start an instance", "ec2:RunInstances|ec2:RequestSpotInstances|ec2:RequestSpotFleet|ec2:CreateFleet"
    ),
    _passing(
        "ec2",
        "give an instance another role",
        "ec2:AssociateIamInstanceProfile|ec2:ReplaceIamInstanceProfileAssociation",
    ),
    _passing(
        "autoscaling",
        "start instances of a group",
        "autoscaling:CreateAutoScalingGroup|autoscaling:UpdateAutoScalingGroup "
        "autoscaling:CreateLaunchConfiguration|ec2:CreateLaunchTemplate|ec2:CreateLaunchTemplateVersion",
    ),
    _passing(
        "ecs-tasks",
        "run a container",
        "ecs:RegisterTaskDefinition ecs:RunTask|ecs:StartTask|ecs:CreateService|ecs:UpdateService",
    ),
    _passing("ecs-tasks", "run a container with another role", "ecs:RunTask|ecs:StartTask"),
    _passing(
        "cloudformation",
        "deploy a stack",
        "cloudformation:CreateStack|cloudformation:UpdateStack|cloudformation:CreateChangeSet|cloudformation:CreateStackSet|cloudformation:UpdateStackSet|cloudformation:CreateStackInstances|cloudformation:SetStackPolicy",
    ),
    _passing("glue", "open a development endpoint", "glue:CreateDevEndpoint"),
    _passing("glue", "run a job", "glue:CreateJob|glue:UpdateJob glue:StartJobRun|glue:CreateTrigger"),
    _passing("glue", "run a session", "glue:CreateSession"),
    _passing("datapipeline", "run a pipeline", "datapipeline:CreatePipeline|datapipeline:PutPipelineDefinition"),
    _passing(
        "codebuild",
        "run a build",
        "codebuild:CreateProject|codebuild:UpdateProject codebuild:StartBuild|codebuild:StartBuildBatch",
    ),
    _passing("codestar", "make a project", "codestar:CreateProject"),
    _passing("codepipeline", "run a pipeline", "codepipeline:CreatePipeline|codepipeline:UpdatePipeline"),
    _passing("codedeploy", "deploy", "codedeploy:CreateDeploymentGroup codedeploy:CreateDeployment"),
    _passing(
        "sagemaker",
        "open a notebook",
        "sagemaker:CreateNotebookInstance|sagemaker:CreateDomain|sagemaker:CreateUserProfile",
    ),
    _passing(
        "sagemaker",
        "run a job",
        "sagemaker:CreateTrainingJob|sagemaker:CreateProcessingJob|sagemaker:CreateHyperParameterTuningJob|sagemaker:CreateAutoMLJob|sagemaker:CreateTransformJob|sagemaker:CreateModel|sagemaker:CreatePipeline",
    ),
    _passing(
        "states",
        "run a state machine",
        "states:CreateStateMachine|states:UpdateStateMachine states:StartExecution|states:StartSyncExecution",
    ),
    _passing(
        "ssm",
        "run an automation",
        "ssm:StartAutomationExecution|ssm:CreateAssociation|ssm:RegisterTaskWithMaintenanceWindow",
    ),
    _passing("batch", "run a job", "batch:RegisterJobDefinition batch:SubmitJob"),
    _passing("elasticmapreduce", "run a cluster", "elasticmapreduce:RunJobFlow"),
    _passing("emr-serverless", "run a job", "emr-serverless:StartJobRun"),
    _passing(
        "elasticbeanstalk",
        "run an environment",
        "elasticbeanstalk:CreateEnvironment|elasticbeanstalk:UpdateEnvironment",
    ),
    _passing("apprunner", "run a service", "apprunner:CreateService|apprunner:UpdateService"),
    _passing("amplify", "run an app's build", "amplify:CreateApp|amplify:UpdateApp"),
    _passing(
        "bedrock-agentcore",
        "run an interpreter",
        "bedrock-agentcore:CreateCodeInterpreter|bedrock-agentcore:CreateAgentRuntime",
    ),
    _passing("bedrock-agentcore", "drive a browser", "bedrock-agentcore:CreateBrowser"),
    _passing("braket", "run a job", "braket:CreateJob"),
    _passing("bedrock", "make an agent", "bedrock:CreateAgent|bedrock:UpdateAgent"),
    _passing("scheduler", "schedule a call", "scheduler:CreateSchedule|scheduler:UpdateSchedule"),
    _passing("events", "let an event make a call", "events:PutTargets events:PutRule|events:PutEvents"),
    _passing("pipes", "let a pipe make a call", "pipes:CreatePipe|pipes:UpdatePipe"),
    _passing("cognito-identity", "give visitors a role", "cognito-identity:SetIdentityPoolRoles"),
    _passing("imagebuilder", "build an image", "imagebuilder:CreateInfrastructureConfiguration"),
    _passing("opsworks", "run an instance", "opsworks:CreateStack|opsworks:CreateInstance"),
    _passing("greengrass", "deploy to a device", "greengrass:CreateDeployment"),
    _passing("iot", "let a rule make a call", "iot:CreateTopicRule|iot:ReplaceTopicRule"),
    _passing("airflow", "run a workflow", "airflow:CreateEnvironment|airflow:UpdateEnvironment"),
    _passing("kinesisanalytics", "run an application", "kinesisanalytics:CreateApplication"),
    _passing("transfer", "log in through a server", "transfer:CreateUser|transfer:UpdateUser"),
    _passing("omics", "run a workflow", "omics:StartRun"),
    _passing("deadline", "run a job", "deadline:CreateQueue|deadline:UpdateQueue"),
    _passing("dms", "read through an endpoint", "dms:CreateEndpoint"),
    _passing("gamelift", "run a fleet", "gamelift:CreateFleet"),
    _passing(
        "eks",
        "make a cluster or its nodes",
        "eks:CreateNodegroup|eks:CreateCluster|eks:CreatePodIdentityAssociation|eks:CreateFargateProfile",
    ),
)
