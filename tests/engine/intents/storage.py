"""Trials on buckets, tables and image repositories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.engine.intents.trial import Case, Trial, case, judged
from tests.engine.intents.world import BUCKETS, INDEX, OTHERS, OURS, World, arn

Cases = tuple[Case, ...]
_STREAM = "stream/2026-01-15T00:00:00.000"
_ASKS_WITHOUT_STREAM = "it asks for actions on a table's stream on `*`"
_OTHER_DAY = "stream/2026-02-15T00:00:00.000"
_POLICY = '{"Version": "2012-10-17", "Statement": []}'


def trials(_: World) -> Iterator[Trial]:
    yield from _on_buckets()
    yield from _on_tables()
    yield from _on_table_streams()
    yield from _on_repositories()


def _on_buckets() -> Iterator[Trial]:
    ours, others = BUCKETS[OURS], BUCKETS[OTHERS]
    target, only_in = _bucket(ours), {"prefix": "in/"}
    ruling = _ruling_bucket()
    for intent, calls in (
        ("s3.read_objects", _reading),
        ("s3.write_objects", _writing),
        ("s3.delete_objects", _deleting),
    ):
        neighbours = (*_touching_more(ours), *ruling)
        rest = tuple(
            made for group in (_reading, _writing, _deleting) if group is not calls for made in group(ours, "in/1")
        )
        inside, outside = calls(ours, "in/1"), calls(ours, "out/1")
        elsewhere = calls(others, "in/1")
        yield Trial(intent, target, may=(*inside, *outside), may_not=(*elsewhere, *rest, *neighbours))
        yield Trial(intent, target, may=inside, may_not=(*outside, *elsewhere, *rest, *neighbours), parameters=only_in)
    everything = (_listing(ours), _listing(ours, Prefix="in/"), _listing(ours, Prefix="out/"))
    more = (_listing(others), *_reading(ours, "in/1"), *_writing(ours, "in/1"), *_touching_more(ours), *ruling)
    yield Trial("s3.list_objects", target, may=everything, may_not=more)
    yield Trial(
        "s3.list_objects",
        target,
        may=(_listing(ours, Prefix="in/"), _listing(ours, Prefix="in/2026/")),
        may_not=(
            _listing(ours),
            _listing(ours, Prefix="out/"),
            _listing(ours, Prefix="i"),
            _listing(others, Prefix="in/"),
            *more,
        ),
        parameters=only_in,
    )


def _bucket(name: str) -> str:
    return f"arn:aws:s3:::{name}"


def _reading(bucket: str, key: str) -> Cases:
    named = {"Bucket": bucket, "Key": key}
    return (
        case("s3:GetObject", f"{_bucket(bucket)}/{key}", **named),
        case("s3:GetObject", f"{_bucket(bucket)}/{key}", "head_object", **named),
    )


def _writing(bucket: str, key: str) -> Cases:
    named, target = {"Bucket": bucket, "Key": key}, f"{_bucket(bucket)}/{key}"
    return (
        case("s3:PutObject", target, **named, Body=b"x"),
        case("s3:PutObject", target, "create_multipart_upload", **named),
        case("s3:PutObject", target, "upload_part", **named, UploadId="x", PartNumber=1, Body=b"x"),
        case("s3:AbortMultipartUpload", target, **named, UploadId="x"),
    )


def _deleting(bucket: str, key: str) -> Cases:
    return (
        case("s3:DeleteObject", f"{_bucket(bucket)}/{key}", Bucket=bucket, Key=key),
        case(
            "s3:DeleteObject",
            f"{_bucket(bucket)}/{key}",
            "delete_objects",
            Bucket=bucket,
            Delete={"Objects": [{"Key": key}]},
        ),
    )


def _listing(bucket: str, **arguments: str) -> Case:
    context = {"s3:prefix": arguments["Prefix"]} if arguments else {}
    return case("s3:ListBucket", _bucket(bucket), "list_objects_v2", context, Bucket=bucket, **arguments)


def _touching_more(bucket: str) -> Cases:
    named, target = {"Bucket": bucket, "Key": "in/1"}, f"{_bucket(bucket)}/in/1"
    return (
        case("s3:GetObjectVersion", target, "get_object", **named, VersionId="x"),
        case("s3:DeleteObjectVersion", target, "delete_object", **named, VersionId="x"),
        case("s3:GetObjectAcl", target, **named),
        case("s3:PutObjectAcl", target, **named, ACL="public-read"),
        case("s3:PutObjectTagging", target, **named, Tagging={"TagSet": []}),
        case("s3:PutObjectRetention", target, **named, Retention={"Mode": "GOVERNANCE"}),
        case("s3:ListBucketVersions", _bucket(bucket), "list_object_versions", Bucket=bucket),
        case("s3:ListBucketMultipartUploads", _bucket(bucket), "list_multipart_uploads", Bucket=bucket),
        case("s3:ListAllMyBuckets", "*", "list_buckets"),
    )


def _ruling_bucket() -> Cases:
    bucket = BUCKETS[OURS]
    target, named = _bucket(bucket), {"Bucket": bucket}
    block: dict[str, Any] = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False}}
    return (
        case("s3:PutBucketPolicy", target, **named, Policy=_POLICY),
        case("s3:GetBucketPolicy", target, **named),
        case("s3:DeleteBucketPolicy", target, **named),
        case("s3:PutBucketAcl", target, **named, ACL="public-read"),
        case("s3:PutBucketPublicAccessBlock", target, "put_public_access_block", **named, **block),
        case("s3:PutBucketVersioning", target, **named, VersioningConfiguration={"Status": "Suspended"}),
        case(
            "s3:PutLifecycleConfiguration",
            target,
            "put_bucket_lifecycle_configuration",
            **named,
            LifecycleConfiguration={"Rules": []},
        ),
        case("s3:DeleteBucket", target, **named),
    )


def _on_tables() -> Iterator[Trial]:
    target, ruling = _table(OURS), _ruling_table()
    kinds = {
        "dynamodb.read_items": _getting,
        "dynamodb.scan_items": _scanning,
        "dynamodb.write_items": _putting,
        "dynamodb.batch_write_items": _putting_batch,
        "dynamodb.delete_items": _deleting_item,
    }
    for intent, calls in kinds.items():
        rest = tuple(made for other in kinds.values() if other is not calls for made in other(OURS))
        yield Trial(intent, target, may=calls(OURS), may_not=(*calls(OTHERS), *rest, *_through_index(), *ruling))
    for intent, index in (("dynamodb.read_items", INDEX), ("dynamodb.scan_items", INDEX), ("dynamodb.read_items", "*")):
        method = "scan" if intent == "dynamodb.scan_items" else "query"
        reached = tuple(made for made in _through_index() if made.method == method)
        beyond = () if index == "*" else tuple(made for made in _through_index("by-day") if made.method == method)
        elsewhere = tuple(made for made in _through_index(table=OTHERS) if made.method == method)
        crossed = tuple(made for made in _through_index() if made.method != method)
        yield Trial(
            intent,
            target,
            may=(*kinds[intent](OURS), *reached),
            may_not=(*kinds[intent](OTHERS), *beyond, *elsewhere, *crossed, *_putting(OURS), *ruling),
            parameters={"indexes": index},
        )


def _table(name: str) -> str:
    return arn("dynamodb", f"table/{name}")


def _of_item(name: str) -> dict[str, Any]:
    return {"TableName": name, "Key": {"id": {"S": "1"}}}


def _matching(key: str) -> dict[str, Any]:
    value = {":v": {"S": "1"}}
    return {"KeyConditionExpression": f"{key} = :v", "ExpressionAttributeValues": value}


def _getting(name: str) -> Cases:
    table, key = _table(name), {"id": {"S": "1"}}
    return (
        case("dynamodb:GetItem", table, **_of_item(name)),
        case("dynamodb:GetItem", table, "transact_get_items", TransactItems=[{"Get": _of_item(name)}]),
        case("dynamodb:BatchGetItem", table, RequestItems={name: {"Keys": [key]}}),
        case("dynamodb:Query", table, TableName=name, **_matching("id")),
    )


def _scanning(name: str) -> Cases:
    return (case("dynamodb:Scan", _table(name), TableName=name),)


def _putting(name: str) -> Cases:
    table, put = _table(name), {"TableName": name, "Item": {"id": {"S": "1"}}}
    check = {**_of_item(name), "ConditionExpression": "attribute_exists(id)"}
    return (
        case("dynamodb:PutItem", table, **put),
        case("dynamodb:PutItem", table, "transact_write_items", TransactItems=[{"Put": put}]),
        case("dynamodb:UpdateItem", table, **_of_item(name)),
        case("dynamodb:ConditionCheckItem", table, "transact_write_items", TransactItems=[{"ConditionCheck": check}]),
    )


def _putting_batch(name: str) -> Cases:
    requests = {name: [{"PutRequest": {"Item": {"id": {"S": "2"}}}}, {"DeleteRequest": {"Key": {"id": {"S": "3"}}}}]}
    return (case("dynamodb:BatchWriteItem", _table(name), RequestItems=requests),)


def _deleting_item(name: str) -> Cases:
    delete = {"TransactItems": [{"Delete": _of_item(name)}]}
    return (
        case("dynamodb:DeleteItem", _table(name), **_of_item(name)),
        case("dynamodb:DeleteItem", _table(name), "transact_write_items", **delete),
    )


def _through_index(index: str = INDEX, table: str = OURS) -> Cases:
    target, named = f"{_table(table)}/index/{index}", {"TableName": table, "IndexName": index}
    return (
        case("dynamodb:Query", target, **named, **_matching("customer")),
        case("dynamodb:Scan", target, **named),
    )


def _ruling_table() -> Cases:
    table, named = _table(OURS), {"TableName": OURS}
    export = {"TableArn": table, "S3Bucket": BUCKETS[OURS]}
    expiry = {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "x"}}
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False}}
    return (
        case("dynamodb:DeleteTable", table, **named),
        case("dynamodb:UpdateTable", table, **named, DeletionProtectionEnabled=False),
        case("dynamodb:UpdateTimeToLive", table, **named, **expiry),
        case("dynamodb:UpdateContinuousBackups", table, **named, **recovery),
        case("dynamodb:CreateBackup", table, **named, BackupName="xxx"),
        case("dynamodb:ExportTableToPointInTime", table, **export),
        case("dynamodb:PutResourcePolicy", table, ResourceArn=table, Policy=_POLICY),
        case("dynamodb:ListTables", "*"),
    )


def _on_table_streams() -> Iterator[Trial]:
    stream, other = f"{_table(OURS)}/{_STREAM}", f"{_table(OTHERS)}/{_STREAM}"
    names = ("DescribeStream", "GetShardIterator", "GetRecords")
    yield Trial(
        "dynamodb.read_stream",
        stream,
        may=tuple(judged(f"dynamodb:{name}", stream, _ASKS_WITHOUT_STREAM) for name in names),
        may_not=(
            *(judged(f"dynamodb:{name}", other, _ASKS_WITHOUT_STREAM) for name in names),
            *(judged(f"dynamodb:{name}", f"{_table(OURS)}/{_OTHER_DAY}", _ASKS_WITHOUT_STREAM) for name in names),
            *_getting(OURS),
            *_scanning(OURS),
            *_putting(OURS),
            *_ruling_table(),
        ),
    )


def _on_repositories() -> Iterator[Trial]:
    target, log_in = _repository(OURS), case("ecr:GetAuthorizationToken", "*")
    ruling = _ruling_repository()
    pull, push = _pulling(OURS), _pushing(OURS)
    yield Trial(
        "ecr.pull",
        target,
        may=(log_in, *pull.values()),
        may_not=(*_pulling(OTHERS).values(), *(made for name, made in push.items() if name not in pull), *ruling),
    )
    yield Trial(
        "ecr.push",
        target,
        may=(log_in, *push.values()),
        may_not=(*_pushing(OTHERS).values(), *(made for name, made in pull.items() if name not in push), *ruling),
    )


def _repository(name: str) -> str:
    return arn("ecr", f"repository/{name}/api")


def _pulling(name: str) -> dict[str, Case]:
    target, named = _repository(name), {"repositoryName": f"{name}/api"}
    digest = f"sha256:{'0' * 64}"
    return {
        "manifest": case("ecr:BatchGetImage", target, **named, imageIds=[{"imageTag": "x"}]),
        "layers": case("ecr:BatchCheckLayerAvailability", target, **named, layerDigests=[digest]),
        "layer": case("ecr:GetDownloadUrlForLayer", target, **named, layerDigest=digest),
    }


def _pushing(name: str) -> dict[str, Case]:
    target, named = _repository(name), {"repositoryName": f"{name}/api"}
    upload = {**named, "uploadId": "x"}
    part = {"partFirstByte": 0, "partLastByte": 0, "layerPartBlob": b"x"}
    pulling = _pulling(name)
    return {
        "manifest": pulling["manifest"],
        "layers": pulling["layers"],
        "begin": case("ecr:InitiateLayerUpload", target, **named),
        "part": case("ecr:UploadLayerPart", target, **upload, **part),
        "end": case("ecr:CompleteLayerUpload", target, **upload, layerDigests=[f"sha256:{'0' * 64}"]),
        "put": case("ecr:PutImage", target, **named, imageManifest="{}", imageTag="x"),
    }


def _ruling_repository() -> Cases:
    target, named = _repository(OURS), {"repositoryName": f"{OURS}/api"}
    return (
        case("ecr:BatchDeleteImage", target, **named, imageIds=[{"imageTag": "x"}]),
        case("ecr:DeleteRepository", target, **named),
        case("ecr:SetRepositoryPolicy", target, **named, policyText=_POLICY),
        case("ecr:DeleteRepositoryPolicy", target, **named),
        case("ecr:PutLifecyclePolicy", target, **named, lifecyclePolicyText="{" + " " * 100 + "}"),
        case("ecr:PutImageTagMutability", target, **named, imageTagMutability="MUTABLE"),
        case("ecr:ListImages", target, **named),
        case("ecr:CreateRepository", _repository("new"), repositoryName="new/api"),
    )
