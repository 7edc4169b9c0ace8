"""A copy of deploy/ in a temporary folder, with zips and a `make` that are none: what a test does
to it, or leaves in it, is nobody's loss.
"""

import json
import os
import shutil
import stat
import subprocess
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEPLOY = os.path.join(ROOT, "deploy")
COPIED = ("serverless.yml", "package.json", "stack", "tools")
LIMIT_S = 180

# What the zip's builder says to have built, so that a test can see that it was called.
MAKE = """#!/bin/sh
echo "make $*"
"""


class Tree:
    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="user-deploy-")
        self.deploy = os.path.join(self.root, "deploy")
        os.makedirs(self.deploy)
        for name in COPIED:
            copy(os.path.join(DEPLOY, name), os.path.join(self.deploy, name))
        os.symlink(os.path.join(DEPLOY, "node_modules"), os.path.join(self.deploy, "node_modules"))
        for architecture in ("x86_64", "arm64"):
            self.make_zip(architecture)
        self.write("bin/make", MAKE)
        os.chmod(os.path.join(self.root, "bin", "make"), stat.S_IRWXU)

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def make_zip(self, architecture):
        path = os.path.join(self.root, "build", f"function-{architecture}.zip")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("bootstrap", "#!/bin/sh\n")

    def write(self, name, text):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, arguments, **environment):
        """Nothing of the person's own AWS settings is handed on."""
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("AWS_") and not name.lower().endswith("_proxy")}
        clean |= {"PATH": f"{self.root}/bin:{clean['PATH']}", "HOME": self.root,
                  "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                  "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
                  "SLS_AWS_MONITORING_FREQUENCY": "200", **environment}
        return subprocess.run(arguments, cwd=self.deploy, env=clean, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=LIMIT_S, check=False)

    def command(self, name, stage="dev", **environment):
        return self.run(["node", f"tools/{name}.mjs", stage], **environment)

    def package(self, stage="dev", **environment):
        """What osls would upload: (the stack's template, the settings it was made from)."""
        run = self.run(["node_modules/.bin/osls", "package", "--stage", stage],
                       **{"AWS_REGION": "eu-west-1", **environment})
        if run.returncode:
            raise AssertionError(run.stdout)
        return (self.packaged("cloudformation-template-update-stack.json"),
                self.packaged("serverless-state.json")["service"])

    def packaged(self, name):
        with open(os.path.join(self.deploy, ".serverless", name), encoding="utf-8") as file:
            return json.load(file)

    def packaged_files(self):
        folder = os.path.join(self.deploy, ".serverless")
        return [os.path.join(folder, name) for name in os.listdir(folder)]


def copy(source, target):
    if os.path.isdir(source):
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
