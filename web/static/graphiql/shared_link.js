// Links that carry a document: `#query=…&variables=…`. A fragment never reaches the server, and nothing of it runs by itself.
"use strict";

(() => {
  const MAX_LENGTH = 8000; // characters of the fragment; mail programs and chats cut longer links

  class NotShared extends Error {}

  // Return the link to a document. Throws NotShared, with a message for people.
  function linkTo({ query, variables }) {
    if (!query.trim()) throw new NotShared("There is no document to share.");
    if (window.communityGraph.holdsSecret(query, variables)) throw new NotShared("Not copied: it contains a password or a token.");
    const parameters = new URLSearchParams({ query });
    if (variables.trim()) parameters.set("variables", variables);
    const fragment = parameters.toString();
    if (fragment.length > MAX_LENGTH) throw new NotShared("The document is too long for a link.");
    return `${window.location.origin}${window.location.pathname}#${fragment}`;
  }

  // Take the document out of the address, so that a reload does not open it again; null if there is none.
  function takeFromAddress() {
    const fragment = window.location.hash.slice(1);
    const parameters = new URLSearchParams(fragment);
    const query = parameters.get("query");
    if (query === null) return null;
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    if (fragment.length > MAX_LENGTH) {
      window.communityGraph.say("The link is too long: its document was not opened.");
      return null;
    }
    return { query, variables: parameters.get("variables") ?? "" };
  }

  // A component that opens the document of the address in a new tab, at the start and whenever the address changes.
  function createOpener({ React, GraphiQL }) {
    return function SharedDocument() {
      const { addTab, queryEditor, tabs, variableEditor } = GraphiQL.React.useEditorContext({ nonNull: true });
      const [opening, setOpening] = React.useState(null);

      React.useEffect(() => {
        const take = () => {
          const document = takeFromAddress();
          if (document) setOpening({ document, tabsBefore: null });
        };
        take();
        window.addEventListener("hashchange", take);
        return () => window.removeEventListener("hashchange", take);
      }, []);

      React.useEffect(() => {
        if (!opening || !queryEditor || !variableEditor) return;
        if (opening.tabsBefore === null) {
          setOpening({ ...opening, tabsBefore: tabs.length });
          addTab();
        } else if (tabs.length > opening.tabsBefore) {
          queryEditor.setValue(opening.document.query);
          variableEditor.setValue(opening.document.variables);
          setOpening(null);
        }
      }, [opening, queryEditor, tabs.length, variableEditor]);

      return null;
    };
  }

  // The toolbar's button that copies the link to the document of the open tab.
  function createButton({ React, GraphiQL }) {
    return function ShareButton() {
      const { queryEditor, variableEditor } = GraphiQL.React.useEditorContext({ nonNull: true });

      async function share() {
        let link;
        try {
          link = linkTo({ query: queryEditor?.getValue() ?? "", variables: variableEditor?.getValue() ?? "" });
        } catch (failure) {
          if (!(failure instanceof NotShared)) throw failure;
          window.communityGraph.say(failure.message);
          return;
        }
        try {
          await navigator.clipboard.writeText(link);
          window.communityGraph.say("Link copied.");
        } catch {
          // Browsers forbid copying on pages without TLS.
          window.history.replaceState(null, "", link);
          window.communityGraph.say("Copy the link from the address bar.");
        }
      }

      return React.createElement(
        GraphiQL.React.ToolbarButton,
        { label: "Copy a link to this document", onClick: share },
        window.communityGraph.icon(React, "M9 15l6-6 M11 6l1-1a5 5 0 0 1 7 7l-1 1 M13 18l-1 1a5 5 0 0 1-7-7l1-1"),
      );
    };
  }

  window.communityGraph = { ...window.communityGraph, createOpener, createShareButton: createButton };
})();
