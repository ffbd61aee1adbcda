// A player for one or more clips in step, on canvases. It decodes and draws in the browser alone: whoever uses it gives
// the frames, as JPEG, once. The review page uses its `Frames`; at its end is the widget of JupyterLab (anywidget) that
// `echoquality.player` makes.

const PIXELS = 60e6; // of decoded frames that are kept; 4 bytes each
const SOON = 8; // frames decoded before they are shown

// Decoded frames of a clip. `jpeg(i)`: the bytes of frame i, or nothing while it has not come.
export class Frames {
  constructor(jpeg) {
    Object.assign(this, { jpeg, bitmaps: new Map(), closed: false });
  }

  // A decoded frame, or undefined while it is being decoded.
  bitmap(i) {
    const known = this.bitmaps.get(i);
    if (known) return known.width ? known : undefined;
    const bytes = this.jpeg(i);
    if (!bytes) return undefined;
    this.bitmaps.set(i, {});
    createImageBitmap(new Blob([bytes], { type: "image/jpeg" })).then(
      (made) => (this.closed ? made.close() : this.bitmaps.set(i, made)),
      () => this.bitmaps.delete(i),
    );
  }

  // Decode what is shown soon; forget what was shown long ago, if there are more than `most` pixels of it.
  prepare(now, count, pixels, most = PIXELS) {
    for (let i = 0; i < SOON; i++) this.bitmap((now + i) % count);
    const room = Math.max(2 * SOON, Math.floor(most / pixels));
    for (const [i, bitmap] of this.bitmaps) {
      if (this.bitmaps.size <= room) break;
      if ((i - now + count) % count > SOON && bitmap.width) {
        bitmap.close();
        this.bitmaps.delete(i);
      }
    }
  }

  close() {
    this.closed = true;
    this.bitmaps.forEach((each) => each.close?.());
    this.bitmaps.clear();
  }
}

// ---------------------------------------------------------------- the fan, as in echoquality.fan: pixels, degrees

const RAD = Math.PI / 180;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function at({ apex: [x, y], aspect }, radius, angle) {
  return [x + (radius * Math.sin(angle * RAD)) / aspect, y + radius * Math.cos(angle * RAD)];
}

function polar({ apex: [x, y], aspect }, [px, py]) {
  const across = (px - x) * aspect, down = py - y;
  return [Math.hypot(across, down), Math.atan2(across, down) / RAD];
}

// The points of a polygon that are on the right side of a line, and those where it crosses the line.
function cut(points, axis, limit, sign) {
  const kept = [], inside = (p) => sign * (p[axis] - limit) <= 0;
  points.forEach((to, i) => {
    const from = points.at(i - 1);
    if (inside(from) !== inside(to)) {
      const share = (limit - from[axis]) / (to[axis] - from[axis]);
      kept.push([0, 1].map((k) => from[k] + share * (to[k] - from[k])));
    }
    if (inside(to)) kept.push(to);
  });
  return kept;
}

// The edge of a fan cut by its window.
export function fanEdge(fan) {
  const [left, right] = fan.angles, [near, far] = fan.radius, [x0, y0, x1, y1] = fan.window;
  const angles = Array.from({ length: 65 }, (_, i) => left + ((right - left) * i) / 64);
  let edge = angles.map((each) => at(fan, near, each)).concat(angles.reverse().map((each) => at(fan, far, each)));
  for (const [axis, limit, sign] of [[0, x0, -1], [0, x1, 1], [1, y0, -1], [1, y1, 1]]) edge = cut(edge, axis, limit, sign);
  return edge;
}

// Which part of a fan, or of its window alone, is nearest to a point: what moves if its edge is dragged there.
export function fanPart(fan, [x, y], ofWindow = false) {
  const [radius, angle] = polar(fan, [x, y]), [left, right] = fan.angles, [x0, y0, x1, y1] = fan.window;
  const beside = (side) => radius * Math.min(1, Math.abs((((angle - side) % 360) + 540) % 360 - 180) * RAD);
  const parts = { left: beside(left), right: beside(right), near: Math.abs(radius - fan.radius[0]), far: Math.abs(radius - fan.radius[1]) };
  const sides = { x0: Math.abs(x - x0), x1: Math.abs(x - x1), y0: Math.abs(y - y0), y1: Math.abs(y - y1) };
  for (const side in sides) sides[side] += 2; // where a side of the window only touches the fan, the fan moves
  return Object.entries(ofWindow ? sides : { ...parts, ...sides }).sort(([, a], [, b]) => a - b)[0][0];
}

