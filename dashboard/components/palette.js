/* Twenty run colours, each in a shade for light and one for dark; neighbours differ in hue and depth. */
(function () {
  "use strict";
  window.trainboard.palette = {
    light: [
      "#3b5bdb", "#e8590c", "#2b8a3e", "#d6336c", "#7048e8", "#0c8599", "#b08900", "#a61e4d", "#339af0", "#846358",
      "#5c940d", "#9c36b5", "#e03131", "#12b886", "#868e96", "#1e3a5f", "#f59f00", "#66a80f", "#da77f2", "#22b8cf",
    ],
    dark: [
      "#7491ff", "#ff922b", "#51cf66", "#f76b9c", "#a78bfa", "#3bc9db", "#ffd43b", "#e0567f", "#74c0fc", "#b8917f",
      "#a9c84c", "#d07be0", "#ff6b6b", "#38d9a9", "#adb5bd", "#8ea4c8", "#fab005", "#c0eb75", "#eebefa", "#99e9f2",
    ],
  };
})();
