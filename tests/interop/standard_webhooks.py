"""Verifies requests with the official library (PyPI, standardwebhooks 1.0.0), for
tests/daemon/standard_webhooks.rs. Reads one JSON object a line: secret, headers, body, and whether the
signature fits; prints how many there were, or fails at the first that is judged otherwise.
"""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

count = 0
for line in sys.stdin:
    case = json.loads(line)
    try:
        Webhook(case["secret"]).verify(case["body"], case["headers"])
        fits = True
    except WebhookVerificationError as error:
        fits, reason = False, error
    if fits != case["fits"]:
        sys.exit(f"case {count}: {'accepted' if fits else reason}")
    count += 1
print(f"{count} cases")