// What can be dragged of a fan: where its handle is, if it has one, the fan that it makes at another place, and where
// its handle is shown, if that is elsewhere. Windows stay within `[columns, rows]`; limits are those of a table of fans,
// which keeps a hundredth of a degree.
export function fanHandles(fan, [columns, rows]) {
  const [left, right] = fan.angles, [near, far] = fan.radius, [x0, y0, x1, y1] = fan.window;
  const middle = (left + right) / 2, along = (near + far) / 2;
  const turned = (p) => middle + ((((polar(fan, p)[1] - middle) % 360) + 540) % 360) - 180;
  const cut = (...moved) => (p) => {
    const x = clamp(Math.round(p[0]), 0, columns - 1), y = clamp(Math.round(p[1]), 0, rows - 1);
    const to = [Math.min(x, x1 - 2), Math.min(y, y1 - 2), Math.max(x, x0 + 2), Math.max(y, y0 + 2)];
    return { ...fan, window: fan.window.map((each, i) => (moved.includes(i) ? to[i] : each)) };
  };
  return {
    apex: [fan.apex, (p) => ({ ...fan, apex: p })],
    left: [at(fan, along, left), (p) => ({ ...fan, angles: [clamp(turned(p), right - 179.9, right - 10.1), right] })],
    right: [at(fan, along, right), (p) => ({ ...fan, angles: [left, clamp(turned(p), left + 10.1, left + 179.9)] })],
    near: [at(fan, near, middle), (p) => ({ ...fan, radius: [clamp(polar(fan, p)[0], 0, far - 2), far] }),
      at(fan, Math.max(near, 0.15 * far), middle)], // not on the apex
    far: [at(fan, far, middle), (p) => ({ ...fan, radius: [near, Math.max(polar(fan, p)[0], near + 2)] })],
    upper: [[x0, y0], cut(0, 1)], lower: [[x1, y1], cut(2, 3)],
    x0: [null, cut(0)], y0: [null, cut(1)], x1: [null, cut(2)], y1: [null, cut(3)],
  };
}

// A fan to begin with, where there is not even an outline.
function newFan({ rows, columns }) {
  const window = [0, 0, columns - 1, rows - 1];
  return { apex: [columns / 2, 0], angles: [-40, 40], radius: [0, Math.max(rows - 1, 4)], aspect: 1, window };
}

// The distance of two points: in cm where both are in the part of the frame for which the header gives it, else in pixels.
export function distance([x0, y0], [x1, y1], scale) {
  const inside = (x, y) => x >= scale.box[0] && x <= scale.box[2] && y >= scale.box[1] && y <= scale.box[3];
  if (scale && inside(x0, y0) && inside(x1, y1)) {
    return `${Math.hypot((x1 - x0) * scale.cm[0], (y1 - y0) * scale.cm[1]).toFixed(2)} cm`;
  }
  const why = scale ? "outside the image" : "the header gives no cm";
  return `${Math.hypot(x1 - x0, y1 - y0).toFixed(0)} px (${why})`;
}

// ---------------------------------------------------------------- elements

function make(name, given = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...inside);
  return made;
}

function line(kind, name, given) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [key, value] of Object.entries({ class: name, ...given })) made.setAttribute(key, value);
  return made;
}

