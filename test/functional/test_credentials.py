"""Every source of credentials, in the whole: the function and its host work off a queue on a local
AWS that checks signatures, with the role's keys taken from there alone.
"""

import http.server
import json
import os
import shlex
import subprocess
import threading
import unittest
import urllib.request

from test_function import LIMIT_S, WithCloud, names

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
EXPIRATION = "2099-01-01T00:00:00Z"


class Endpoint:
    """A server on 127.0.0.1 whose every answer is answer(headers, body): a status and bytes."""

    def __init__(self, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                sent = self.rfile.read(int(self.headers["Content-Length"] or 0))
                status, body = answer(self.headers, sent)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def container(document, token):
    """A container's credentials, for those who know the token."""
    def answer(headers, _):
        good = headers["Authorization"] == token
        return (200, json.dumps(document).encode()) if good else (401, b"{}")
    return Endpoint(answer)


def token_service(cloud):
    """moto's STS, which takes no request without a signature once it checks them: so it looks away
    while this one goes through as it came."""
    def answer(headers, body):
        if headers["Authorization"]:
            return 400, b"a signature"
        post(f"{cloud.url}/moto-api/reset-auth", b"inf", "text/plain")
        reply = post(cloud.url, body, headers["Content-Type"])
        cloud.demand_signatures()
        return 200, reply
    return Endpoint(answer)


def post(url, body, content_type):
    request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return reply.read()


class Credentials(WithCloud):
    def setUp(self):
        super().setUp()
        self.keys = [self.environment.pop(name) for name in KEYS]

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def document(self, token_name):
        return {"Version": 1, "AccessKeyId": self.keys[0], "SecretAccessKey": self.keys[1],
                token_name: self.keys[2], "Expiration": EXPIRATION,
                "AccountId": names.ACCOUNT}

    def check(self, *arguments, **environment):
        self.send("user_id=1", "user_id=2")
        run = self.run_queue(*arguments, **environment)
        self.assertEqual(run.status, 0, run.log_text())
        self.assertEqual(len(self.cloud.stored_users()), 2, run.log_text())
        for secret in self.keys[1:]:
            self.assertNotIn(secret, run.log_text())

    def test_of_an_env_file(self):
        path = self.write("env", "# the role's\n" + "".join(
            f"export {name}='{key}'\n" for name, key in zip(KEYS, self.keys)))
        self.check("--env-file", path)

    def test_of_a_profile(self):
        path = self.write("credentials", "[other]\naws_access_key_id = none\n[function]\n"
                          f"aws_access_key_id = {self.keys[0]}\n"
                          f"aws_secret_access_key = {self.keys[1]}\n"
                          f"aws_session_token = {self.keys[2]}\n")
        self.check(AWS_SHARED_CREDENTIALS_FILE=path, AWS_PROFILE="function")

    def test_of_a_program(self):
        document = self.write("document.json", json.dumps(self.document("SessionToken")))
        config = self.write("config", "[default]\ncredential_process = "
                            f"cat {shlex.quote(document)}\n")
        self.check(AWS_CONFIG_FILE=config)

    def test_of_a_container(self):
        endpoint = container(self.document("Token"), "Bearer of it")
        self.addCleanup(endpoint.close)
        self.check(AWS_CONTAINER_CREDENTIALS_FULL_URI=endpoint.url,
                   AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=self.write("token", "Bearer of it"))

    def test_of_a_web_identity(self):
        service = token_service(self.cloud)
        self.addCleanup(service.close)
        self.check(AWS_ENDPOINT_URL_STS=service.url,
                   AWS_WEB_IDENTITY_TOKEN_FILE=self.write("token", "of somebody"),
                   AWS_ROLE_ARN=f"arn:aws:iam::{names.ACCOUNT}:role/{names.ROLE}")

    def test_that_are_refused_keep_every_message(self):
        endpoint = container(self.document("Token"), "another")
        self.addCleanup(endpoint.close)
        self.send("user_id=1")
        run = self.run_queue(AWS_CONTAINER_CREDENTIALS_FULL_URI=endpoint.url,
                             AWS_CONTAINER_AUTHORIZATION_TOKEN="Bearer of it")
        self.assertEqual(run.status, 2, run.log_text())
        self.assertIn("the container's credentials endpoint answers with status 401",
                      run.log_text())
        self.assertEqual(self.undelivered(), 1)

    def test_of_an_instance_reach_aws_in_its_name(self):
        """moto's instance has keys that moto itself does not accept: that they came is all that
        shows, by the way they are refused."""
        run = subprocess.run(
            ["build/lambda-local", "--env-file", os.devnull, "--until-idle", "--sqs",
             self.cloud.queues[names.QUEUE], "build/bootstrap"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, check=False,
            env={**self.environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.cloud.url})
        self.assertEqual(run.returncode, 2, run.stdout)
        self.assertIn("InvalidClientTokenId", run.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
