// The dialog for signing in and out and for elevating the session, and the button that opens it. Passwords and codes stay in its fields: they are never in
// an editor, in the history or in the browser's storage, and the fields are emptied when the dialog closes.
"use strict";

(() => {
  const dialog = document.getElementById("sign-in");
  const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
  const TITLES = { credentials: "Sign in", code: "Sign in: code", "signed-in": "Signed in", proof: "Confirm that it is you" };
  const PROOF_NAMES = { PASSWORD: "Password", TOTP: "Code of your authenticator app", SMS: "Code that was sent to your phone" };
  const form = dialog.querySelector("form");
  const { email, password, code, proof } = form.elements;

  // `session` is of session.js; `demo` is the address of the demo's people.
  function createDialog(session, demo) {
    let challenge = null; // the second factor's, while a code is needed
    let demoPerson = null; // the person of the demo who was chosen
    let neededProof = null; // what the account must prove, while it is asked for

    function show(text) {
      part("message").textContent = text;
    }

    function step(name) {
      part("title").textContent = TITLES[name];
      dialog.querySelectorAll("[data-step]").forEach((each) => (each.hidden = each.dataset.step !== name));
      // A hidden field that is required would stop the form.
      email.required = password.required = name === "credentials";
      code.required = name === "code";
      proof.required = name === "proof";
    }

    function reset() {
      challenge = demoPerson = neededProof = null;
      form.reset();
      show("");
    }

    function showStart() {
      const account = session.account();
      step(account ? "signed-in" : "credentials");
      part("who").textContent = account ? [account.name, account.email].filter(Boolean).join(", ") : "";
      (account ? part("sign-out") : email).focus();
    }

    // Run one action with the buttons switched off, and show why it failed.
    async function attempt(action) {
      const buttons = [...dialog.querySelectorAll("button:not([data-part='close'])")];
      buttons.forEach((button) => (button.disabled = true));
      show("");
      try {
        await action();
      } catch (failure) {
        if (!(failure instanceof window.communityGraph.NotDone)) throw failure;
        show(failure.message);
      } finally {
        buttons.forEach((button) => (button.disabled = false));
      }
    }

    async function signIn() {
      const result = challenge
        ? await session.completeSignIn(challenge.token, code.value.trim())
        : await session.signIn(email.value.trim(), password.value);
      if (result.challenge) {
        await askForCode(result.challenge);
        return;
      }
      reset();
      if (result.isPasswordExpired) {
        showStart();
        show("The password has expired: only `changePassword` and `signOut` work.");
        return;
      }
      dialog.close();
      window.communityGraph.say(`Signed in as ${session.account()?.name ?? ""}.`);
    }

    async function askForProof() {
      neededProof = await session.startElevation();
      const person = (await demoPeople()).find((each) => each.email === session.account()?.email);
      proof.value = (neededProof === "PASSWORD" ? person?.password : person?.code) ?? "";
      part("proof-name").textContent = PROOF_NAMES[neededProof] ?? "Proof";
      step("proof");
      proof.focus();
    }

    async function elevate() {
      await session.elevate(neededProof, neededProof === "PASSWORD" ? proof.value : proof.value.trim());
      dialog.close();
      window.communityGraph.say("Confirmed: sensitive operations work for 8 hours.");
    }

    async function askForCode(needed) {
      challenge = needed;
      password.value = "";
      step("code");
      part("code-source").textContent =
        needed.method === "SMS" ? "A code was sent to your phone." : "Enter the code of your authenticator app.";
      if (demoPerson) {
        const person = (await demoPeople()).find((each) => each.email === demoPerson.email);
        code.value = person?.code ?? "";
      }
      code.focus();
    }

    // The people of the demo; none on any other server.
    async function demoPeople() {
      try {
        return (await (await fetch(demo)).json()).people;
      } catch {
        return [];
      }
    }

    async function offerDemoPeople() {
      const people = await demoPeople();
      part("demo").hidden = !people.length;
      part("people").replaceChildren(...people.map(personButton));
    }

    function personButton(person) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "graphiql-button";
      button.textContent = `${person.name}, ${person.who}`;
      button.addEventListener("click", () => {
        demoPerson = person;
        email.value = person.email;
        password.value = person.password;
        attempt(signIn);
      });
      return button;
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault(); // nothing is sent by the form itself
      attempt(neededProof ? elevate : signIn);
    });
    part("confirm").addEventListener("click", () => attempt(askForProof));
    part("sign-out").addEventListener("click", () =>
      attempt(async () => {
        await session.signOut();
        dialog.close();
        window.communityGraph.say("Signed out.");
      }),
    );
    part("close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", reset);
    // A click beside the dialog is a click on the dialog itself.
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

    return {
      open() {
        reset();
        dialog.showModal();
        showStart();
        if (!session.account()) offerDemoPeople();
      },
    };
  }

  // The toolbar's button. Its label says who is signed in.
  function createButton({ React, GraphiQL }, session, signInDialog) {
    return function SignInButton() {
      const account = React.useSyncExternalStore(session.subscribe, session.account);
      return React.createElement(
        GraphiQL.React.ToolbarButton,
        {
          "aria-haspopup": "dialog",
          className: account ? "signed-in" : undefined,
          label: account ? `Signed in as ${account.name}` : "Sign in",
          onClick: signInDialog.open,
        },
        window.communityGraph.icon(React, "M12 12a4 4 0 1 0 0-8a4 4 0 0 0 0 8z M4 21a8 8 0 0 1 16 0"),
      );
    };
  }

  // The name of the person who is signed in, beside the tabs.
  function createName({ React }, session) {
    return function SignedInName() {
      const account = React.useSyncExternalStore(session.subscribe, session.account);
      return account && React.createElement("span", { className: "community-account", title: account.email }, account.name);
    };
  }

  window.communityGraph = { ...window.communityGraph, createDialog, createSignInButton: createButton, createSignedInName: createName };
})();