const corners = ([x0, y0, x1, y1]) => [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
const polygon = (name, points, given) => line("polygon", name, { points: points.map((each) => each.join()).join(" "), ...given });
const grip = (name, points) => polygon("grip", points, { "data-grip": name }); // wide and unseen, to take hold of
const handle = (name, [x, y]) => line("path", "handle", { d: `M${x} ${y}h0`, "data-handle": name }); // round, at any zoom

// ---------------------------------------------------------------- one clip

class Screen {
  constructor(clip) {
    const { rows, columns, facts, reason } = clip;
    Object.assign(this, { clip, count: clip.frames_sizes.length, drawn: null, caliper: null });
    this.frames = new Frames(jpegs(clip.frames, clip.frames_sizes));
    this.over = new Frames(jpegs(clip.overlay, clip.overlay_sizes));
    this.canvas = make("canvas", { width: columns, height: rows });
    this.lines = line("svg", "", { viewBox: `0 0 ${columns} ${rows}`, preserveAspectRatio: "none" });
    this.length = make("output");
    this.layer = make("div", { className: "layer" }, this.canvas, this.lines, this.length);
    this.window = make("div", { className: "window" }, this.layer);
    const table = make("table", {}, ...Object.entries(facts).map(([name, text]) =>
      make("tr", {}, make("th", { textContent: name }), make("td", { textContent: text }))));
    const shown = this.count ? this.window : make("p", { className: "reason", textContent: reason });
    this.element = make("figure", {}, ...(this.count || reason ? [shown] : []), make("figcaption", {}, table));
    this.brush = this.canvas.getContext("2d", { alpha: false });
  }

  get fan() {
    return this.drawn ?? this.clip.fan;
  }

  // Frame i, or the last of a shorter clip, if it is decoded.
  bitmap(i, overlay) {
    return (overlay && this.clip.overlay_sizes.length ? this.over : this.frames).bitmap(Math.min(i, this.count - 1));
  }

  draw(i, bitmap, overlay, most) {
    this.brush.drawImage(bitmap, 0, 0);
    this.window.dataset.frame = Math.min(i, this.count - 1);
    const { rows, columns, overlay_sizes } = this.clip;
    const soon = overlay && overlay_sizes.length ? this.over : this.frames;
    soon.prepare(Math.min(i, this.count - 1), this.count, rows * columns, most);
  }

  // Fit the frame, or its sector alone, into the window, and that into what is zoomed.
  place({ sector, zoom, x, y }) {
    const { rows, columns, box } = this.clip, [x0, y0, x1, y1] = (sector && box) || [0, 0, columns, rows];
    const width = x1 - x0, height = y1 - y0, percent = (share) => `${(100 * share).toFixed(3)}%`;
    this.element.style.setProperty("--wide", `min(${clamp(width, 480, 900)}px, ${(70 * width) / height}vh)`);
    this.window.style.aspectRatio = `${width} / ${height}`;
    Object.assign(this.layer.style, {
      width: percent((zoom * columns) / width), left: percent(x - (zoom * x0) / width),
      height: percent((zoom * rows) / height), top: percent(y - (zoom * y0) / height),
    });
  }

  // The lines over a frame. The outline of a fan that was dragged is the fan's: so networks will see the clip.
  trace({ outline, fan, editing }) {
    const { rows, columns, scale, begin } = this.clip, inside = ([x, y]) => [clamp(x, 0, columns), clamp(y, 0, rows)];
    this.traced = this.fan ?? (editing ? begin ?? newFan(this.clip) : null);
    const edge = this.traced && fanEdge(this.traced), around = this.drawn ? edge : this.clip.outline;
    const lines = outline && around.length ? [polygon("edge", around)] : [];
    if (this.traced && (fan || editing)) lines.push(polygon("fan", edge));
    this.handles = this.traced && editing ? fanHandles(this.traced, [columns, rows]) : {};
    if (this.handles.upper) {
      const window = corners(this.traced.window);
      lines.push(polygon("cutting", window), grip("window", window), grip("edge", edge));
      if (outline) lines.push(grip("edge", around));
    }
    this.length.hidden = !this.caliper;
    if (this.caliper) {
      const [[x1, y1], [x2, y2]] = this.caliper;
      lines.push(line("line", "caliper", { x1, y1, x2, y2 }));
      this.handles.from = [this.caliper[0]];
      this.handles.to = [this.caliper[1]];
      this.length.textContent = distance(...this.caliper, scale);
      Object.assign(this.length.style, { left: `${(100 * x2) / columns}%`, top: `${(100 * y2) / rows}%` });
    }
    for (const [name, [place, , seen = place]] of Object.entries(this.handles)) if (place) lines.push(handle(name, inside(seen)));
    this.lines.replaceChildren(...lines);
  }

  // Move what has a name to a place; whether it is the fan.
  drag(name, place) {
    const { rows, columns } = this.clip, [x, y] = place;
    if (name === "from" || name === "to") this.caliper[name === "from" ? 0 : 1] = [clamp(x, 0, columns), clamp(y, 0, rows)];
    else this.drawn = this.handles[name][1](place);
    return !["from", "to"].includes(name);
  }

  // The place in the frame of a pointer.
  point({ clientX, clientY }) {
    const box = this.layer.getBoundingClientRect(), { rows, columns } = this.clip;
    return [((clientX - box.x) * columns) / box.width, ((clientY - box.y) * rows) / box.height];
  }

  close() {
    this.frames.close();
    this.over.close();
  }
}

// Frames by number, out of the bytes of all.
function jpegs(bytes, sizes) {
  let end = 0;
  const ends = sizes.map((size) => (end += size));
  return (i) => new Uint8Array(bytes.buffer, bytes.byteOffset + ends[i] - sizes[i], sizes[i]);
}

// ---------------------------------------------------------------- clips in step

// `told` is called with what changed: {playing, frame, speed, …} or {drawn: a fan of each clip}.
class Cine {
  constructor(place, told) {
    Object.assign(this, { place, told, screens: [], ms: 40, speed: 1, playing: false, frame: 0, last: 0, sought: null });
    this.view = { sector: false, outline: false, fan: true, overlay: false, editing: false, measuring: false, zoom: 1, x: 0, y: 0 };
    this.touches = new Map();
    this.tick = (now) => {
      if (this.closed) return;
      requestAnimationFrame(this.tick);
      this.step(now);
    };
    requestAnimationFrame(this.tick);
  }

  get count() {
    return Math.max(0, ...this.screens.map((each) => each.count));
  }

  // Other clips, from their first frame on; those that are there already stay.
  show(clips, ms, drawn) {
    const before = this.screens;
    this.screens = clips.map((clip, i) => (before[i]?.clip === clip ? before[i] : this.listen(new Screen(clip))));
    before.filter((each) => !this.screens.includes(each)).forEach((each) => each.close());
    this.screens.forEach((each, i) => (each.drawn = drawn[i] ?? null));
    this.ms = ms;
    this.place.replaceChildren(...this.screens.map((each) => each.element));
    this.look();
    this.goto(this.frame);
  }

  // Draw a frame of every clip, once all are decoded.
  draw(i) {
    const there = this.screens.filter((each) => each.count);
    const bitmaps = there.map((each) => each.bitmap(i, this.view.overlay));
    if (!there.length || bitmaps.includes(undefined)) return false;
    there.forEach((each, k) => each.draw(i, bitmaps[k], this.view.overlay, PIXELS / there.length));
    this.frame = i;
    this.seen?.(i);
    return true;
  }

  step(now) {
    if (this.sought !== null) {
      if (this.draw(this.sought)) Object.assign(this, { sought: null, last: now });
      return;
    }
    if (!this.playing || this.count < 2) return;
    const ms = this.ms / this.speed, steps = Math.floor((now - this.last + 4) / ms); // a screen's clock is not ours
    if (steps < 1) return;
    if (this.draw((this.frame + steps) % this.count)) this.last += steps * ms;
    else this.last = now - ms; // it is being decoded: go on with it
  }

  goto(i) {
    if (this.count) this.frame = this.sought = ((i % this.count) + this.count) % this.count;
  }

  run(playing) {
    if (playing && !this.playing) this.last = performance.now();
    this.playing = playing;
  }

  look(changes = {}) {
    Object.assign(this.view, changes);
    this.view.x = clamp(this.view.x, 1 - this.view.zoom, 0);
    this.view.y = clamp(this.view.y, 1 - this.view.zoom, 0);
    for (const each of this.screens) {
      if (!this.view.measuring) each.caliper = null;
      each.place(this.view);
      each.trace(this.view);
    }
  }

  // `x`, `y`: the place in the window that stays, as shares of its size
  zoom(by, x = 0.5, y = 0.5) {
    const zoom = clamp(this.view.zoom * by, 1, 8), more = zoom / this.view.zoom;
    this.look({ zoom, x: x - (x - this.view.x) * more, y: y - (y - this.view.y) * more });
  }

  listen(screen) {
    const { window } = screen;
    window.addEventListener("pointerdown", (event) => this.press(screen, event));
    window.addEventListener("pointermove", (event) => this.move(screen, event));
    for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, (event) => this.release(event, end));
    window.addEventListener("dblclick", () => this.look({ zoom: 1, x: 0, y: 0 }));
    window.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return; // without it the notebook scrolls
      event.preventDefault();
      const box = window.getBoundingClientRect();
      this.zoom(Math.exp(-event.deltaY / 400), (event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height);
    }, { passive: false });
    return screen;
  }

  press(screen, event) {
    if (event.button) return;
    screen.window.setPointerCapture(event.pointerId);
    const point = screen.point(event), { handle: name, grip } = event.target.dataset;
    const touch = { name, x: event.clientX, y: event.clientY, moved: 0 };
    if (grip && !this.view.measuring) touch.name = fanPart(screen.traced, point, grip === "window");
    if (!touch.name && this.view.measuring) {
      screen.caliper = [point, point];
      touch.name = "to";
    }
    // a handle that lies outside the frame is shown at its edge, and moves from where it is
    const place = (name && screen.handles[name][0]) ?? point;
    touch.off = [place[0] - point[0], place[1] - point[1]];
    this.touches.set(event.pointerId, touch);
  }

  move(screen, event) {
    const touch = this.touches.get(event.pointerId);
    if (!touch) return;
    const dx = event.clientX - touch.x, dy = event.clientY - touch.y, box = screen.window.getBoundingClientRect();
    Object.assign(touch, { x: event.clientX, y: event.clientY, moved: touch.moved + Math.abs(dx) + Math.abs(dy) });
    if (touch.name) {
      const [x, y] = screen.point(event);
      touch.fan = screen.drag(touch.name, [x + touch.off[0], y + touch.off[1]]);
      screen.trace(this.view);
    } else this.look({ x: this.view.x + dx / box.width, y: this.view.y + dy / box.height });
  }

  release(event, end) {
    const touch = this.touches.get(event.pointerId);
    this.touches.delete(event.pointerId);
    if (touch?.fan) this.told({ drawn: this.screens.map((each) => each.drawn) });
    if (touch && !touch.name && touch.moved < 8 && end === "pointerup") this.tapped?.();
  }

  close() {
    this.closed = true;
    this.screens.forEach((each) => each.close());
  }
}

