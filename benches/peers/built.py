"""The paths of the binary and the bench among cargo's messages, in this order."""

import json
import sys

paths = {}
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable"):
        paths[message["target"]["kind"][0]] = message["executable"]
print(paths["bin"], paths["bench"])
