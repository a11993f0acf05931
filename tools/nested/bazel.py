"""Runs a second Bazel inside a test, on a copy of the checkout and with nothing cached."""

import os
import shutil
import stat
import subprocess

from tools.lint import sources

BAZEL = "/usr/bin/bazel"


class NestedBazel:
    """A workspace of its own among the test's files, whose outputs are of its own too."""

    def __init__(self, name):
        directory = os.path.join(os.environ["TEST_TMPDIR"], name)
        self.workspace = os.path.join(directory, "workspace")
        self._outputs = os.path.join(directory, "outputs")
        os.makedirs(self.workspace)

    def copy(self, paths):
        """Brings files of the checkout."""
        for path in paths:
            self._make_folder(path)
            shutil.copy(os.path.join(sources.ROOT, path), os.path.join(self.workspace, path))

    def write(self, path, text):
        self._make_folder(path)
        with open(os.path.join(self.workspace, path), "w", encoding="utf-8") as file:
            file.write(text)

    def build(self, *arguments):
        """Builds; returns Bazel's exit code and what it said."""
        done = subprocess.run(
            [BAZEL, "--batch", "--nohome_rc", f"--output_user_root={self._outputs}",
             "build", "--jobs=2", *arguments],
            cwd=self.workspace, check=False, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "HOME": self._outputs})
        return done.returncode, done.stdout

    def output(self, path):
        """A built file's path below bazel-bin."""
        return os.path.join(self.workspace, "bazel-bin", path)

    def remove(self):
        """Takes the workspace and its outputs away; Bazel leaves folders that cannot be written."""
        for top in (self.workspace, self._outputs):
            for folder, _, _ in os.walk(top):
                os.chmod(folder, stat.S_IRWXU)
            shutil.rmtree(top)

    def _make_folder(self, path):
        os.makedirs(os.path.dirname(os.path.join(self.workspace, path)) or ".", exist_ok=True)
