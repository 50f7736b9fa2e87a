// Verifies requests with the official library (npm, standardwebhooks 1.1.1), for
// tests/daemon/standard_webhooks.rs. The argument is the folder that holds node_modules. Reads one JSON
// object a line: secret, headers, body, and whether the signature fits; prints how many there were, or
// fails at the first that is judged otherwise.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { Webhook, WebhookVerificationError } = createRequire(`${process.argv[2]}/`)("standardwebhooks");

const lines = readFileSync(0, "utf8").split("\n").filter((line) => line !== "");
lines.forEach((line, n) => {
  const { secret, headers, body, fits } = JSON.parse(line);
  let accepted = true;
  try {
    new Webhook(secret).verify(body, headers);
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    accepted = false;
  }
  if (accepted !== fits) {
    console.log(`case ${n}: ${accepted ? "accepted" : "refused"}`);
    process.exit(1);
  }
});
console.log(`${lines.length} cases`);
