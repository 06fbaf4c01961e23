// The word that is heard is marked, whether the sound is live or played; a word that is pressed is
// where it plays on.
(() => {
  const studio = window.studio;
  const box = () => document.querySelector("#result .read-along");
  let marked = null;

  // Seconds into the sound of the result; null where another one, or none, is heard.
  function position(source) {
    if (studio.live.position !== null) return studio.live.position;
    return studio.playing() === source ? studio.sound.currentTime : null;
  }
  function mark(word) {
    if (word === marked) return;
    marked?.classList.remove("now");
    word?.classList.add("now");
    marked = word;
    if (!word) return;
    const place = box();
    const [top, bottom] = [place.scrollTop, place.scrollTop + place.clientHeight];
    const at = word.offsetTop - place.offsetTop;
    if (at < top || at + word.offsetHeight > bottom) place.scrollTop = at - place.clientHeight / 3;
  }
  function follow() {
    requestAnimationFrame(follow);
    const place = box();
    if (!place) return;
    const at = position(place.dataset.of);
    if (at === null) {
      mark(null);
      return;
    }
    const here = (word) => word && word.dataset.from <= at && at < word.dataset.to;
    if (!here(marked)) mark([...place.querySelectorAll("[data-from]")].find(here) ?? null);
  }
  studio.whenPresent("#result .read-along", () => {
    marked = null;
  });
  requestAnimationFrame(follow);

  document.addEventListener("click", (event) => {
    const word = event.target.closest?.(".read-along [data-from]");
    if (!word) return;
    studio.live.stop();
    studio.playFrom(word.closest(".read-along").dataset.of, Number(word.dataset.from));
  });
})();
