// Starts GraphiQL on the page. It sends requests to the page's own URL, over HTTP, and over WebSocket for subscriptions.
"use strict";

(() => {
  const container = document.getElementById("graphiql");

  function notice(text) {
    const paragraph = document.createElement("p");
    paragraph.className = "notice";
    paragraph.textContent = text;
    container.replaceChildren(paragraph);
  }

  // GraphiQL's history stores the headers of every request, tokens included, even if `shouldPersistHeaders` is false.
  // This removes them from everything that it stores.
  function storageWithoutHeaders(GraphiQL) {
    try {
      window.localStorage.getItem("");
    } catch {
      return null; // this browser forbids storage; GraphiQL works without
    }
    const storage = GraphiQL.createLocalStorage({ namespace: "community" });
    const store = storage.setItem;
    storage.setItem = (key, value) => {
      const holdsHeaders = ["graphiql:favorites", "graphiql:queries", "graphiql:tabState"].includes(key);
      store(key, holdsHeaders ? withoutHeaders(value) : value);
    };
    return storage;
  }

  function withoutHeaders(text) {
    return JSON.stringify(JSON.parse(text, (key, value) => (key === "headers" ? null : value)));
  }

  async function examples() {
    try {
      const response = await fetch(container.dataset.examples);
      return response.ok ? await response.json() : undefined;
    } catch {
      return undefined; // the page works with an empty tab
    }
  }

  function webSocketUrl() {
    const url = new URL(window.location.pathname, window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url.href;
  }

  async function start() {
    const { React, ReactDOM, GraphiQL, GraphiQLPluginExplorer } = window;
    if (!React || !ReactDOM || !GraphiQL || !GraphiQLPluginExplorer) {
      notice("GraphiQL could not be loaded: one of its files is missing or has other content than expected. The API itself works.");
      return;
    }
    const fetcher = GraphiQL.createFetcher({
      url: window.location.pathname,
      subscriptionUrl: webSocketUrl(),
      headers: { accept: "application/graphql-response+json, application/json;q=0.9" },
      enableIncrementalDelivery: false,
    });
    const logo = React.createElement(
      GraphiQL.Logo,
      { key: "logo" },
      React.createElement("span", { className: "community-logo" }, "Community graph"),
    );
    const page = React.createElement(
      GraphiQL,
      {
        defaultEditorToolsVisibility: true,
        defaultTabs: await examples(),
        fetcher,
        inputValueDeprecation: true,
        isHeadersEditorEnabled: true,
        plugins: [GraphiQLPluginExplorer.explorerPlugin({ showAttribution: false })],
        schemaDescription: true,
        shouldPersistHeaders: false,
        storage: storageWithoutHeaders(GraphiQL),
      },
      logo,
    );
    ReactDOM.createRoot(container).render(page);
  }

  start();
})();
