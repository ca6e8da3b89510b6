"""Records URLs as botocore signs them, for the test of the archive's requests.

    pip install botocore==1.44.8
    python3 record.py >signatures.json
"""

import datetime
import json
from unittest import mock

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from urllib.parse import quote

NOW = datetime.datetime(2026, 11, 30, 23, 59, 58, tzinfo=datetime.timezone.utc)
EXPIRES = 900
TOKEN = "IQoJb3JpZ2luX2VjEJv//////////wEa+/=="
KEYS = ["2026/11/0199.jsonl.zst", "a b/ä~é/1+1=2&3.zst", "%2F/it's(ok)!*.zst", "x:y@z,$;#?[].zst"]
PLACES = [
    ("https://s3.eu-central-1.amazonaws.com", "films", "eu-central-1", False),
    ("https://s3.us-east-1.amazonaws.com", "films.of.1999", "us-east-1", True),
    ("http://127.0.0.1:9000", "films", "us-east-1", True),
    ("https://objects.example.com:8443/s3", "films", "garage", True),
]


def sign(case, method, headers, key="", query=()):
    host, _, rest = case["endpoint"].partition("://")[2].partition("/")
    scheme = case["endpoint"].partition("://")[0]
    if case["path_style"]:
        path = "/" + (rest + "/" if rest else "") + case["bucket"] + "/"
    else:
        host, path = f"{case['bucket']}.{host}", "/"
    url = f"{scheme}://{host}{path}{quote(key, safe='/~')}"
    if query:
        url += "?" + "&".join(f"{name}={quote(value, safe='~')}" for name, value in query)
    request = AWSRequest(method=method, url=url, headers=headers)
    keys = Credentials(case["access_key_id"], case["secret_access_key"], case["session_token"])
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        auth = botocore.auth.S3SigV4QueryAuth(keys, "s3", case["region"], expires=EXPIRES)
        auth.add_auth(request)
    return request.url


def cases():
    for endpoint, bucket, region, path_style in PLACES:
        for token in (None, TOKEN):
            place = {
                "endpoint": endpoint,
                "bucket": bucket,
                "region": region,
                "path_style": path_style,
                "access_key_id": "AKIAIOSFODNN7EXAMPLE",
                "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                "session_token": token,
                "now": "2026-11-30T23:59:58Z",
            }
            for key in KEYS:
                put = {"call": "put", "key": key, "only_new": True, **place}
                yield put, sign(put, "PUT", {"If-None-Match": "*"}, key)
                put = {"call": "put", "key": key, "only_new": False, **place}
                yield put, sign(put, "PUT", {}, key)
                get = {"call": "get", "key": key, "first": 41, "last": 9_999, **place}
                yield get, sign(get, "GET", {"Range": "bytes=41-9999"}, key)
                delete = {"call": "delete", "key": key, **place}
                yield delete, sign(delete, "DELETE", {}, key)
            for after in (None, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="):
                listed = {"call": "list", "prefix": "a b/ä/", "after": after, "most": 1000, **place}
                query = [("list-type", "2"), ("encoding-type", "url"), ("prefix", "a b/ä/"), ("max-keys", "1000")]
                query += [("continuation-token", after)] if after else []
                yield listed, sign(listed, "GET", {}, query=query)


rows = [{**case, "url": url} for case, url in cases()]
print("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]")
