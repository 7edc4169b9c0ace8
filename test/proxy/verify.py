"""What AWS checks of a signed request and moto does not, or not in full; the signature is
botocore's own, computed of the request as it came over the wire.

A refusal is worded as the service would: its code, its status, JSON or XML.
"""

import calendar
import hashlib
import re
import time
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

MAX_SKEW_S = 15 * 60
UNSIGNED = "UNSIGNED-PAYLOAD"
AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *"
                           r"Signature=([0-9a-f]{64})")
# Of each failure: the JSON services' code, and S3's with its status.
CODES = {
    "unsigned": ("MissingAuthenticationTokenException", "AccessDenied", 403),
    "malformed": ("IncompleteSignatureException", "AuthorizationHeaderMalformed", 400),
    "stranger": ("UnrecognizedClientException", "InvalidAccessKeyId", 403),
    "expired": ("ExpiredTokenException", "ExpiredToken", 400),
    "token": ("UnrecognizedClientException", "InvalidToken", 400),
    "skew": ("InvalidSignatureException", "RequestTimeTooSkewed", 403),
    "scope": ("InvalidSignatureException", "AuthorizationHeaderMalformed", 400),
    "left out": ("InvalidSignatureException", "AccessDenied", 403),
    "hash": ("InvalidSignatureException", "XAmzContentSHA256Mismatch", 400),
    "signature": ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
    "target": ("InvalidSignatureException", "InvalidURI", 400),
}


@dataclass
class Refusal(Exception):
    failure: str  # a key of CODES
    text: str

    def code(self, service):
        return CODES[self.failure][1 if service == "s3" else 0]

    def status(self, service):
        return CODES[self.failure][2] if service == "s3" else 400


@dataclass
class Claim:
    """What the Authorization header says."""
    key_id: str
    day: str
    region: str
    service: str
    signed: list
    signature: str


def read_claim(request):
    values = request.values("authorization")
    if not values:
        raise Refusal("unsigned", "no Authorization header")
    match = AUTHORIZATION.fullmatch(values[0])
    if len(values) > 1 or not match:
        raise Refusal("malformed", "not one Authorization header of SigV4")
    scope = match[1].split("/")
    if len(scope) != 5 or scope[4] != "aws4_request":
        raise Refusal("malformed", "not a credential scope")
    return Claim(*scope[:4], match[2].split(";"), match[3])


def check_time(request, claim, now_s):
    date = request.header("x-amz-date")
    if len(request.values("x-amz-date")) != 1 or not re.fullmatch(r"\d{8}T\d{6}Z", date):
        raise Refusal("malformed", "not one x-amz-date")
    if claim.day != date[:8]:
        raise Refusal("scope", "the scope's day is not that of x-amz-date")
    signed_s = calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    if abs(signed_s - now_s) > MAX_SKEW_S:
        raise Refusal("skew", f"Signature is {signed_s - now_s:+.0f} s off")


def check_headers(request, claim):
    """Every x-amz-* header and the host are signed; nothing is signed that was not sent."""
    sent = [name.lower() for name, _ in request.headers]
    if claim.signed != sorted(set(claim.signed)):
        raise Refusal("malformed", "SignedHeaders is not sorted")
    missing = sorted(set(claim.signed) - set(sent))
    if missing:
        raise Refusal("malformed", f"signed, but not sent: {missing}")
    if sent.count("host") != 1:
        raise Refusal("malformed", "not one host")
    due = {name for name in sent if name.startswith("x-amz-") or name in ("host", "content-type")}
    left_out = sorted(due - set(claim.signed))
    if left_out:
        raise Refusal("left out", f"sent, but not signed: {left_out}")


def encoded(text, safe=""):
    """SigV4's one spelling of what stands in the target."""
    return quote(unquote_to_bytes(text), safe=safe + "-_.~")


def check_target(target):
    """AWS hashes its own encoding of what it decoded: any other that is sent cannot match."""
    path, _, query = target.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    if encoded(path, "/") != path or any(
            (encoded(name), encoded(value)) != (name, value) for name, _, value in pairs):
        raise Refusal("target", f"not as SigV4 encodes it: {target!r}")


def check_body(request, service):
    sent = request.header("x-amz-content-sha256")
    if service == "s3" and not sent:
        raise Refusal("hash", "no x-amz-content-sha256")
    if sent and sent != hashlib.sha256(request.body).hexdigest() and \
            not (service == "s3" and sent == UNSIGNED):
        raise Refusal("hash", "x-amz-content-sha256 is not the body's")


def signature(request, claim, secret):
    """botocore's, of the headers that are claimed to be signed."""
    signer = S3SigV4Auth if claim.service == "s3" else SigV4Auth
    auth = signer(Credentials(claim.key_id, secret), claim.service, claim.region)
    signed = AWSRequest(method=request.method, url="http://host" + request.target,
                        data=request.body)
    signed.headers = HTTPHeaders()
    for name, value in request.headers:
        if name.lower() in claim.signed:
            signed.headers.add_header(name, value)
    signed.context["timestamp"] = request.header("x-amz-date")
    canonical = auth.canonical_request(signed)
    if auth.signed_headers(auth.headers_to_sign(signed)) != ";".join(claim.signed):
        raise Refusal("signature", "a header is signed that botocore never signs")
    return auth.signature(auth.string_to_sign(signed, canonical), signed), canonical


class Verifier:
    def __init__(self, regions):
        self.keys = {}          # access key id -> (secret, session token or "")
        self.expired = set()    # access key ids that were good once
        self.regions = regions  # service -> region
        self.ahead_s = 0        # of the service's clock

    def now_s(self):
        return time.time() + self.ahead_s

    def check(self, request):
        """Raises Refusal."""
        check_target(request.target)
        claim = read_claim(request)
        if claim.key_id not in self.keys:
            raise Refusal("stranger", "The security token included in the request is invalid.")
        if claim.key_id in self.expired:
            raise Refusal("expired", "The security token included in the request is expired")
        secret, token = self.keys[claim.key_id]
        if request.values("x-amz-security-token") != ([token] if token else []):
            raise Refusal("token", "The security token included in the request is invalid.")
        check_time(request, claim, self.now_s())
        wanted = (request.service, self.regions[request.service])
        if (claim.service, claim.region) != wanted:
            raise Refusal("scope", f"Credential should be scoped to {wanted}")
        check_headers(request, claim)
        check_body(request, claim.service)
        expected, canonical = signature(request, claim, secret)
        if expected != claim.signature:
            raise Refusal("signature", f"the canonical request is:\n{canonical}")
