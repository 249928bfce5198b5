"""How the Hub answers: one function a route, and the table ``ROUTES`` of the routes.

A function gets a :class:`Request` and returns an :class:`Answer`. Fields are those that huggingface_hub 0.36 to 2.4
and datasets 3.6 to 5.2 need, found by leaving each one out.
"""

import base64
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import parse_qs

from hub_server import xet
from hub_server.store import File, RefusedError


@dataclass
class Request:
    hub: object
    method: str
    path: str
    query: dict[str, list[str]]
    headers: object
    body: bytes
    token: str | None
    match: re.Match | None = None

    def json(self):
        return json.loads(self.body)

    @property
    def name(self):
        return self.match["name"]

    @property
    def store(self):
        return self.hub.store


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def as_json(value, status=200, **headers):
    return Answer(json.dumps(value).encode(), status, {"Content-Type": "application/json", **headers})


def whoami(request):
    user, role = request.store.user(request.token)
    if user is None:
        raise RefusedError(401, "Invalid username or password.")
    return as_json({"name": user, "type": "user", "orgs": [], "auth": {"accessToken": {"role": role}}})


def auth_check(request):
    check = request.store.writable if request.path.endswith("/write") else request.store.readable
    check(request.name, request.token)
    return as_json({})


def create(request):
    wish = request.json()
    user, _ = request.store.user(request.token)
    namespace = wish.get("organization") or user
    name = f"{namespace}/{wish['name']}"
    request.store.may_write(namespace, request.token)
    there = name in request.store.repos
    if not there:
        request.store.create(name, private=wish.get("private", False) or wish.get("visibility") == "private")
    url = {"url": f"{request.hub.endpoint}/datasets/{name}"}
    return as_json({**url, "error": "You already created this dataset repo"}, 409) if there else as_json(url)


def info(request):
    repo = request.store.readable(request.name, request.token)
    commit = _commit(repo, request.match["revision"] or "main")
    blobs = "blobs" in request.query
    siblings = [{"rfilename": path, **(_blob(file) if blobs else {})} for path, file in commit.files.items()]
    known = {"id": repo.name, "private": repo.private, "gated": repo.gated, "tags": [], "siblings": siblings}
    return as_json({**known, "sha": commit.oid})


def _blob(file):
    lfs = {"lfs": {"sha256": file.oid, "size": len(file.data), "pointerSize": 130}} if file.lfs else {}
    return {"size": len(file.data), "blobId": file.oid, **lfs}


def _commit(repo, revision):
    commit = repo.at(revision)
    if commit is None:
        raise RefusedError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return commit


def preupload(request):
    repo = request.store.writable(request.name, request.token)
    ignored = repo.head.files.get(".gitignore", File(b"", lfs=False)).data.decode().split()
    return as_json({"files": [_upload_mode(repo, file, ignored) for file in request.json()["files"]]})


def _upload_mode(repo, file, ignored):
    path, there = file["path"], repo.head.files.get(file["path"])
    rules = repo.head.files.get(".gitattributes", File(b"", lfs=False)).data
    mode = "lfs" if b"*.parquet" in rules and path.endswith(".parquet") else "regular"
    ignore = any(PurePosixPath(path).match(pattern) for pattern in ignored)
    return {"path": path, "uploadMode": mode, "shouldIgnore": ignore, **({"oid": there.oid} if there else {})}


def lfs_batch(request):
    request.store.writable(request.name, request.token)
    return as_json({"transfer": request.hub.transfer, "objects": [_lfs(request, o) for o in request.json()["objects"]]})


def _lfs(request, wanted):
    if request.hub.transfer == "xet":
        return {**wanted, "actions": {"upload": {"href": ""}}}
    if wanted["oid"] in request.store.blobs:
        return wanted
    return {**wanted, "actions": {"upload": {"href": request.hub.signed("upload", wanted["oid"])}}}


def upload(request):
    """A PUT of the content to the other origin: the signed address is all the right it has."""
    request.hub.check_signature(request)
    if hashlib.sha256(request.body).hexdigest() != request.match["oid"]:
        raise RefusedError(400, "the content is not that of the oid")
    request.store.blobs[request.match["oid"]] = request.body
    return Answer()


def download(request):
    request.hub.check_signature(request)
    return _ranged(request, request.store.blobs[request.match["oid"]], {})


def xet_token(request):
    check = request.store.writable if request.match["kind"] == "write" else request.store.content
    check(request.name, request.token)
    token, expires, url = "xet-token", int(time.time()) + 3600, f"local://{request.hub.xet_folder}"
    headers = {"X-Xet-Cas-Url": url, "X-Xet-Access-Token": token, "X-Xet-Token-Expiration": str(expires)}
    return as_json({"accessToken": token, "exp": expires, "casUrl": url}, **headers)


def validate_yaml(request):
    return as_json({"errors": [], "warnings": []})


def commit(request):
    repo = request.store.writable(request.name, request.token)
    header, *operations = [json.loads(line) for line in request.body.splitlines()]
    with request.hub.lock:
        if header["value"].get("parentCommit", repo.head.oid) != repo.head.oid:
            raise RefusedError(412, "A commit has happened since. Please refresh and try again.")
        files = dict(repo.head.files)
        for operation in operations:
            OPERATIONS[operation["key"]](request, files, **operation["value"])
        repo.commit(header["value"]["summary"], files)
    url = f"{request.hub.endpoint}/datasets/{repo.name}/commit/{repo.head.oid}"
    return as_json({"commitUrl": url, "commitOid": repo.head.oid})


def _add(request, files, path, content, encoding):
    files[path] = File(base64.b64decode(content), lfs=False)


