/* The navigation: pages of kinds that nobody logged are not in it; those without room go into a menu. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  let more = null;

  /** Whether a kind was logged; of "scalar:system/" only tags that begin so count. */
  function isThere(text) {
    const [kind, prefix] = text.split(":");
    // That a process is gone is an alert that nobody could log.
    if (kind === "alert" && tb.runs.all().some(({status}) => status === "crashed")) return true;
    const tags = tb.runs.series(kind);
    return prefix ? [...tags.keys()].some((tag) => tag.startsWith(prefix)) : tags.size > 0;
  }
  const logged = (kinds) => kinds === "" || kinds.split(",").some(isThere);

  function items() {
    return [...document.querySelectorAll("#shell-nav .nav-item")].map((node) => ({
      node, link: node.querySelector("a"), kinds: node.dataset.kinds, isCurrent: Boolean(node.querySelector(".current")),
    }));
  }

  /** Shows what there is something to see on, as far as there is room; the rest is in the menu. */
  function fit() {
    const nav = document.getElementById("shell-nav");
    if (!nav || !nav.firstChild) return;
    if (!more) {
      more = el("button", {type: "button", class: "nav-link nav-more", "aria-haspopup": "menu"}, "More ▾");
      more.addEventListener("click", () => tb.kit.menu(more, hidden().map(({link}) => ({label: link.textContent, run: () => link.click()}))));
    }
    if (more.parentNode !== nav.parentNode) nav.after(more);
    const wanted = items().filter(({node, kinds, isCurrent}) => {
      const is = isCurrent || logged(kinds);
      node.hidden = !is;
      node.classList.toggle("nav-without-room", false);
      return is;
    });
    more.hidden = true;
    if (nav.scrollWidth <= nav.clientWidth + 1) return;
    more.hidden = false;
    const limit = nav.clientWidth;
    const current = wanted.find((item) => item.isCurrent);
    let used = current ? current.node.offsetWidth : 0;
    let full = false;
    for (const item of wanted) {
      if (item === current) continue;
      used += item.node.offsetWidth;
      full = full || used > limit;
      item.node.classList.toggle("nav-without-room", full);
    }
  }

  const hidden = () => items().filter(({node}) => node.classList.contains("nav-without-room"));

  let asked = null;
  function soon() {
    asked = asked || requestAnimationFrame(() => {
      asked = null;
      fit();
      window.dispatchEvent(new CustomEvent("trainboard-navigation"));
      watcher.takeRecords(); // what fitting changed is no news
    });
  }

  const watcher = new MutationObserver(soon);
  let kinds = "";
  tb.runs.subscribe(() => {
    const now = items().filter((item) => logged(item.kinds)).length + (tb.runs.loaded ? "!" : "");
    if (now !== kinds) {
      kinds = now;
      soon();
    }
  });
  window.addEventListener("resize", soon);

  /** Called by the shell whenever the navigation was drawn anew. */
  tb.ShellNav = function ({id, pages}) {
    React.useEffect(() => {
      const nav = document.getElementById("shell-nav");
      watcher.observe(nav, {childList: true, subtree: true, attributes: true, attributeFilter: ["class"]});
      const removers = pages.map(({path, title, keys}) =>
        tb.commands.add({id: "page" + path, title, section: "Page", keys: keys || null, run: () => tb.go(path)})
      );
      soon();
      return () => {
        watcher.disconnect();
        removers.forEach((remove) => remove());
      };
    }, []);
    return React.createElement("span", {id, hidden: true});
  };
})();
