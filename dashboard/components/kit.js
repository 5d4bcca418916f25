/* Pieces that every page uses: menus, popovers, dialogs, messages with an undo, the progress bar. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const BUSY_AFTER = 300; // ms: what is quicker needs no progress bar

  let open = null; // the popover that stands, of which there is one at most

  /** Puts `node` under (or, without room, over) `anchor` until Escape or a click elsewhere. */
  function popover(anchor, node, {onClose = () => {}, align = "start"} = {}) {
    if (open) open.close();
    const panel = el("div", {class: "popover"}, node);
    const place = () => {
      const at = anchor.getBoundingClientRect();
      const {offsetWidth: width, offsetHeight: height} = panel;
      const left = align === "end" ? at.right - width : at.left;
      const below = at.bottom + 4 + height <= window.innerHeight || at.top < height;
      panel.style.left = Math.max(6, Math.min(left, window.innerWidth - width - 6)) + "px";
      const top = below ? at.bottom + 4 : at.top - height - 4;
      // A tall one with too little room on either side lies over its anchor, not outside of the window.
      panel.style.top = Math.max(6, Math.min(top, window.innerHeight - height - 6)) + "px";
    };
    const away = (event) => {
      if (!panel.contains(event.target) && !anchor.contains(event.target)) handle.close();
    };
    const key = (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      handle.close();
      anchor.focus();
    };
    const handle = {
      node: panel,
      place,
      close() {
        if (open !== handle) return;
        open = null;
        panel.remove();
        anchor.setAttribute("aria-expanded", "false");
        document.removeEventListener("pointerdown", away, true);
        document.removeEventListener("keydown", key, true);
        window.removeEventListener("resize", place);
        onClose();
      },
    };
    open = handle;
    // In a dialog that stands as modal, what lies outside of it cannot be clicked.
    (anchor.closest("dialog") || document.body).append(panel);
    anchor.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", away, true);
    document.addEventListener("keydown", key, true);
    window.addEventListener("resize", place);
    place();
    return handle;
  }

  /**
   * A menu under `anchor`. `items`: {label, hint, keys, checked, danger, disabled, run}, or {header: text},
   * or {separator: true}; `checked` true or false makes it one that is switched.
   */
  function menu(anchor, items, options) {
    if (open && open.anchor === anchor) return open.close();
    const list = el("div", {class: "menu", role: "menu"});
    for (const item of items) {
      if (item.separator) list.append(el("hr", {class: "menu-line"}));
      else if (item.header) list.append(el("div", {class: "menu-header"}, item.header));
      else {
        const switched = item.checked !== undefined;
        list.append(
          el(
            "button",
            {
              type: "button", class: "menu-item" + (item.danger ? " danger" : ""), role: switched ? "menuitemcheckbox" : "menuitem",
              "aria-checked": switched ? String(item.checked) : null, disabled: Boolean(item.disabled), title: item.hint,
              onclick: () => {
                handle.close();
                anchor.focus();
                item.run();
              },
            },
            switched ? el("span", {class: "menu-check", "aria-hidden": "true"}, item.checked ? "✓" : "") : null,
            el("span", {class: "menu-label"}, item.label),
            item.keys ? el("kbd", {}, item.keys) : null
          )
        );
      }
    }
    list.addEventListener("keydown", (event) => {
      const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
      if (!step) return;
      event.preventDefault();
      const able = [...list.querySelectorAll("button:not([disabled])")];
      able[(able.indexOf(document.activeElement) + step + able.length) % able.length]?.focus();
    });
    const handle = popover(anchor, list, options);
    handle.anchor = anchor;
    list.querySelector("button:not([disabled])")?.focus();
    return handle;
  }

  /**
   * A dialog over the page: `actions` are {label, primary, danger, run}; `run` may return false to keep
   * it open. Returns {node, close}.
   */
  function dialog({title, body, actions = [], wide = false, onClose = () => {}}) {
    const node = el("dialog", {class: "dialog" + (wide ? " wide" : ""), "aria-label": title});
    const close = () => node.close();
    const buttons = actions.map((action) =>
      el(
        "button",
        {
          type: "button", class: "button" + (action.primary ? " primary" : "") + (action.danger ? " danger" : ""),
          onclick: async () => (await action.run?.()) !== false && close(),
        },
        action.label
      )
    );
    node.append(
      el(
        "header", {class: "dialog-head"}, el("h2", {}, title),
        el("button", {type: "button", class: "card-button dialog-close", "aria-label": "Close", onclick: close}, "✕")
      ),
      el("div", {class: "dialog-body"}, body),
      ...(buttons.length ? [el("footer", {class: "dialog-actions"}, ...buttons)] : [])
    );
    node.addEventListener("close", () => {
      node.remove();
      onClose();
    });
    // A click on the backdrop is one on the dialog itself, outside of what it holds.
    node.addEventListener("pointerdown", (event) => event.target === node && close());
    document.body.append(node);
    node.showModal();
    return {node, close};
  }

  let toasts = null;
  /** A message that goes by itself; `action` {label, run} is a button in it, "Undo" mostly. */
  function toast(message, {action = null, seconds = 8, bad = false} = {}) {
    if (!toasts) {
      toasts = el("div", {class: "toasts", role: "status", "aria-live": "polite"});
      document.body.append(toasts);
    }
    const gone = () => node.remove();
    const node = el(
      "div", {class: "toast" + (bad ? " bad" : "")},
      el("span", {}, message),
      action
        ? el("button", {type: "button", class: "toast-action", onclick: () => {
            gone();
            action.run();
          }}, action.label)
        : null,
      el("button", {type: "button", class: "toast-close", "aria-label": "Dismiss", onclick: gone}, "✕")
    );
    toasts.append(node);
    let timer = setTimeout(gone, seconds * 1000);
    node.addEventListener("pointerenter", () => clearTimeout(timer));
    node.addEventListener("pointerleave", () => (timer = setTimeout(gone, 2000)));
    return gone;
  }

  const bar = el("div", {class: "busy-bar", role: "progressbar", "aria-label": "Loading", hidden: true});
  let busyTimer = null;
  tb.onBusy = function (n) {
    if (!bar.isConnected && document.body) document.body.append(bar);
    if (n === 0) {
      clearTimeout(busyTimer);
      busyTimer = null;
      bar.hidden = true;
    } else if (busyTimer === null) busyTimer = setTimeout(() => (bar.hidden = false), BUSY_AFTER);
  };

  /** Saves `content` (text or a Blob) as a file of that name. */
  function download(name, content, type = "text/plain") {
    const blob = content instanceof Blob ? content : new Blob([content], {type});
    const address = URL.createObjectURL(blob);
    el("a", {href: address, download: name}).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  async function copy(text, told = "Copied") {
    try {
      await navigator.clipboard.writeText(text);
      toast(told, {seconds: 2});
    } catch (error) {
      // Browsers refuse the clipboard to pages that came over plain http from another machine.
      const field = el("textarea", {class: "field copy-field", readonly: true, "aria-label": "Text to copy"}, text);
      dialog({title: "Copy this", body: field});
      field.select();
    }
  }

  tb.kit = {popover, menu, dialog, toast, download, copy};
})();
