"""Cloud Storage, JSON v1: objects: insert, get, download, list, patch, delete, compose, rewrite, copy.

What a condition sees of a request about an object is the object's own name, `projects/_/buckets/B/objects/O`; a list is
about its bucket. Permissions: Cloud Storage, 'IAM permissions for JSON methods'; fields: REST reference, `Objects`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from itertools import count
from typing import Any

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.crc32c import crc32c
from tools.doubles.gcp.json_errors import json_refuse
from tools.doubles.gcp.masks import chosen
from tools.doubles.gcp.names import Clock, page_of, stamp
from tools.doubles.gcp.storage import Bucket, Buckets, StoredObject
from tools.doubles.gcp.storage_uploads import upload_of
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

_OBJECTS = "/storage/v1/b/{bucket}/o"
_OBJECT = _OBJECTS + "/{object}"
_TO = "/b/{destination}/o/{target}"
_FIELDS = ("contentType", "metadata", "cacheControl", "contentEncoding", "contentDisposition", "contentLanguage")
_GET, _CREATE, _DELETE = "storage.objects.get", "storage.objects.create", "storage.objects.delete"


class Objects:
    """The objects of every bucket; they are kept with their bucket."""

    def __init__(self, buckets: Buckets, url: str, now: Clock, access: Access) -> None:
        self._buckets, self._url, self._now, self._access = buckets, url, now, access
        self._numbers = count(1)

    @route("POST", "/upload" + _OBJECTS)
    def insert(self, request: Request) -> Any:
        bucket, upload = self._buckets.of(request), upload_of(request)
        self._may_write(request, bucket, upload.name)
        _check_generation(request, "ifGenerationMatch", _live(bucket, upload.name))
        return self._stored(bucket, upload.name, upload.told, upload.content).facts

    @route("GET", _OBJECT, needs=_GET)
    @route("GET", "/download" + _OBJECT, needs=_GET)
    def get(self, request: Request) -> Any:
        bucket, name = self._buckets.of(request), request.params["object"]
        found = _found(bucket, name, request.query.get("generation"))
        return _media(found) if request.query.get("alt") == "media" else found.facts

    @route("GET", _OBJECTS, needs="storage.objects.list")
    def list(self, request: Request) -> Any:
        bucket, query = self._buckets.of(request), request.query
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        everything = query.get("versions", "").lower() == "true"
        items, prefixes = [], set()
        for name in sorted(each for each in bucket.objects if each.startswith(prefix)):
            head, mark, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
            if mark:
                prefixes.add(prefix + head + mark)
                continue
            items += [each.facts for each in bucket.objects[name] if everything or not each.gone]
        page = page_of(items, "items", query.get("maxResults", ""), query.get("pageToken", ""))
        return {"kind": "storage#objects", **page} | ({"prefixes": sorted(prefixes)} if prefixes else {})

    @route("PATCH", _OBJECT, needs="storage.objects.update")
    def patch(self, request: Request) -> Any:
        bucket, name, asked = self._buckets.of(request), request.params["object"], request.json()
        found = _found(bucket, name, request.query.get("generation"))
        found.facts |= chosen(asked, _FIELDS)
        found.facts |= {"metageneration": str(int(found.facts["metageneration"]) + 1), "updated": stamp(self._now())}
        return found.facts

    @route("DELETE", _OBJECT, needs=_DELETE)
    def delete(self, request: Request) -> Any:
        bucket, name = self._buckets.of(request), request.params["object"]
        generation = request.query.get("generation")
        found = _found(bucket, name, generation)
        _check_generation(request, "ifGenerationMatch", found)
        if bucket.versioned and generation is None:
            self._retire(found)
        else:
            _forget(bucket, found)
        return Answer(204)

    @route("POST", _OBJECT + "/compose")
    def compose(self, request: Request) -> Any:
        bucket, name, asked = self._buckets.of(request), request.params["object"], request.json()
        sources = [str(each["name"]) for each in asked.get("sourceObjects", [])]
        for source in sources:
            self._access.require(request, _GET, _resource(bucket, source))
        self._may_write(request, bucket, name)
        content = b"".join(_found(bucket, source, None).content for source in sources)
        return self._stored(bucket, name, asked.get("destination", {}), content).facts

    @route("POST", _OBJECT + "/rewriteTo" + _TO)
    def rewrite(self, request: Request) -> Any:
        made = self._copied(request)
        size = made.facts["size"]
        told = {"kind": "storage#rewriteResponse", "totalBytesRewritten": size, "objectSize": size}
        return {**told, "done": True, "resource": made.facts}

    @route("POST", _OBJECT + "/copyTo" + _TO)
    def copy(self, request: Request) -> Any:
        return self._copied(request).facts

    def write(self, request: Request, bucket: str, name: str, content: bytes) -> None:
        """Write an object on behalf of whoever asks, for another service.

        Raises:
            Refusal: they may not, or there is no such bucket.
        """
        found = self._buckets.by_name.get(bucket)
        if found is None:
            raise json_refuse("notFound", "The specified bucket does not exist.")
        self._may_write(request, found, name)
        self._stored(found, name, {}, content)

    def _copied(self, request: Request) -> StoredObject:
        bucket, name, target = self._buckets.of(request), request.params["object"], request.params["target"]
        destination = self._buckets.by_name.get(request.params["destination"])
        if destination is None:
            raise json_refuse("notFound", "The specified bucket does not exist.")
        self._access.require(request, _GET, _resource(bucket, name))
        self._may_write(request, destination, target)
        source = _found(bucket, name, request.query.get("sourceGeneration"))
        return self._stored(destination, target, {**source.facts, **request.json()}, source.content)

    def _may_write(self, request: Request, bucket: Bucket, name: str) -> None:
        """To overwrite is to delete as well."""
        self._access.require(request, _CREATE, _resource(bucket, name))
        if _live(bucket, name):
            self._access.require(request, _DELETE, _resource(bucket, name))

    def _stored(self, bucket: Bucket, name: str, told: Mapping[str, Any], content: bytes) -> StoredObject:
        moment = self._now()
        generation = str(int(moment.timestamp() * 1_000_000) + next(self._numbers))
        md5, checksum = hashlib.md5(content, usedforsecurity=False).digest(), crc32c(content).to_bytes(4)
        facts = {
            "kind": "storage#object",
            "id": f"{bucket.facts['name']}/{name}/{generation}",
            "name": name,
            "bucket": bucket.facts["name"],
            "generation": generation,
            "metageneration": "1",
            "size": str(len(content)),
            "md5Hash": base64.b64encode(md5).decode(),
            "crc32c": base64.b64encode(checksum).decode(),
            "storageClass": bucket.facts["storageClass"],
            "timeCreated": stamp(moment),
            "updated": stamp(moment),
            "etag": f"CL{generation}EAE=",
        }
        if wrong := [each for each in ("md5Hash", "crc32c") if told.get(each, facts[each]) != facts[each]]:
            raise json_refuse("invalid", f"Provided {wrong[0]} doesn't match the content's.")
        if before := _live(bucket, name):
            if bucket.versioned:
                self._retire(before)
            else:
                _forget(bucket, before)
        made = StoredObject(facts | chosen(told, _FIELDS), content)
        bucket.objects.setdefault(name, []).append(made)
        return made

    def _retire(self, found: StoredObject) -> None:
        found.gone = True
        found.facts["timeDeleted"] = stamp(self._now())


def _resource(bucket: Bucket, name: str) -> str:
    return f"{bucket.resource}/objects/{name}"


def _live(bucket: Bucket, name: str) -> StoredObject | None:
    return next((each for each in bucket.objects.get(name, []) if not each.gone), None)


def _found(bucket: Bucket, name: str, generation: str | None) -> StoredObject:
    of_name = bucket.objects.get(name, [])
    wanted = next((each for each in of_name if each.facts["generation"] == generation), None)
    found = wanted if generation else _live(bucket, name)
    if found is None:
        raise json_refuse("notFound", f"No such object: {bucket.facts['name']}/{name}")
    return found


def _forget(bucket: Bucket, found: StoredObject) -> None:
    name = found.facts["name"]
    bucket.objects[name].remove(found)
    if not bucket.objects[name]:
        del bucket.objects[name]


def _check_generation(request: Request, field: str, stands: StoredObject | None) -> None:
    """`0` asks that there be none yet."""
    asked = request.query.get(field)
    if asked is not None and asked != (stands.facts["generation"] if stands else "0"):
        raise json_refuse("conditionNotMet", "At least one of the pre-conditions you specified did not hold.")


def _media(found: StoredObject) -> Answer:
    facts = found.facts
    headers = {
        "Content-Type": facts.get("contentType", "application/octet-stream"),
        "ETag": facts["etag"],
        "X-Goog-Generation": facts["generation"],
        "X-Goog-Hash": f"crc32c={facts['crc32c']},md5={facts['md5Hash']}",
    }
    return Answer(200, found.content, headers)
