// The options of normalised caches as docs/reference/caches.md gives them to client developers: what is run is what is read.
import { readFileSync } from "node:fs";

const PAGE = readFileSync(new URL("../../../docs/reference/caches.md", import.meta.url), "utf8");

function optionsUnder(heading) {
  const [, section] = PAGE.split(`\n## ${heading}\n`);
  const [, code] = section.match(/```js\n([\s\S]*?)```/);
  const body = code.replace(/^import .*$/gm, "").replace("export const cache =", "return");
  function given(options) {
    return options;
  }
  return new Function("InMemoryCache", "cacheExchange", body)(given, given);
}

export const APOLLO = optionsUnder("Apollo Client");
export const URQL = optionsUnder("urql");
