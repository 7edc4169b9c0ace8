#!/usr/bin/env python3
"""Writes endpoint-hosts.json: where botocore's rule sets find each service, for
test_endpoint_hosts.c.

Needs botocore, for this only:  python3 -m venv venv && venv/bin/pip install botocore
                                venv/bin/python make-endpoint-hosts.py > endpoint-hosts.json

A case is [service, region, settings, account, table ARN, URL]; the URL is null where there is an
error. Every region is in it with every switch, and some that do not exist yet.
"""
import json
import sys

import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

SERVICES = ["s3", "dynamodb", "sqs", "kinesis", "sts"]
FUTURE = ["eu-future-9", "cn-future-9", "us-gov-future-9", "us-iso-future-9", "us-isob-future-9",
          "us-isof-future-9", "eu-isoe-future-9", "eusc-de-future-9"]
ACCOUNT_REGIONS = ["eu-west-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-iso-east-1"]
MODES = [None, "preferred", "required", "disabled"]
ACCOUNTS = ["", "123456789012"]
ARNS = ["",
        "arn:aws:dynamodb:eu-west-1:210987654321:table/t",
        "arn:aws:dynamodb:us-west-2:210987654321:table/t",
        "arn:aws:sqs:eu-west-1:210987654321:t",
        "arn:aws:dynamodb:eu-west-1::table/t",
        "arn:aws:dynamodb:eu-west-1:210987654321:",
        "arn:aws:dynamodb:eu-west-1:210987654321",
        "a-table"]

loader = botocore.session.get_session().get_component("data_loader")
partitions = loader.load_data("partitions")


def provider_of(service):
    return EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)


def url_of(provider, **parameters):
    try:
        return provider.resolve_endpoint(**parameters).url
    except EndpointProviderError:
        return None


def real_regions():
    """Not the likes of aws-global, which no client can be in."""
    for partition in partitions["partitions"]:
        yield from (r for r in partition["regions"] if not r.endswith("-global"))


def settings_of(fips, dual, mode=None):
    settings = ["AWS_USE_FIPS_ENDPOINT=true"] if fips else []
    settings += ["AWS_USE_DUALSTACK_ENDPOINT=true"] if dual else []
    return settings + (["AWS_ACCOUNT_ID_ENDPOINT_MODE=" + mode] if mode else [])


def switches():
    return [(fips, dual) for fips in (False, True) for dual in (False, True)]


def own_parameters(service):
    """S3 is asked for a bucket, STS never for its global endpoint."""
    return {"s3": {"Bucket": "bucket"}, "sts": {"UseGlobalEndpoint": False}}.get(service, {})


def service_cases(service):
    provider = provider_of(service)
    local = ["local"] if service == "dynamodb" else []
    for region in list(real_regions()) + FUTURE + local:
        for fips, dual in switches():
            url = url_of(provider, Region=region, UseFIPS=fips, UseDualStack=dual,
                         **own_parameters(service))
            yield [service, region, settings_of(fips, dual), "", "",
                   url and url.replace("://bucket.", "://")]


def account_cases():
    provider = provider_of("dynamodb")
    for region in ACCOUNT_REGIONS:
        for fips, dual in switches():
            for mode in MODES:
                for account in ACCOUNTS:
                    for arn in ARNS if region == "eu-west-1" else ARNS[:1]:
                        parameters = {"AccountId": account} if account else {}
                        parameters |= {"ResourceArn": arn} if arn else {}
                        url = url_of(provider, Region=region, UseFIPS=fips, UseDualStack=dual,
                                     AccountIdEndpointMode=mode or "preferred", **parameters)
                        yield ["dynamodb", region, settings_of(fips, dual, mode), account, arn,
                               url]


def main():
    cases = [case for service in SERVICES for case in service_cases(service)]
    cases += account_cases()
    sys.stdout.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
