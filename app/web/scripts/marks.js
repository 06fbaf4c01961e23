// The node is asked about annotations when typing has come to rest, and only where there are any.
// What it said of another text is not shown: the answer to this one may be late, or never come.
(() => {
  const studio = window.studio;
  const PAUSE = 400;
  // Gradio draws the verdict anew, and would take a class of its own away.
  const root = document.documentElement;

  let pause = 0;
  let asked = ""; // What the newest question is about; null when it has no answer.
  let open = 0; // The next question may begin before the page hears of an answer.

  function marked() {
    const text = document.querySelector("#text textarea")?.value ?? "";
    return /[[\]【】［］<]/.test(text) ? text : "";
  }
  function rested() {
    const text = marked();
    if (text !== asked) {
      root.classList.add("marks-outdated");
      document.querySelector("#check")?.click();
    }
  }
  function typed() {
    clearTimeout(pause);
    pause = setTimeout(rested, PAUSE);
  }

  studio.marks = {
    typed,
    ask: () => {
      open += 1;
      return (asked = marked());
    },
    told: () => {
      open -= 1;
      if (!open && asked === marked()) root.classList.remove("marks-outdated");
    },
    failed: () => {
      open -= 1;
      root.classList.add("marks-outdated");
      // Gradio forgets a question that waited for the answer to this one.
      const again = asked !== marked();
      asked = null;
      if (again) typed();
    },
  };
})();