// ---------------------------------------------------------------- the widget

const SPEEDS = [0.25, 0.5, 1, 2];
const SWITCHES = { // trait → its words, and the clips that have it
  zoom: ["sector", (clip) => clip.box],
  outline: ["outline", (clip) => clip.outline.length],
  fan: ["fan", (clip) => clip.fan],
  overlay: ["", (clip) => clip.overlay_sizes.length],
};

function button(text, title, press) {
  const made = make("button", { type: "button", textContent: text, title });
  made.setAttribute("aria-label", title);
  made.addEventListener("click", press);
  return made;
}

function controls(model, cine, told) {
  const pause = (frame) => told({ playing: false, frame });
  const to = (i) => pause(((i % cine.count) + cine.count) % cine.count);
  const play = button("▶", "play or pause (space)", () => told({ playing: !model.get("playing"), frame: cine.frame }));
  const slider = make("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "frame" });
  slider.addEventListener("input", () => { // the kernel hears of it when it is released
    cine.run(false);
    cine.goto(Number(slider.value));
  });
  slider.addEventListener("change", () => pause(Number(slider.value)));
  const number = make("output");
  const speed = make("select", { title: "speed (↑ ↓)" }, ...SPEEDS.map((each) => make("option", { value: each, textContent: `${each} ×` })));
  speed.addEventListener("change", () => told({ speed: Number(speed.value) }));
  const switches = Object.fromEntries(Object.entries(SWITCHES).map(([name, [words]]) => [name,
    button(words || model.get("overlay_name"), `${words || model.get("overlay_name")} on or off`, () => told({ [name]: !model.get(name) }))]));
  const edit = button("edit fan", "drag the outline, the fan, its sides, and the window that cuts it", () => cine.look({ editing: !cine.view.editing }));
  const measure = button("calipers", "drag from one point to another", () => cine.look({ measuring: !cine.view.measuring }));
  const bright = make("input", { type: "range", min: 50, max: 300, value: 100 });
  bright.addEventListener("input", () => cine.place.style.setProperty("--bright", `${bright.value}%`));
  const before = button("❮", "previous frame (←)", () => to(cine.frame - 1));
  const after = button("❯", "next frame (→)", () => to(cine.frame + 1));
  const row = make("div", { className: "controls" }, play, before, after, slider, number, speed, ...Object.values(switches),
    edit, measure, make("label", {}, "brightness", bright));
  const faster = (by) => told({ speed: SPEEDS[clamp(SPEEDS.indexOf(model.get("speed")) + by, 0, SPEEDS.length - 1)] });
  const keys = {
    " ": () => play.click(), ArrowLeft: () => before.click(), ArrowRight: () => after.click(),
    ArrowUp: () => faster(1), ArrowDown: () => faster(-1),
    "+": () => cine.zoom(1.25), "=": () => cine.zoom(1.25), "-": () => cine.zoom(0.8),
  };
  const say = () => {
    const clips = cine.screens.map((each) => each.clip);
    Object.assign(play, { textContent: cine.playing ? "❚❚" : "▶" });
    play.dataset.playing = cine.playing;
    speed.value = model.get("speed");
    slider.max = Math.max(0, cine.count - 1);
    row.hidden = !cine.count;
    for (const [name, made] of Object.entries(switches)) {
      made.hidden = !clips.some(SWITCHES[name][1]);
      made.setAttribute("aria-pressed", model.get(name));
    }
    edit.setAttribute("aria-pressed", cine.view.editing);
    measure.setAttribute("aria-pressed", cine.view.measuring);
  };
  cine.tapped = () => play.click();
  cine.seen = (i) => {
    slider.value = i;
    number.textContent = `${i + 1} / ${cine.count}`;
  };
  return { row, keys, say };
}

// The table of fans that a fan that was dragged is saved in.
function saving(model) {
  const path = make("input", { type: "text", placeholder: "fans.csv", title: "table of fans", "aria-label": "table of fans" });
  const said = make("span", { role: "status" });
  let waiting;
  const save = button("save fan", "write what was dragged into the table of fans", () => {
    model.set("table", path.value.trim());
    model.save_changes();
    said.textContent = "";
    clearTimeout(waiting);
    waiting = setTimeout(() => (said.textContent = "no answer yet; if the kernel was restarted, run this player's cell again"), 4000);
    model.send({ save: true });
  });
  const say = () => {
    if (document.activeElement !== path) path.value = model.get("table");
  };
  const hear = () => { // of a save, by the kernel
    clearTimeout(waiting);
    said.textContent = model.get("said");
  };
  hear();
  return { row: make("div", { className: "saving" }, path, save, said), say, hear };
}

const TYPED = "input[type=text]";

// Keys are the player's while it has the focus, and nothing of them reaches the notebook, where `x` would cut the cell.
function typed(event, root, keys) {
  event.stopPropagation();
  const on = event.target, key = event.key;
  if (event.ctrlKey || event.metaKey || event.altKey || on.matches(TYPED)) return;
  if (key === "Escape") return root.blur();
  if (on.matches("select, input") && /^Arrow|^Home$|^End$|^Page/.test(key)) return;
  if ((on.matches("button") && key === " ") || !keys[key]) return;
  event.preventDefault();
  keys[key]();
}

function render({ model, el }) {
  const place = make("div", { className: "clips" });
  const root = make("div", { className: "cine", tabIndex: 0, "data-lm-suppress-shortcuts": "true" });
  const told = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
    say();
  };
  const cine = new Cine(place, told), { row, keys, say: show } = controls(model, cine, told), table = saving(model);
  const say = () => {
    show();
    table.say();
    table.row.hidden = !cine.view.editing;
  };
  const clips = () => Array.from({ length: model.get("count") }, (_, i) => model.get(`clip${i}`));
  const look = () => cine.look({ sector: model.get("zoom"), outline: model.get("outline"), fan: model.get("fan"), overlay: model.get("overlay") });
  const follow = {
    shown: () => cine.show(clips(), model.get("step"), model.get("drawn")),
    frame: () => model.get("frame") !== cine.frame && cine.goto(model.get("frame")),
    playing: () => cine.run(model.get("playing")),
    speed: () => (cine.speed = model.get("speed")),
    drawn: () => {
      cine.screens.forEach((each, i) => (each.drawn = model.get("drawn")[i] ?? null));
      cine.look();
    },
    overlay: () => {
      look();
      cine.goto(cine.frame);
    },
    zoom: look, outline: look, fan: look, table: () => {}, said: table.hear,
  };
  const heard = Object.entries(follow).map(([name, job]) => [`change:${name}`, () => {
    job();
    say();
  }]);
  heard.forEach(([name, job]) => model.on(name, job));
  root.addEventListener("keydown", (event) => typed(event, root, keys));
  root.addEventListener("click", (event) => {
    say();
    if (event.detail && event.target.closest("button, .window")) root.focus({ preventScroll: true }); // a space bar plays
  });
  root.append(row, table.row, place);
  el.append(root);
  look();
  for (const name of ["speed", "shown", "frame", "playing"]) follow[name]();
  say();
  return () => {
    heard.forEach(([name, job]) => model.off(name, job));
    cine.close();
  };
}

export default { render };
