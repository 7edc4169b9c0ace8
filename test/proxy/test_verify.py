"""The proxy itself: what boto3 signs passes, and each thing that AWS would refuse is refused, in
the service's own shape.
"""

import hashlib
import http.client
import json
import time
import unittest

import boto3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

import stage
from stage import KEYS, REGION


def boto(service):
    return boto3.client(
        service, endpoint_url=stage.proxy.url, region_name=REGION,
        aws_access_key_id=KEYS.key_id, aws_secret_access_key=KEYS.secret,
        aws_session_token=KEYS.token,
        config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}))


def sign(method, target, body=b"", headers=(), service="dynamodb", region=REGION, keys=KEYS,
         off_s=0, token=True):
    """The headers of a good request, by botocore."""
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    credentials = Credentials(keys.key_id, keys.secret, keys.token if token else None)
    auth = signer(credentials, service, region)
    request = AWSRequest(method=method, url=stage.proxy.url + target, data=body)
    for name, value in headers:
        request.headers[name] = value
    request.context["timestamp"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + off_s))
    auth._modify_request_before_signing(request)
    request.headers["Host"] = stage.proxy.url[len("http://"):]
    canonical = auth.canonical_request(request)
    auth._inject_signature_to_request(
        request, auth.signature(auth.string_to_sign(request, canonical), request))
    return dict(request.headers.items())


def send(method, target, headers, body=b""):
    connection = http.client.HTTPConnection(*stage.address())
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if "Content-Length" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()
    finally:
        connection.close()


LIST = b'{"Limit":1}'
TARGET = [("X-Amz-Target", "DynamoDB_20120810.ListTables"),
          ("Content-Type", "application/x-amz-json-1.0")]


class WhatBotoSigns(stage.Case):
    def test_passes_for_every_service(self):
        boto("dynamodb").put_item(TableName=stage.TABLE, Item={"user_id": {"S": "é+/%"}})
        url = boto("sqs").get_queue_url(QueueName=stage.QUEUE)["QueueUrl"]
        boto("sqs").send_message(QueueUrl=url, MessageBody="body")
        boto("kinesis").list_streams()
        boto("s3").list_objects_v2(Bucket=stage.BUCKET, Prefix="a b/&=+%", Delimiter="/")
        self.assertEqual(stage.proxy.refusals(), [])

    def test_passes_for_every_awkward_key(self):
        s3 = boto("s3")
        for key in stage.AWKWARD_KEYS:
            with self.subTest(key=key):
                s3.put_object(Bucket=stage.BUCKET, Key=key, Body=key.encode())
                self.assertEqual(s3.get_object(Bucket=stage.BUCKET, Key=key)["Body"].read(),
                                 key.encode())
        self.assertEqual(stage.proxy.refusals(), [])

    def test_passes_without_a_token_for_keys_that_have_none(self):
        keys = stage.Keys("AKIALONGTERM", "s", "")
        stage.proxy.verifier.keys[keys.key_id] = (keys.secret, "")
        signed = sign("POST", "/", LIST, TARGET, keys=keys)
        self.assertEqual(send("POST", "/", signed, LIST)[0], 200)


