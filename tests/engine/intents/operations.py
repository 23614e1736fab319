"""Trials on functions, metrics and log groups."""

from __future__ import annotations

from collections.abc import Iterator

from tests.engine.intents.trial import Case, Trial, case, judged
from tests.engine.intents.world import OTHERS, OURS, World, arn

Cases = tuple[Case, ...]
_KNOWS_NO_NAMESPACE = "it does not know the condition key `cloudwatch:namespace`"
_POLICY = '{"Version": "2012-10-17", "Statement": []}'


def trials(_: World) -> Iterator[Trial]:
    yield from _on_functions()
    yield from _on_metrics()
    yield from _on_log_groups()


def _on_functions() -> Iterator[Trial]:
    function, live = arn("lambda", f"function:{OURS}"), arn("lambda", f"function:{OURS}:live")
    ruling = _ruling_function()
    yield Trial(
        "lambda.invoke",
        function,
        may=(_invoking(function),),
        may_not=(_invoking(arn("lambda", f"function:{OTHERS}")), _invoking(live), *ruling),
    )
    yield Trial(
        "lambda.invoke",
        live,
        may=(_invoking(live),),
        may_not=(_invoking(function), _invoking(arn("lambda", f"function:{OURS}:next")), *ruling),
    )


def _invoking(function: str) -> Case:
    return case("lambda:InvokeFunction", function, "invoke", FunctionName=function)


def _ruling_function() -> Cases:
    target, named = arn("lambda", f"function:{OURS}"), {"FunctionName": OURS}
    permission = {"StatementId": "x", "Action": "lambda:InvokeFunction", "Principal": "*"}
    return (
        case("lambda:GetFunction", target, **named),
        case("lambda:UpdateFunctionCode", target, **named, ZipFile=b"x"),
        case("lambda:UpdateFunctionConfiguration", target, **named, Timeout=1),
        case("lambda:AddPermission", target, **named, **permission),
        case("lambda:CreateFunctionUrlConfig", target, **named, AuthType="NONE"),
        case("lambda:PublishVersion", target, **named),
        case("lambda:DeleteFunction", target, **named),
        case("lambda:ListFunctions", "*"),
    )


def _on_metrics() -> Iterator[Trial]:
    alarm = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1}
    yield Trial(
        "cloudwatch.put_metrics",
        None,
        may=(_putting_metric("orders/api"),),
        may_not=(
            _putting_metric("invoices/api"),
            _putting_metric("orders/api/more"),
            judged("cloudwatch:PutMetricData", "*", _KNOWS_NO_NAMESPACE),
            case("cloudwatch:PutMetricAlarm", arn("cloudwatch", "alarm:x"), AlarmName="x", **alarm),
            case("cloudwatch:DeleteAlarms", arn("cloudwatch", "alarm:x"), AlarmNames=["x"]),
            case(
                "cloudwatch:SetAlarmState",
                arn("cloudwatch", "alarm:x"),
                AlarmName="x",
                StateValue="OK",
                StateReason="x",
            ),
            case("cloudwatch:PutDashboard", arn("cloudwatch", "dashboard/x"), DashboardName="x", DashboardBody="{}"),
            case("cloudwatch:ListMetrics", "*"),
        ),
        parameters={"namespace": "orders/api"},
    )


def _putting_metric(namespace: str) -> Case:
    return judged("cloudwatch:PutMetricData", "*", _KNOWS_NO_NAMESPACE, {"cloudwatch:namespace": namespace})


def _on_log_groups() -> Iterator[Trial]:
    group, ruling = _group(OURS), _ruling_group()
    yield Trial("logs.write", group, may=_writing(OURS), may_not=(*_writing(OTHERS), *_reading(OURS), *ruling))
    yield Trial("logs.read", group, may=_reading(OURS), may_not=(*_reading(OTHERS), *_writing(OURS), *ruling))


def _group(name: str) -> str:
    return arn("logs", f"log-group:/{name}/api")


def _writing(name: str) -> Cases:
    stream = {"logGroupName": f"/{name}/api", "logStreamName": "one"}
    return (
        case("logs:CreateLogStream", _group(name), **stream),
        case(
            "logs:PutLogEvents",
            f"{_group(name)}:log-stream:one",
            **stream,
            logEvents=[{"timestamp": 1, "message": "x"}],
        ),
    )


def _reading(name: str) -> Cases:
    group = {"logGroupName": f"/{name}/api"}
    return (
        case("logs:DescribeLogStreams", _group(name), **group),
        case("logs:FilterLogEvents", _group(name), **group),
        case("logs:GetLogEvents", f"{_group(name)}:log-stream:one", **group, logStreamName="one"),
    )


def _ruling_group() -> Cases:
    target, group = _group(OURS), {"logGroupName": f"/{OURS}/api"}
    subscription = {"filterName": "x", "filterPattern": "", "destinationArn": arn("kinesis", "stream/orders")}
    return (
        case("logs:DeleteLogGroup", target, **group),
        case("logs:DeleteLogStream", f"{target}:log-stream:one", **group, logStreamName="one"),
        case("logs:PutRetentionPolicy", target, **group, retentionInDays=1),
        case("logs:PutSubscriptionFilter", target, **group, **subscription),
        case("logs:StartQuery", target, **group, startTime=0, endTime=1, queryString="fields @message"),
        case("logs:CreateLogGroup", _group("new"), logGroupName="/new/api"),
        case("logs:PutResourcePolicy", "*", policyName="x", policyDocument=_POLICY),
        case("logs:DescribeLogGroups", "*"),
        judged("logs:Unmask", target, "no call is made of it alone"),
    )
