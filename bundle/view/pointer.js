// How a reader moves the crosshair: pointer, wheel and keys.

/** Tap, drag and wheel. A finger that moves up or down scrolls the page and leaves the crosshair where it is. */
function followPointer({ axes, stage }) {
  let touched = null;
  const follow = (event) => {
    const box = stage.getBoundingClientRect();
    moveTo({
      [axes.columns]: ((event.clientX - box.left) / box.width) * sides[axes.columns] - 0.5,
      [axes.rows]: ((event.clientY - box.top) / box.height) * sides[axes.rows] - 0.5,
    });
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    touched = event.pointerType === "touch" ? event.clientX : null;
    stage.setPointerCapture(event.pointerId);
    if (touched === null) follow(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!stage.hasPointerCapture(event.pointerId)) return;
    if (touched !== null && Math.abs(event.clientX - touched) < 8) return;
    touched = null;
    follow(event);
  });
  stage.addEventListener("pointerup", (event) => {
    if (touched !== null) follow(event);
    touched = null;
  });
  stage.addEventListener("pointercancel", () => (touched = null));
  let turned = 0;
  stage.addEventListener(
    "wheel",
    (event) => {
      if (event.ctrlKey) return; // the browser's zoom
      event.preventDefault();
      turned += event.deltaMode === 0 ? event.deltaY / 40 : event.deltaY;
      const steps = Math.trunc(turned);
      turned -= steps;
      if (steps) moveTo({ [axes.normal]: position[axes.normal] + steps });
    },
    { passive: false },
  );
}

function followKeys({ axes, stage }) {
  stage.addEventListener("keydown", (event) => {
    const step = {
      ArrowLeft: [axes.columns, -1], ArrowRight: [axes.columns, 1], ArrowUp: [axes.rows, -1], ArrowDown: [axes.rows, 1],
      PageUp: [axes.normal, 1], PageDown: [axes.normal, -1],
    }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    moveTo({ [step[0]]: position[step[0]] + step[1] * (event.shiftKey ? 10 : 1) });
  });
}
