"""What runs as a role, and the actions with which its code is changed or chosen. Data for `aws.identities`.

Sources: the input properties of pulumi-aws 7; the Service Authorization Reference for the ARNs and the actions; the
methods themselves as in `aws.escalation`.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Workload(NamedTuple):
    """A kind of resource that runs as a role.

    Attributes:
        noun: what people call it.
        roles: dotted paths of the inputs that name the role by ARN or name; `[]` stands for each member of a list.
        service: of its ARN.
        resource: the end of its ARN, with `{name}` for its name.
        takeovers: alternatives: an action on it, and actions on anything of which one is needed besides; none when
            empty.
        name: the input that holds its name.
    """

    noun: str
    roles: tuple[str, ...]
    service: str
    resource: str
    takeovers: tuple[tuple[str, tuple[str, ...]], ...]
    name: str = "name"


_INSTANCE: Final = (
    ("ssm:sendcommand", ()),
    ("ssm:startsession", ()),
    ("ec2-instance-connect:sendsshpublickey", ()),
    ("ec2:modifyinstanceattribute", ("ec2:startinstances", "ec2:runinstances", "ec2:rebootinstances")),
)

WORKLOADS: Final[dict[str, Workload]] = {
    "aws:lambda/function:Function": Workload(
        "function",
        ("role",),
        "lambda",
        "function:{name}",
        (("lambda:updatefunctioncode", ()), ("lambda:updatefunctionconfiguration", ())),
    ),
    "aws:ec2/instance:Instance": Workload(
        "instance", ("iamInstanceProfile",), "ec2", "instance/{name}", _INSTANCE, name="id"
    ),
    "aws:codebuild/project:Project": Workload(
        "build project",
        ("serviceRole",),
        "codebuild",
        "project/{name}",
        (("codebuild:startbuild", ()), ("codebuild:startbuildbatch", ())),
    ),
    "aws:glue/job:Job": Workload(
        "Glue job",
        ("roleArn",),
        "glue",
        "job/{name}",
        (("glue:updatejob", ("glue:startjobrun", "glue:createtrigger")),),
    ),
    "aws:glue/devEndpoint:DevEndpoint": Workload(
        "development endpoint", ("roleArn",), "glue", "devEndpoint/{name}", (("glue:updatedevendpoint", ()),)
    ),
    "aws:sfn/stateMachine:StateMachine": Workload(
        "state machine",
        ("roleArn",),
        "states",
        "stateMachine:{name}",
        (("states:updatestatemachine", ("states:startexecution",)),),
    ),
    "aws:cloudformation/stack:Stack": Workload(
        "CloudFormation stack",
        ("iamRoleArn",),
        "cloudformation",
        "stack/{name}/*",
        (
            ("cloudformation:updatestack", ()),
            ("cloudformation:createchangeset", ("cloudformation:executechangeset",)),
        ),
    ),
    "aws:apprunner/service:Service": Workload(
        "App Runner service",
        ("instanceConfiguration.instanceRoleArn",),
        "apprunner",
        "service/{name}/*",
        (("apprunner:updateservice", ()),),
        name="serviceName",
    ),
    "aws:sagemaker/notebookInstance:NotebookInstance": Workload(
        "notebook",
        ("roleArn",),
        "sagemaker",
        "notebook-instance/{name}",
        (("sagemaker:createpresignednotebookinstanceurl", ()),),
    ),
    "aws:ecs/service:Service": Workload(
        "ECS service", ("taskDefinition",), "ecs", "task/{cluster}/*", (("ecs:executecommand", ()),)
    ),
}

TASK_DEFINITION: Final = "aws:ecs/taskDefinition:TaskDefinition"
"""It names the role that the containers of a service have."""

TERRAFORM: Final[dict[str, str]] = {
    "aws_apprunner_service": "aws:apprunner/service:Service",
    "aws_cloudformation_stack": "aws:cloudformation/stack:Stack",
    "aws_codebuild_project": "aws:codebuild/project:Project",
    "aws_ecs_service": "aws:ecs/service:Service",
    "aws_ecs_task_definition": TASK_DEFINITION,
    "aws_glue_dev_endpoint": "aws:glue/devEndpoint:DevEndpoint",
    "aws_glue_job": "aws:glue/job:Job",
    "aws_iam_group_membership": "aws:iam/groupMembership:GroupMembership",
    "aws_iam_instance_profile": "aws:iam/instanceProfile:InstanceProfile",
    "aws_iam_policy_document": "aws:iam/getPolicyDocument:getPolicyDocument",
    "aws_iam_user_group_membership": "aws:iam/userGroupMembership:UserGroupMembership",
    "aws_instance": "aws:ec2/instance:Instance",
    "aws_lambda_function": "aws:lambda/function:Function",
    "aws_sagemaker_notebook_instance": "aws:sagemaker/notebookInstance:NotebookInstance",
    "aws_sfn_state_machine": "aws:sfn/stateMachine:StateMachine",
}
"""Terraform types that grant nothing themselves, so that `aws.terraform` does not list them, by Pulumi type."""

PASSED_TO_ANOTHER: Final[dict[str, frozenset[str]]] = {
    "autoscaling": frozenset({"ec2"}),
    "batch": frozenset({"ecs-tasks"}),
    "datapipeline": frozenset({"ec2", "elasticmapreduce"}),
    "eks": frozenset({"ec2", "pods.eks", "eks-fargate-pods"}),
    "elasticbeanstalk": frozenset({"ec2"}),
    "elasticmapreduce": frozenset({"ec2"}),
    "imagebuilder": frozenset({"ec2"}),
    "opsworks": frozenset({"ec2"}),
}
"""Services that hand a role on to another service, which is then the one that its trust admits."""
