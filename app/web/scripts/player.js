// Every player of the page shares one sound, which plays on when Gradio draws the page anew.
(() => {
  const studio = window.studio;
  const sound = new Audio();
  sound.preload = "none";
  studio.sound = sound;
  let source = null;
  let broken = null;

  const players = () => document.querySelectorAll(".player");
  const clock = (seconds) =>
    `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

  function show(player) {
    const mine = player.dataset.source === source;
    const total = Number(player.dataset.seconds);
    const at = mine ? Math.min(sound.currentTime, total) : 0;
    const playing = mine && !sound.paused;
    player.classList.toggle("playing", playing);
    player.classList.toggle("chosen", mine);
    player.querySelector(".play").setAttribute("aria-pressed", String(playing));
    player.style.setProperty("--played", `${total ? (100 * at) / total : 0}%`);
    const range = player.querySelector("input");
    range.value = at;
    range.setAttribute("aria-valuetext", `${clock(at)} / ${clock(total)}`);
    const time = player.querySelector(".time");
    const shown = playing || at > 0 ? `${clock(at)} / ${clock(total)}` : player.dataset.clock;
    if (player.dataset.source !== broken && time.textContent !== shown) time.textContent = shown;
  }
  const showAll = () => players().forEach(show);

  function choose(player) {
    if (player.dataset.source === source) return;
    broken = null;
    source = player.dataset.source;
    sound.src = source;
  }
  studio.play = (player) => {
    choose(player);
    sound.play().catch(() => {}); // The error event tells, where it is one.
  };

  // A sound that has no player of its own.
  studio.playSource = (address) => studio.play({ dataset: { source: address } });
  studio.playFrom = (address, at) => {
    studio.playSource(address);
    const go = () => (sound.currentTime = at);
    if (sound.readyState) go();
    else sound.addEventListener("loadedmetadata", go, { once: true });
  };
  studio.playing = () => (sound.paused ? null : source);

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".player .play");
    if (!button) return;
    const player = button.closest(".player");
    if (player.dataset.source === source && !sound.paused) sound.pause();
    else studio.play(player);
  });
  document.addEventListener("input", (event) => {
    const range = event.target.closest?.(".player input[type=range]");
    if (!range) return;
    const player = range.closest(".player");
    const at = Number(range.value);
    if (player.dataset.source !== source) {
      choose(player);
      sound.addEventListener("loadedmetadata", () => (sound.currentTime = at), { once: true });
      sound.load();
      sound.preload = "metadata";
    } else {
      sound.currentTime = at;
    }
    showAll();
  });

  // One speed for all, remembered.
  const RATES = [1, 1.25, 1.5, 2, 0.75];
  function setRate(rate) {
    sound.defaultPlaybackRate = sound.playbackRate = rate;
    for (const label of document.querySelectorAll(".rate span:last-child")) showRate(label);
    try {
      localStorage.setItem("studio-rate", String(rate));
    } catch {
      // It is for this visit.
    }
  }
  const showRate = (label) => (label.textContent = `${sound.defaultPlaybackRate}×`);
  studio.whenPresent(".rate span:last-child", showRate);
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(".rate")) return;
    setRate(RATES[(RATES.indexOf(sound.defaultPlaybackRate) + 1) % RATES.length]);
  });
  try {
    const before = Number(localStorage.getItem("studio-rate"));
    if (RATES.includes(before)) sound.defaultPlaybackRate = sound.playbackRate = before;
  } catch {
    // Storage is forbidden: at its own speed.
  }

  let frame = 0;
  function follow() {
    showAll();
    frame = sound.paused ? 0 : requestAnimationFrame(follow);
  }
  sound.addEventListener("play", () => {
    studio.live?.stop();
    if (!frame) follow();
  });
  for (const name of ["pause", "ended", "seeked"]) sound.addEventListener(name, showAll);
  sound.addEventListener("error", () => {
    if (!source) return;
    studio.announce(studio.word("unplayable"), "assertive");
    for (const player of players()) {
      if (player.dataset.source === source) {
        player.classList.add("broken");
        player.querySelector(".time").innerHTML = studio.both("unplayable");
      }
    }
    broken = source;
    source = null;
  });
  // Gradio turns one list into another by changing what differs: a player may become another's.
  new MutationObserver(showAll).observe(document.documentElement, {
    attributeFilter: ["data-source"],
    subtree: true,
  });
  studio.whenPresent(".player", show);
})();
