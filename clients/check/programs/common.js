// What the programs share: a page's cookies, the mail that the server sent, and checks that say what they checked.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const SERVER = process.env.SERVER;
export const GRAPHQL = `${SERVER}/graphql`;
export const ORIGIN = process.env.ORIGIN ?? SERVER;

export function check(what, right, shown) {
  if (!right) {
    console.log(`FAILED ${what}`);
    if (shown !== undefined) {
      console.log(JSON.stringify(shown, null, 2));
    }
    process.exit(1);
  }
  console.log(`ok     ${what}`);
}

// `fetch` as a page of ORIGIN has it: it keeps the server's cookies. `sent` are the requests, for those who count them.
export function pageFetch() {
  const cookies = new Map();
  const sent = [];
  async function fetchAsPage(url, options = {}) {
    const headers = new Headers(options.headers);
    headers.set("Origin", ORIGIN);
    if (cookies.size) {
      headers.set("Cookie", [...cookies].map((each) => each.join("=")).join("; "));
    }
    sent.push({ url: String(url), method: options.method ?? "GET", body: options.body });
    const response = await fetch(url, { ...options, headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(";");
      const at = pair.indexOf("=");
      cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }
  return Object.assign(fetchAsPage, { sent });
}

// The six digits of the newest mail; it is written after the answer.
export async function mailedCode(address) {
  for (let tries = 0; tries < 200; tries++) {
    try {
      const mail = readFileSync(join(process.env.MAIL, "latest.txt"), "utf8");
      const code = mail.match(/^\d{6}$/m);
      if (mail.includes(address) && code) {
        return code[0];
      }
    } catch (error) {
      if (error.code !== "ENOENT") {
        throw error;
      }
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`No mail with a code for ${address}.`);
}

// What a client warns of is a fault of the graph or of our guide: collect it, and fail with it at the end.
export function collectWarnings() {
  const said = [];
  for (const kind of ["warn", "error"]) {
    console[kind] = (...words) => said.push(words.map(String).join(" "));
  }
  return said;
}
