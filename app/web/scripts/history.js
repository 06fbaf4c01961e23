// The history's buttons. Gradio's component hands what was pressed to the server.
(() => {
  const studio = window.studio;

  function confirmed(item) {
    const dialog = document.querySelector("#delete-dialog");
    dialog.querySelector(".said").textContent = item.querySelector(".said").textContent;
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  studio.connectHistory = (element, trigger) => {
    element.addEventListener("click", async (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const item = button.closest("[data-stem]");
      if (button.classList.contains("more")) {
        trigger("expand", { count: Number(button.dataset.count) });
      } else if (button.classList.contains("again")) {
        const record = JSON.parse(item.dataset.record);
        const { find } = studio.recordings;
        const recordings = [find(record.reference_digest), find(record.source_digest)];
        trigger("retry", { record, recordings });
      } else if (button.classList.contains("delete") && (await confirmed(item))) {
        trigger("delete", { stem: item.dataset.stem });
      }
    });
  };
})();
