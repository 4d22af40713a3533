// Starts GraphiQL on the page. It sends requests to the page's own URL, over HTTP, and over WebSocket for subscriptions.
"use strict";

(() => {
  const container = document.getElementById("graphiql");
  const MESSAGE_MILLISECONDS = 5000;

  function notice(text) {
    const paragraph = document.createElement("p");
    paragraph.className = "notice";
    paragraph.textContent = text;
    container.replaceChildren(paragraph);
  }

  let hiding;

  // Show a message for a few seconds; screen readers read it out.
  function say(text) {
    const message = document.getElementById("message");
    message.textContent = text;
    clearTimeout(hiding);
    hiding = setTimeout(() => (message.textContent = ""), MESSAGE_MILLISECONDS);
  }

  // An icon for the toolbar, drawn by one path in a square of 24.
  function icon(React, path) {
    const properties = { "aria-hidden": "true", className: "graphiql-toolbar-icon", fill: "none", stroke: "currentColor", strokeWidth: 1.8, viewBox: "0 0 24 24" };
    return React.createElement("svg", properties, React.createElement("path", { d: path, strokeLinecap: "round", strokeLinejoin: "round" }));
  }

  // The documents of the tabs, and those that the page itself sends.
  async function documents() {
    try {
      const response = await fetch(container.dataset.documents);
      return response.ok ? await response.json() : {};
    } catch {
      return {}; // the page works with an empty tab
    }
  }

  function webSocketUrl() {
    const url = new URL(window.location.pathname, window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url.href;
  }

  async function start() {
    const { React, ReactDOM, GraphiQL, GraphiQLPluginExplorer, communityGraph } = window;
    if (!React || !ReactDOM || !GraphiQL || !GraphiQLPluginExplorer) {
      notice("GraphiQL could not be loaded: one of its files is missing or has other content than expected. The API itself works.");
      return;
    }
    const { examples, own = {} } = await documents();
    const session = communityGraph.createSession(own);
    const dialog = communityGraph.createDialog(session, container.dataset.demo);
    const SharedDocument = communityGraph.createOpener(window);
    const ShareButton = communityGraph.createShareButton(window);
    const SignInButton = communityGraph.createSignInButton(window, session, dialog);
    const SignedInName = communityGraph.createSignedInName(window, session);
    const create = React.createElement;
    session.refresh().catch(() => {}); // then it shows that you are not signed in

    const page = create(
      GraphiQL,
      {
        defaultEditorToolsVisibility: true,
        defaultTabs: examples,
        fetcher: GraphiQL.createFetcher({
          url: window.location.pathname,
          subscriptionUrl: webSocketUrl(),
          headers: { accept: "application/graphql-response+json, application/json;q=0.9" },
          enableIncrementalDelivery: false,
        }),
        inputValueDeprecation: true,
        isHeadersEditorEnabled: true,
        plugins: [GraphiQLPluginExplorer.explorerPlugin({ showAttribution: false })],
        schemaDescription: true,
        shouldPersistHeaders: false,
        storage: communityGraph.createStorage(),
      },
      create(
        GraphiQL.Logo,
        { key: "logo" },
        create("span", { className: "community-logo" }, create(SignedInName), create("span", { className: "community-name" }, "Community graph")),
      ),
      create(GraphiQL.Toolbar, { key: "toolbar" }, ({ copy, merge, prettify }) =>
        create(React.Fragment, null, create(SignInButton), prettify, merge, copy, create(ShareButton)),
      ),
      create(SharedDocument, { key: "shared-document" }),
    );
    ReactDOM.createRoot(container).render(page);
  }

  window.communityGraph = { ...window.communityGraph, icon, say };
  start();
})();
