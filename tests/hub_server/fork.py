"""Runs ``lamp-dataset`` commands, each in a fork of this process, which has imported what they need.

A process for every command, as typed, without the second that its imports take. Reads lines of JSON and answers each
with an exit status.
"""

import json
import os
import sys

import datasets  # noqa: F401
import huggingface_hub.hf_api  # noqa: F401

import lamp_dataset.hub.push
import lamp_dataset.lamp  # noqa: F401
from lamp_dataset.__main__ import main


def run(arguments, token, output):
    for number in (1, 2):
        os.dup2(os.open(f"{output}.{number}", os.O_CREAT | os.O_WRONLY | os.O_TRUNC), number)
    os.environ["HF_TOKEN"] = token
    main(arguments, prog_name="lamp-dataset")


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if not child:
            run(**json.loads(line))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()
