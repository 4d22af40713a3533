// Starts GraphiQL on the page. It talks to the address the page came from, over HTTP and, for subscriptions, WebSocket.
"use strict";

(() => {
  const container = document.getElementById("graphiql");

  function notice(text) {
    const paragraph = document.createElement("p");
    paragraph.className = "notice";
    paragraph.textContent = text;
    container.replaceChildren(paragraph);
  }

  // GraphiQL's history keeps the headers of every request, tokens included, even when told not to keep headers.
  // So what it stores passes through here and loses them.
  function storageWithoutHeaders(GraphiQL) {
    try {
      window.localStorage.getItem("");
    } catch {
      return null; // this browser forbids storage; GraphiQL does without
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
      return undefined; // the page is as useful with an empty tab
    }
  }

  function addressOfSocket() {
    const address = new URL(window.location.pathname, window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    return address.href;
  }

  async function start() {
    const { React, ReactDOM, GraphiQL, GraphiQLPluginExplorer } = window;
    if (!React || !ReactDOM || !GraphiQL || !GraphiQLPluginExplorer) {
      notice("GraphiQL could not be loaded: a file of it is missing or not the one expected. The API itself works.");
      return;
    }
    const fetcher = GraphiQL.createFetcher({
      url: window.location.pathname,
      subscriptionUrl: addressOfSocket(),
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
