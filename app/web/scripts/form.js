// The form: which fields a mode has, the length of the text, the seed's dice, instruction chips.
(() => {
  const studio = window.studio;

  // The style sheet shows what belongs to the mode.
  studio.setMode = (mode) => {
    document.documentElement.dataset.mode = mode;
    studio.mistakes?.clearAll();
  };
  studio.setMode(studio.firstMode);

  // Gradio gives each radio button a name of its own, and again whenever it draws it; only under
  // a common one the arrow keys move from one to the next.
  for (const group of ["mode", "format"]) {
    studio.whenPresent(`#${group}`, (element) => {
      const name = () => {
        for (const input of element.querySelectorAll("input[type=radio]")) {
          if (input.name !== group) input.name = group;
        }
      };
      name();
      const watch = new MutationObserver(name);
      watch.observe(element, { attributeFilter: ["name"], childList: true, subtree: true });
    });
  }

  studio.count = (text) => {
    const counter = document.querySelector("#counter .count");
    if (!counter) return;
    const length = [...(text || "")].length;
    const late = length > studio.textLimit;
    counter.querySelector("output").textContent = length;
    if (late && !counter.classList.contains("late")) {
      studio.announce(studio.word("too_long"), "assertive");
    }
    counter.classList.toggle("late", late);
    counter.classList.toggle("near", !late && length > studio.textLimit * 0.9);
    document.querySelector("#text textarea")?.setAttribute("aria-invalid", String(late));
  };
  studio.whenPresent("#text textarea", (area) => {
    area.setAttribute("aria-describedby", "counter marks");
    area.addEventListener("input", () => studio.count(area.value));
    studio.count(area.value);
  });

  // Settings that few people need are there when they are asked for, or when they matter.
  studio.showMore = (shown = true) => {
    document.documentElement.classList.toggle("more", shown);
    document.querySelector("#more-toggle")?.setAttribute("aria-expanded", String(shown));
  };
  document.addEventListener("click", (event) => {
    const toggle = event.target.closest?.("#more-toggle");
    if (toggle) studio.showMore(toggle.getAttribute("aria-expanded") !== "true");
  });

  studio.showForm = () => {
    studio.showMore(); // The seed that was filled in is among them.
    studio.pressChips();
    document.querySelector("#compose").scrollIntoView({ behavior: "smooth", block: "start" });
    document.querySelector("#generate").focus({ preventScroll: true });
  };

  studio.roll = () => studio.seeds[0] + Math.floor(Math.random() * studio.seeds[1]);

  // Gradio hears of a value only through an event of the field itself.
  function write(area, text) {
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(area, text);
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function pressChips(area) {
    for (const chip of document.querySelectorAll(".chip")) {
      chip.setAttribute("aria-pressed", String(area.value.includes(chip.dataset.words)));
    }
  }
  studio.pressChips = () => {
    const area = document.querySelector("#instruction textarea");
    if (area) pressChips(area);
  };
  studio.whenPresent("#instruction textarea", (area) => {
    area.addEventListener("input", () => pressChips(area));
  });
  document.addEventListener("click", (event) => {
    const chip = event.target.closest?.(".chip");
    const area = document.querySelector("#instruction textarea");
    if (!chip || !area) return;
    const words = chip.dataset.words;
    const row = chip.closest(".chips");
    let text = area.value;
    if (text.includes(words)) {
      text = text.replace(words, "");
    } else {
      // One of a row at a time: nobody speaks two dialects at once.
      for (const other of row.querySelectorAll(".chip")) text = text.replace(other.dataset.words, "");
      text += words;
    }
    write(area, text.trim());
  });

  // A wrong annotation is selected when it is pressed; the right one is written in its place.
  document.addEventListener("click", (event) => {
    const mark = event.target.closest?.("[data-mark]");
    const area = document.querySelector("#text textarea");
    if (!mark || !area) return;
    const [begin, end] = mark.dataset.mark.split(",").map(Number);
    // Positions count characters; the browser's count UTF-16 units.
    const units = (count) => [...area.value].slice(0, count).join("").length;
    area.focus();
    if (mark.dataset.mend === undefined) {
      area.setSelectionRange(units(begin), units(end));
    } else {
      const characters = [...area.value];
      characters.splice(begin, end - begin, mark.dataset.mend);
      write(area, characters.join(""));
    }
  });
})();
