"""The path of the bench among cargo's messages."""

import json
import sys

for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == "matching":
        print(message["executable"])