def _add_lfs(request, files, path, algo, oid, size):
    blobs, xet_hash = request.store.blobs, None
    try:
        if oid not in blobs:
            blobs[oid], xet_hash = xet.read(request.hub.xet_folder, oid)
    except KeyError:
        raise RefusedError(400, f"LFS pointer pointed to a file that does not exist: {oid}") from None
    files[path] = File(blobs[oid], lfs=True, xet_hash=xet_hash)


def _delete(request, files, path):
    if files.pop(path, None) is None:
        raise RefusedError(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")


OPERATIONS = {"file": _add, "lfsFile": _add_lfs, "deletedFile": _delete}


def tree(request):
    repo = request.store.readable(request.name, request.token)
    files = _commit(repo, request.match["revision"]).files
    folder = (request.match["folder"] or "").strip("/")
    inside = {p: f for p, f in sorted(files.items()) if not folder or p.startswith(f"{folder}/")}
    if folder and not inside:
        raise RefusedError(404, f"{folder} does not exist", "EntryNotFound")
    # booleans come as "true" or, from older clients, as "True"
    recursive = request.query.get("recursive", ["false"])[0].lower()
    entries = list(_entries(inside, folder, recursive == "true"))
    start, size = int(request.query.get("cursor", ["0"])[0]), request.hub.page_size
    link = f'<{request.hub.endpoint}{request.path}?recursive={recursive}&cursor={start + size}>; rel="next"'
    return as_json(entries[start : start + size], **({"Link": link} if start + size < len(entries) else {}))


def _entries(files, folder, recursive):
    folders = {str(parent) for path in files for parent in PurePosixPath(path).parents} - {".", folder}
    below = [*({"type": "directory", "path": p, "size": 0, "oid": "0" * 40} for p in folders)]
    below += [_entry(path, file) for path, file in files.items()]
    depth = len(PurePosixPath(folder).parts) + 1
    return (e for e in sorted(below, key=lambda e: e["path"]) if recursive or e["path"].count("/") < depth)


def _entry(path, file):
    entry = {"type": "file", "path": path, "size": len(file.data), "oid": file.oid}
    if file.lfs:
        entry["lfs"] = {"oid": file.oid, "size": len(file.data), "pointerSize": 130}
    return {**entry, "xetHash": file.xet_hash} if file.xet_hash else entry


def paths_info(request):
    repo = request.store.readable(request.name, request.token)
    files = _commit(repo, request.match["revision"]).files
    wanted = parse_qs(request.body.decode()).get("paths", [])
    return as_json([_entry(path, files[path]) for path in wanted if path in files])


def resolve(request):
    """A file: a small one at once, a large one by a redirect to another origin."""
    repo = request.store.content(request.name, request.token)
    at = _commit(repo, request.match["revision"])
    file = at.files.get(request.match["path"])
    headers = {"X-Repo-Commit": at.oid}
    if file is None:
        raise RefusedError(404, "Entry not found", "EntryNotFound", **headers)
    headers["ETag"] = f'"{file.oid}"'
    if not file.lfs:
        return _ranged(request, file.data, headers)
    headers |= {"X-Linked-Size": str(len(file.data)), "X-Linked-ETag": headers["ETag"]}
    if file.xet_hash:
        route = f"{request.hub.endpoint}/api/datasets/{repo.name}/xet-read-token/{at.oid}"
        headers |= {"X-Xet-Hash": file.xet_hash, "Link": f'<{route}>; rel="xet-auth"'}
    return Answer(b"", 302, {**headers, "Location": request.hub.signed("download", file.oid)})


def _ranged(request, data, headers):
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    if not asked:
        return Answer(data, 200, {**headers, "Accept-Ranges": "bytes"})
    start, end = int(asked[1]), min(int(asked[2] or len(data) - 1), len(data) - 1)
    if start >= len(data):
        return Answer(b"", 416, {**headers, "Content-Range": f"bytes */{len(data)}"})
    return Answer(data[start : end + 1], 206, {**headers, "Content-Range": f"bytes {start}-{end}/{len(data)}"})


REPO = r"(?P<name>[^/]+/[^/]+)"
REVISION = r"(?P<revision>[^/]+)"
ROUTES = [
    ("GET", r"/api/whoami-v2", whoami),
    ("GET", rf"/api/datasets/{REPO}/auth-check(/write)?", auth_check),
    ("POST", r"/api/repos/create", create),
    ("GET", rf"/api/datasets/{REPO}(/revision/{REVISION})?", info),
    ("POST", rf"/api/datasets/{REPO}/preupload/{REVISION}", preupload),
    ("POST", rf"/datasets/{REPO}\.git/info/lfs/objects/batch", lfs_batch),
    ("PUT", r"/upload/(?P<oid>\w+)", upload),
    ("GET", r"/download/(?P<oid>\w+)", download),
    ("HEAD", r"/download/(?P<oid>\w+)", download),
    ("GET", rf"/api/datasets/{REPO}/xet-(?P<kind>read|write)-token/{REVISION}", xet_token),
    ("POST", r"/api/validate-yaml", validate_yaml),
    ("POST", rf"/api/datasets/{REPO}/commit/{REVISION}", commit),
    ("GET", rf"/api/datasets/{REPO}/tree/{REVISION}(?P<folder>/.*)?", tree),
    ("POST", rf"/api/datasets/{REPO}/paths-info/{REVISION}", paths_info),
    ("GET", rf"/datasets/{REPO}/resolve/{REVISION}/(?P<path>.+)", resolve),
    ("HEAD", rf"/datasets/{REPO}/resolve/{REVISION}/(?P<path>.+)", resolve),
]
