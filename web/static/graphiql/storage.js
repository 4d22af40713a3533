// What GraphiQL may keep in the browser: its tabs and history, without headers, and nothing that has a password, a token or an API key.
"use strict";

(() => {
  const PREFIX = "community:";
  const TABS = "graphiql:tabState";
  const HISTORY = ["graphiql:queries", "graphiql:favorites"];
  // GraphiQL stores the active tab's texts a second time under these names. They are read from the tabs instead.
  const ACTIVE_TAB = { "graphiql:query": "query", "graphiql:variables": "variables", "graphiql:headers": "headers" };

  // Passwords by the name of their input; tokens and API keys, like that of `introspectToken`, by their form.
  function holdsSecret(...texts) {
    return texts.some((text) => /password|mx[pk]_[0-9a-z]{38}/i.test(text ?? ""));
  }

  // GraphiQL stores the headers of every request, tokens included, even if `shouldPersistHeaders` is false.
  function withoutHeaders(text) {
    return JSON.parse(text, (key, value) => (key === "headers" ? null : value));
  }

  function withoutSecrets(tab) {
    return holdsSecret(tab.query, tab.variables) ? { ...tab, query: null, variables: null } : tab;
  }

  // Return the browser's storage, or one that lasts as long as the page if the browser forbids storage.
  function browserStorage() {
    try {
      window.localStorage.getItem("");
      return window.localStorage;
    } catch {
      const texts = new Map();
      return {
        getItem: (key) => texts.get(key) ?? null,
        setItem: (key, text) => texts.set(key, text),
        removeItem: (key) => texts.delete(key),
        key: (index) => [...texts.keys()][index] ?? null,
        get length() {
          return texts.size;
        },
      };
    }
  }

  // Return a storage of the kind that the `storage` property of GraphiQL takes.
  function createStorage() {
    const storage = browserStorage();
    const names = () => Array.from({ length: storage.length }, (_, index) => storage.key(index)).filter((name) => name.startsWith(PREFIX));

    function activeTab() {
      try {
        const { tabs, activeTabIndex } = JSON.parse(storage.getItem(PREFIX + TABS));
        return tabs[activeTabIndex];
      } catch {
        return undefined;
      }
    }

    return {
      getItem(key) {
        return key in ACTIVE_TAB ? (activeTab()?.[ACTIVE_TAB[key]] ?? null) : storage.getItem(PREFIX + key);
      },
      setItem(key, text) {
        if (key in ACTIVE_TAB) return;
        let kept = text;
        if (key === TABS) {
          const state = withoutHeaders(text);
          kept = JSON.stringify({ ...state, tabs: state.tabs.map(withoutSecrets) });
        }
        if (HISTORY.includes(key)) {
          // The history then stays as it was, also the one on the screen.
          if (holdsSecret(text)) throw new Error("Documents with secrets are not kept.");
          kept = JSON.stringify(withoutHeaders(text));
        }
        storage.setItem(PREFIX + key, kept);
      },
      removeItem(key) {
        storage.removeItem(PREFIX + key);
      },
      get length() {
        return names().length;
      },
      clear() {
        names().forEach((name) => storage.removeItem(name));
      },
    };
  }

  window.communityGraph = { ...window.communityGraph, createStorage, holdsSecret };
})();