class WhatIsRefused(stage.Case):
    def json_code(self, headers, body=LIST, target="/"):
        status, got, answer = send("POST", target, headers, body)
        self.assertEqual((status, got["Content-Type"]), (400, "application/x-amz-json-1.0"), answer)
        return json.loads(answer)["__type"].split("#")[1]

    def s3_code(self, target, headers):
        status, _, answer = send("GET", target, headers)
        self.assertTrue(answer.startswith(b"<?xml"), answer)
        return status, answer.split(b"<Code>")[1].split(b"<")[0].decode()

    def good(self, **how):
        return sign("POST", "/", LIST, TARGET, **how)

    def test_is_no_good_request(self):
        self.assertEqual(send("POST", "/", self.good(), LIST)[0], 200)

    def test_in_json_is_each_thing_that_is_wrong(self):
        other = stage.Keys("AKIAOTHER", KEYS.secret, KEYS.token)
        wrong = stage.Keys(KEYS.key_id, "wrong", KEYS.token)
        old = stage.Keys(KEYS.key_id, KEYS.secret, KEYS.token + "x")
        invalid, unknown = "InvalidSignatureException", "UnrecognizedClientException"
        rows = {
            "secret": (self.good(keys=wrong), invalid),
            "key id": (self.good(keys=other), unknown),
            "token": (self.good(keys=old), unknown),
            "no token": (self.good(token=False), unknown),
            "16 minutes late": (self.good(off_s=-16 * 60), invalid),
            "16 minutes early": (self.good(off_s=16 * 60), invalid),
            "region": (self.good(region="eu-west-2"), invalid),
            "service": (self.good(service="sqs"), invalid),
            "unsigned x-amz-*": ({**self.good(), "x-amz-more": "1"}, invalid),
            "unsigned content-type": (sign("POST", "/", LIST, TARGET[:1]) |
                                      {"Content-Type": "application/x-amz-json-1.0"}, invalid),
            "changed header": ({**self.good(), "Content-Type": "text/plain"}, invalid),
            "no signature": ({k: v for k, v in self.good().items() if k != "Authorization"},
                             "MissingAuthenticationTokenException"),
            "half a signature": ({**self.good(), "Authorization": "AWS4-HMAC-SHA256"},
                                 "IncompleteSignatureException"),
        }
        for word, (headers, code) in rows.items():
            with self.subTest(word):
                self.assertEqual(self.json_code(headers), code)
                self.assertEqual(len(stage.proxy.refusals()), 1)
                stage.proxy.journal.clear()

    def test_in_json_is_another_body_or_target(self):
        self.assertEqual(self.json_code(self.good(), body=b'{"Limit":2}'),
                         "InvalidSignatureException")
        self.assertEqual(self.json_code(self.good(), target="/x"), "InvalidSignatureException")
        hashed = sign("POST", "/", LIST, [
            *TARGET, ("x-amz-content-sha256", hashlib.sha256(b"another").hexdigest())])
        self.assertEqual(self.json_code(hashed), "InvalidSignatureException")

    def test_14_minutes_off_are_not(self):
        for off_s in (-14 * 60, 14 * 60):
            self.assertEqual(send("POST", "/", self.good(off_s=off_s), LIST)[0], 200)

    def test_in_xml_is_each_thing_that_is_wrong(self):
        target = f"/{stage.BUCKET}/k%20y?versionId=a%2Fb"
        other = stage.Keys("AKIAOTHER", KEYS.secret, KEYS.token)
        wrong = stage.Keys(KEYS.key_id, "wrong", KEYS.token)

        def good(**how):
            return sign("GET", target, service="s3", **how)

        rows = {
            "secret": (target, good(keys=wrong), (403, "SignatureDoesNotMatch")),
            "key id": (target, good(keys=other), (403, "InvalidAccessKeyId")),
            "no token": (target, good(token=False), (400, "InvalidToken")),
            "late": (target, good(off_s=-16 * 60), (403, "RequestTimeTooSkewed")),
            "region": (target, good(region="us-east-1"), (400, "AuthorizationHeaderMalformed")),
            "body hash": (target, {**good(), "X-Amz-Content-SHA256": "0" * 64},
                          (400, "XAmzContentSHA256Mismatch")),
            "other path": (target.replace("k%20y", "k%20z"), good(),
                           (403, "SignatureDoesNotMatch")),
            "other query": (target + "c", good(), (403, "SignatureDoesNotMatch")),
            "other spelling": (target.replace("%2F", "%2f"), good(), (400, "InvalidURI")),
            "plus for blank": (target.replace("%20", "+"), good(), (400, "InvalidURI")),
            "no signature": (target, {"Host": "x"}, (403, "AccessDenied")),
        }
        for word, (sent, headers, expected) in rows.items():
            with self.subTest(word):
                self.assertEqual(self.s3_code(sent, headers), expected)

    def test_in_s3_of_another_region_names_the_right_one(self):
        target = f"/{stage.BUCKET}/k"
        stage.proxy.verifier.regions["s3"] = "ap-south-1"
        signed = sign("GET", target, service="s3")
        status, headers, body = send("GET", target, signed)
        self.assertEqual((status, headers["x-amz-bucket-region"]), (400, "ap-south-1"))
        self.assertIn(b"<Region>ap-south-1</Region>", body)
        stage.proxy.redirects = True
        self.assertEqual(send("GET", target, signed)[0], 301)

    def test_includes_a_header_that_botocore_never_signs(self):
        headers = self.good()
        parts = headers["Authorization"].replace("SignedHeaders=", "SignedHeaders=connection;")
        self.assertEqual(self.json_code({"Connection": "close", **headers, "Authorization": parts}),
                         "InvalidSignatureException")


def setUpModule():
    stage.open_stage()


def tearDownModule():
    stage.close_stage()


if __name__ == "__main__":
    unittest.main()
