// Who is signed in on this page, and signing in and out. The browser keeps the session in a cookie that no script sees.
"use strict";

(() => {
  // A failure with a message for people.
  class NotDone extends Error {}

  // `documents` are texts by operation name.
  function createSession(documents) {
    let account = null;
    const listeners = new Set();

    function change(to) {
      account = to;
      listeners.forEach((listener) => listener());
    }

    // Return the data of an operation. Throws NotDone.
    async function run(name, variables) {
      let body;
      try {
        const response = await fetch(window.location.pathname, {
          method: "POST",
          headers: { "content-type": "application/json", accept: "application/json" },
          body: JSON.stringify({ query: documents[name], variables }),
        });
        body = await response.json();
      } catch {
        throw new NotDone("The server did not answer. Try again.");
      }
      const field = Object.values(body.data ?? {})[0];
      const error = body.errors?.[0] ?? field?.errors?.[0];
      if (error) throw new NotDone(error.message);
      return field;
    }

    // Throws NotDone.
    async function refresh() {
      const viewer = await run("WhoIsSignedIn");
      change(viewer && viewer.account);
    }

    // Throws NotDone if refused. Returns true if only `changePassword` and `signOut` work.
    async function finished(payload) {
      try {
        await refresh();
      } catch {
        // With an expired password the server does not say who is signed in.
        change({ name: "an account with an expired password", email: "" });
      }
      return Boolean(payload.isPasswordExpired);
    }

    return {
      account: () => account,
      refresh,

      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },

      // Returns { challenge } if a code is needed, otherwise { isPasswordExpired }. Throws NotDone.
      async signIn(email, password) {
        const payload = await run("SignIn", { input: { email, password } });
        if (payload.secondFactor) return { challenge: payload.secondFactor };
        return { isPasswordExpired: await finished(payload) };
      },

      // Throws NotDone.
      async completeSignIn(token, code) {
        return { isPasswordExpired: await finished(await run("CompleteSignIn", { input: { token, code } })) };
      },

      // Returns the proof that the account needs: PASSWORD, TOTP or SMS, for which a code was sent. Throws NotDone.
      async startElevation() {
        const viewer = await run("ElevationProofs");
        const proof = viewer?.elevationProofs[0];
        if (proof === "SMS") await run("SendElevationCode");
        return proof;
      },

      // `text` is the password or the code. Throws NotDone.
      async elevate(proof, text) {
        await run("ElevateSession", { input: proof === "PASSWORD" ? { password: text } : { code: text } });
      },

      // Throws NotDone. A session that has ended already is no failure.
      async signOut() {
        try {
          await run("SignOut");
          change(null);
        } catch (failure) {
          await refresh();
          if (account) throw failure;
        }
      },
    };
  }

  window.communityGraph = { ...window.communityGraph, NotDone, createSession };
})();
