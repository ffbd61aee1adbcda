// The page of a review. Every judgement goes through one queue (`act`): it is written on the server's disk before the
// next clip is shown, and what is pressed meanwhile waits for that clip.

import { Frames } from "./cine.js";

const $ = (id) => document.getElementById(id);
const here = location.pathname; // /r/<reader>/
const page = crypto.getRandomValues(new Uint32Array(2)).join("-"); // this window
const KEPT = `review ${here}`; // in sessionStorage: the answer that is not on the server's disk yet
const DRAFTS = `drafts ${here}`; // there, too: reasons and notes of clips that are not judged yet
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// ---------------------------------------------------------------- clips

const AHEAD = 3; // clips fetched before they are shown

class Clip {
  constructor(number, whole) {
    Object.assign(this, { number, whole, frames: [], head: null, error: "", complete: false });
    this.decoded = new Frames((i) => this.frames[i]);
    this.stopped = new AbortController();
    this.coming = this.read();
  }

  async read() {
    for (let turn = 0; !this.complete && !this.error && !this.stopped.signal.aborted; turn++) {
      if (turn) await wait(Math.min(500 * turn, 3000)); // the network was lost: from the beginning
      try {
        await this.once();
      } catch (error) {
        if (error instanceof Told) this.fail(error.message);
        else if (turn > 1) lost(true);
      }
    }
  }

  async once() {
    const address = `${here}clip/${this.number}${this.whole ? "?whole" : ""}`;
    const answer = await fetch(address, { signal: this.stopped.signal, headers: { "x-page": page } });
    if (answer.status === 429) throw new Error("too many at once");
    if (!answer.ok) throw new Told((await answer.json()).error);
    const frames = [];
    for await (const [kind, content] of pieces(answer.body.getReader())) {
      lost(false);
      if (kind === "h") this.head = JSON.parse(text(content));
      else if (kind === "f") {
        frames.push(content);
        if (frames.length > this.frames.length) this.frames = frames;
        if (frames.length <= 2) this.bitmap(frames.length - 1);
      } else if (kind === "e") return this.fail(JSON.parse(text(content)).error);
      else this.complete = true;
    }
    if (!this.complete) throw new Error("cut off");
  }

  fail(words) {
    this.error = words;
  }

  stop() {
    this.stopped.abort();
    this.decoded.close();
  }

  bitmap(i) {
    return this.decoded.bitmap(i);
  }

  prepare(now) {
    this.decoded.prepare(now, this.head.frames, this.head.rows * this.head.columns);
  }
}

class Told extends Error {} // the server's own words

const text = (bytes) => new TextDecoder().decode(bytes);

// The pieces of a stream: a letter, four bytes of length, the content.
async function* pieces(reader) {
  let buffer = new Uint8Array(1 << 16), from = 0, to = 0;
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    if (to + value.length > buffer.length) {
      const grown = new Uint8Array(Math.max(2 * (to - from + value.length), 1 << 16));
      grown.set(buffer.subarray(from, to));
      [buffer, from, to] = [grown, 0, to - from];
    }
    buffer.set(value, to);
    to += value.length;
    while (to - from >= 5) {
      const size = new DataView(buffer.buffer, from + 1, 4).getUint32(0);
      if (to - from < 5 + size) break;
      yield [String.fromCharCode(buffer[from]), buffer.slice(from + 5, from + 5 + size)];
      from += 5 + size;
    }
  }
}

// The clips at hand: the one that is shown, the next ones, the one before.
const clips = new Map();

function clip(number, whole = false) {
  const key = `${number} ${whole}`;
  if (!clips.has(key)) clips.set(key, new Clip(number, whole));
  return clips.get(key);
}

function keepOnly(wanted) {
  const keys = new Set(wanted.map((number) => `${number} false`).concat(`${study.order[place]} ${whole}`));
  for (const [key, each] of clips) {
    if (keys.has(key)) continue;
    each.stop();
    clips.delete(key);
  }
}

// ---------------------------------------------------------------- player

const view = { playing: true, frame: -1, last: 0, speed: 1, zoom: 1, x: 0, y: 0 };
const picture = $("picture"), stage = $("stage"), brush = picture.getContext("2d", { alpha: false });
let shown = null; // the clip on the stage

function stageClip(next) {
  Object.assign(view, { frame: -1, playing: true });
  shown = next;
  $("instead").hidden = true;
  $("warning").hidden = true;
  $("known").textContent = "";
  stage.dataset.frame = "";
  brush.fillRect(0, 0, picture.width, picture.height);
  $("counter").textContent = "…";
}

function draw(i) {
  const bitmap = shown.bitmap(i);
  if (!bitmap) return false;
  if (picture.width !== bitmap.width || picture.height !== bitmap.height) {
    Object.assign(picture, { width: bitmap.width, height: bitmap.height });
  }
  brush.drawImage(bitmap, 0, 0);
  const first = view.frame < 0;
  view.frame = i;
  stage.dataset.frame = i;
  $("frame").max = shown.head.frames - 1;
  $("frame").value = i;
  $("counter").textContent = `${i + 1} / ${shown.head.frames}`;
  shown.prepare(i);
  if (first) firstFrame();
  return true;
}

function tick(now) {
  requestAnimationFrame(tick);
  if (!shown) return;
  if (shown.error && $("instead").hidden) return instead(shown.error);
  if (!shown.head || shown.error) return;
  if (view.frame < 0) {
    if (draw(0)) view.last = now;
    return;
  }
  if (!view.playing || shown.frames.length < 2) return;
  const step = shown.head.ms / view.speed;
  const steps = Math.floor((now - view.last + 4) / step); // a screen's clock is not ours
  if (steps < 1) return;
  const next = view.frame + steps;
  const loops = shown.frames.length === shown.head.frames || shown.complete;
  const there = loops ? next % shown.frames.length : next;
  if (there < shown.frames.length && draw(there)) view.last += steps * step;
  else view.last = now - step; // it has not come yet, or is being decoded: go on with it
}

function play(playing = !view.playing) {
  Object.assign(view, { playing, last: performance.now() });
  $("play").textContent = playing ? "Pause" : "Play";
  $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
}

async function seek(i) {
  play(false);
  const on = shown;
  if (!on?.head || on.error) return;
  const target = ((i % on.head.frames) + on.head.frames) % on.head.frames;
  view.sought = target;
  for (let turn = 0; turn < 200 && on === shown && view.sought === target; turn++) {
    if (draw(target)) return;
    await wait(10);
  }
}

function speed(by) {
  const choice = $("speed");
  choice.selectedIndex = Math.min(choice.length - 1, Math.max(0, choice.selectedIndex + by));
  view.speed = Number(choice.value);
}

// A clip that cannot be shown: judgements pressed meanwhile are not counted.
function instead(words) {
  $("instead").textContent = `This clip cannot be shown: ${words}`;
  $("instead").hidden = false;
  began = performance.now();
  ready = true;
  facts();
  speak($("instead").textContent);
  pump();
}

// ---------------------------------------------------------------- zoom, pan, grey levels

function place_() {
  const { width, height } = stage.getBoundingClientRect();
  view.x = Math.min(0, Math.max(width * (1 - view.zoom), view.x));
  view.y = Math.min(0, Math.max(height * (1 - view.zoom), view.y));
  picture.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
}

function zoom(by, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const next = Math.min(8, Math.max(1, view.zoom * by));
  view.x = x - ((x - view.x) * next) / view.zoom;
  view.y = y - ((y - view.y) * next) / view.zoom;
  view.zoom = next;
  place_();
}

function grey() {
  picture.style.filter = `brightness(${$("brightness").value}%) contrast(${$("contrast").value}%)`;
}

function resetView() {
  Object.assign(view, { zoom: 1, x: 0, y: 0 });
  $("brightness").value = $("contrast").value = 100;
  place_();
  grey();
}

const touches = new Map();
let moved = 0;

stage.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  stage.setPointerCapture(event.pointerId);
  if (!touches.size) moved = 0;
  touches.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
});

stage.addEventListener("pointermove", (event) => {
  const was = touches.get(event.pointerId);
  if (!was) return;
  const box = stage.getBoundingClientRect(), now = { x: event.clientX - box.x, y: event.clientY - box.y };
  const other = [...touches].find(([id]) => id !== event.pointerId)?.[1];
  if (other) zoom(Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(was.x - other.x, was.y - other.y)),
    (now.x + other.x) / 2, (now.y + other.y) / 2);
  else Object.assign(view, { x: view.x + now.x - was.x, y: view.y + now.y - was.y });
  moved += Math.abs(now.x - was.x) + Math.abs(now.y - was.y) + (other ? 10 : 0);
  place_();
  touches.set(event.pointerId, now);
});

for (const end of ["pointerup", "pointercancel"]) {
  stage.addEventListener(end, (event) => {
    const ours = touches.delete(event.pointerId);
    if (end === "pointerup" && ours && !touches.size && moved < 8) play(); // a tap
  });
}

stage.addEventListener("dblclick", resetView);
stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = stage.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), event.clientX - box.x, event.clientY - box.y);
}, { passive: false });

// ---------------------------------------------------------------- the study

let study = null; // what the server said
let place = 0; // in the order of this reader
let whole = false;
let answered = new Map(); // place → {answer, reasons, note, seconds}; the last given is the last in it
let drafts = new Map(); // place → {reasons, note}: not judged yet
const remarks = new Map(); // place → what is said of it until it is judged
let soon = []; // numbers of clips that are fetched when this one is seen
let began = 0; // when the clip was first seen

const open = (from) => {
  const count = study.order.length;
  for (let i = 0; i < count; i++) if (!answered.has((from + i) % count)) return (from + i) % count;
  return -1;
};

async function state() {
  const answer = await fetch(`${here}state`, { headers: { "x-page": page } });
  if (answer.status === 401) throw new Told((await answer.json()).error);
  if (!answer.ok) throw new Error((await answer.json()).error);
  study = await answer.json();
  answered = new Map(study.answered.map(([at, answer, reasons, note, seconds]) => [at, { answer, reasons, note, seconds }]));
  elsewhere(study.others);
}

function draft() {
  if (!drafts.has(place)) {
    const { reasons = [], note = "" } = answered.get(place) ?? {};
    drafts.set(place, { reasons: [...reasons], note });
  }
  return drafts.get(place);
}

// The numbers of the clips that are judged next.
function ahead() {
  const found = [];
  for (let at = place; found.length < AHEAD; found.push(at)) {
    at = open((at + 1) % study.order.length);
    if (at < 0 || at === place || found.includes(at)) break;
  }
  return found.map((each) => study.order[each]);
}

// Show the clip of a place; -1: all are judged.
function show(next) {
  const done = next < 0;
  document.querySelector("main").hidden = done;
  $("done").hidden = !done;
  ready = done;
  if (done) {
    place = study.order.length - 1;
    shown = null;
    speak("All clips are judged.");
  } else {
    place = next;
    whole = false;
    const number = study.order[place];
    const coming = ahead();
    const before = place ? [study.order[place - 1]] : [];
    stageClip(clip(number));
    resetView();
    letGo();
    $("meaning").textContent = "";
    play(true);
    keepOnly([number, ...coming, ...before]);
    shown.coming.finally(() => place === next && coming.forEach((each) => clip(each)));
    soon = coming.slice(0, 1); // once this one is seen; the others when it is here
    judgements();
  }
  facts();
}

function firstFrame() {
  began = performance.now();
  performance.clearMeasures("first frame");
  performance.measure("first frame", { start: view.asked ?? 0, end: began });
  const { unsure, facts: known, quality, pace } = shown.head;
  $("warning").hidden = !unsure;
  $("warning").textContent = `The edge of the image was not found for sure: parts of it may be missing, or text may show.`;
  const rate = pace ? "" : " The file does not say how fast it was recorded: shown at 30 frames a second.";
  $("sent").textContent = `Frames are sent as JPEG of quality ${quality}; ${shown.whole ? "the whole frame" : "only the ultrasound sector"} is shown.${rate}`;
  $("known").textContent = [frames(shown.head.frames), ...Object.entries(known).map(([name, value]) => `${name}: ${value}`)]
    .filter(Boolean).join(" · ");
  ready = true;
  soon.forEach((each) => clip(each));
  pump();
}

// A clip of few frames looks like a still: how many there are is said.
function frames(count) {
  return count === 1 ? "A single frame" : count < 6 ? `A clip of ${count} frames, shown in turn` : "";
}

async function judgements() {
  $("told").hidden = true;
  const at = place;
  if (!study.adjudicated.includes(at)) return;
  const answer = await fetch(`${here}judgements/${at}`).catch(() => null);
  if (!answer?.ok || at !== place) return;
  const said = await answer.json();
  $("told").replaceChildren(...said.map((each) => {
    const line = document.createElement("p");
    line.textContent = [`${each.reader}: ${each.answer}`, each.reasons, each.note].filter(Boolean).join(" · ");
    return line;
  }));
  $("told").hidden = !said.length;
}

// What is said of the clip and of the progress.
function facts() {
  const done = answered.size, of = study.order.length, now = answered.get(place);
  $("share").max = Math.max(1, of);
  $("share").value = done;
  $("progress").textContent = `${done} of ${of} judged${left(of - done)}`;
  $("given").textContent = $("done").hidden ? given(now) : "";
  for (const button of $("answers").children) button.setAttribute("aria-pressed", now?.answer === button.dataset.answer);
  for (const button of $("reasons").children) {
    button.setAttribute("aria-pressed", draft().reasons.includes(button.dataset.reason));
  }
  if (document.activeElement !== $("note")) $("note").value = draft().note;
  $("undo").disabled = !answered.size;
  $("back").disabled = !place;
  $("next").firstChild.textContent = now ? "Go on " : "Skip ";
  const failed = Boolean(shown?.error);
  $("goon").hidden = $("retry").hidden = !failed;
  $("answers").hidden = failed;
  $("whole").hidden = !study.whole;
  $("whole").setAttribute("aria-pressed", whole);
}

const sorted = (reasons) => [...reasons].sort().join();
const changed = (now) => sorted(draft().reasons) !== sorted(now.reasons) || draft().note !== now.note;

// What is said of the answer of this clip.
function given(now) {
  if (!now) return remarks.get(place) ?? before();
  const said = `You answered: ${[now.answer, ...now.reasons].join(", ")}`;
  return changed(now) ? `${said}. Reasons or note have changed: they are saved when you go on.` : said;
}

// What was said last, once the next clip is shown.
function before() {
  const last = [...answered.values()].at(-1);
  return last ? `Your last answer was “${[last.answer, ...last.reasons].join(", ")}”. Undo takes it back.` : "";
}

function left(count) {
  const took = [...answered.values()].map((each) => each.seconds).filter((each) => each > 0).sort((a, b) => a - b);
  if (took.length < 8 || !count) return ""; // fewer say little
  const minutes = Math.ceil((count * took[Math.floor(took.length / 2)]) / 60);
  return `, about ${minutes} min left`;
}

// ---------------------------------------------------------------- judging

let ready = false; // the clip of this place is seen
let busy = false; // an answer is on its way to the disk
let since = 0; // when it set out
const waiting = []; // judgements pressed meanwhile

function act(what, value) {
  if (busy && performance.now() - since > 1500) {
    return alert_("Not saved yet: what you press now is not counted. Your last answer is kept here, and sent again.", "unsaved");
  }
  waiting.push([what, value]);
  pump();
}

async function pump() {
  while (waiting.length && ready && !busy) {
    const [what, value] = waiting.shift();
    busy = true;
    since = performance.now();
    try {
      await does[what](value);
    } catch (error) {
      alert_(error.message, "refused");
      waiting.length = 0; // what was meant for the next clip
    }
    busy = false;
    facts();
  }
}

const does = {
  async answer(said) {
    if ($("done").hidden === false) return;
    if (shown.error) return speak("This clip cannot be shown; it is not judged.");
    await decide(said);
  },
  async unreadable() {
    if (shown?.error) await decide("unreadable");
  },
  reason(name) {
    if ($("done").hidden === false) return;
    const { reasons } = draft(), at = reasons.indexOf(name);
    if (at < 0) reasons.push(name);
    else reasons.splice(at, 1);
    speak(`${name} ${at < 0 ? "on" : "off"}`);
    meaning(name);
  },
  async undo() {
    const last = [...answered.keys()].at(-1);
    if (last === undefined) return speak("There is nothing to undo.");
    const { answer, reasons, note } = answered.get(last);
    await save({ place: last, answer: "", reasons: [], note: "", seconds: 0 });
    drafts.set(last, { reasons: [...reasons], note });
    remarks.set(last, `“${answer}” for this clip was taken back: please answer again.`);
    show(last);
    speak(remarks.get(last));
  },
  async back() {
    await settle();
    const at = $("done").hidden ? place - 1 : place;
    if (at >= 0) show(at);
  },
  async next() {
    if ($("done").hidden === false) return;
    await settle();
    const at = open((place + 1) % study.order.length);
    if (at !== place) return show(at);
    remarks.set(place, "This is the only clip that is left.");
    speak(remarks.get(place));
  },
  retry() {
    if (!shown?.error) return;
    clips.delete(`${shown.number} ${shown.whole}`);
    show(place);
  },
  whole() {
    if (!study.whole || !shown) return;
    whole = !whole;
    ready = false;
    view.asked = performance.now();
    stageClip(clip(study.order[place], whole));
    keepOnly([...clips.values()].map((each) => each.number));
  },
};

async function decide(said) {
  view.asked = performance.now();
  await keepDraft(said, Math.max(0, performance.now() - began) / 1000);
  show(open((place + 1) % study.order.length));
}

// Save an answer with the reasons and the note that the page shows.
async function keepDraft(answer, seconds) {
  const { reasons, note } = draft();
  const order = study.reasons.map(([name]) => name).filter((each) => reasons.includes(each));
  await save({ place, answer, reasons: order, note, seconds });
  drafts.delete(place);
}

// Reasons or a note that were changed after the answer go with it.
async function settle() {
  const now = answered.get(place);
  if ($("done").hidden && now && changed(now)) await keepDraft(now.answer, now.seconds);
}

// Send an answer until it is on the server's disk. It is kept in this window meanwhile, also when the page is loaded again.
async function save(said, id = page.slice(0, 12) + crypto.getRandomValues(new Uint32Array(4)).join("-")) {
  const entry = { ...said, number: study.order[said.place], id: id.slice(0, 64) };
  keep(entry);
  const lines = study.lines;
  const now = await send(entry);
  keep(null);
  answered.delete(entry.place);
  if (entry.answer) answered.set(entry.place, entry);
  over("unsaved", "refused");
  elsewhere(now.others);
  study.lines = now.lines;
  if (now.lines > lines + 1 || now.places !== study.order.length) await state(); // another window, or more clips
}

async function send(entry) {
  for (let turn = 1; ; turn++) {
    const given = { "content-type": "application/json", "x-page": page };
    const how = { method: "POST", body: JSON.stringify(entry), headers: given, signal: AbortSignal.timeout(10000) };
    const answer = await fetch(`${here}answer`, how).catch(() => null);
    if (answer?.ok) return await answer.json();
    const words = (await answer?.json().catch(() => null))?.error;
    if (answer && [400, 401, 403, 409, 413].includes(answer.status)) {
      keep(null);
      throw new Error(`Not saved: ${words ?? "the server refuses it"}`);
    }
    const why = answer?.status === 507 ? words : answer ? "the server is busy" : "No connection to the server";
    if (answer?.status !== 429 || turn > 2) alert_(`Not saved: ${why}. Your answer is kept here, and sent again.`, "unsaved");
    await wait(Math.min(300 * turn, 2000));
  }
}

function keep(entry) {
  try {
    if (entry) sessionStorage.setItem(KEPT, JSON.stringify(entry));
    else sessionStorage.removeItem(KEPT);
  } catch { /* a browser that keeps nothing: the window still does */ }
}

// A window that is left says so, and keeps what was not answered for when it comes back.
addEventListener("pagehide", () => {
  fetch(`${here}left`, { method: "POST", keepalive: true, headers: { "x-page": page } }).catch(() => null);
  try {
    sessionStorage.setItem(DRAFTS, JSON.stringify([...drafts].filter(([at]) => !answered.has(at))));
  } catch { /* a browser that keeps nothing */ }
});

addEventListener("beforeunload", (event) => {
  if (busy && performance.now() - since > 500) event.preventDefault();
});

// ---------------------------------------------------------------- words

let alerted = ""; // the kind of what is said: unsaved, lost, elsewhere, refused

function alert_(words, kind) {
  alerted = kind;
  $("alert").textContent = words;
  $("alert").hidden = !words;
}

function over(...kinds) {
  if (kinds.includes(alerted)) alert_("", "");
}

function lost(gone) {
  if (!gone) over("lost");
  else if (alerted !== "unsaved") alert_("No connection to the server; it is tried again.", "lost");
}

function elsewhere(others) {
  const words = "This review is open in another window, too. Both may answer; for each clip the last answer counts.";
  if (!others) over("elsewhere");
  else if ($("alert").hidden) alert_(words, "elsewhere");
}

function speak(words) {
  $("spoken").textContent = words;
}

// ---------------------------------------------------------------- keys and buttons

const CONTROLS = { z: "undo", b: "back", n: "next", w: "whole", u: "unreadable", t: "retry" };
const keys = new Map(); // key → what it does

function assignKeys() {
  keys.clear();
  const taken = new Set([...Object.keys(CONTROLS), "i", "c"]);
  for (const [key, what] of Object.entries(CONTROLS)) keys.set(key, () => act(what));
  keys.set("c", () => act("answer", study.answers.at(-1)));
  const initials = study.scale.map((each) => each[0].toLowerCase());
  const plain = new Set(initials).size === initials.length && initials.every((key) => /[a-z]/.test(key) && !taken.has(key));
  const digits = study.scale.every((each) => /^\d$/.test(each));
  const labels = new Map([[study.answers.at(-1), "c"]]);
  study.scale.forEach((answer, i) => {
    const digit = digits ? answer : i < 10 ? String((i + 1) % 10) : "";
    if (digit) keys.set(digit, () => act("answer", answer));
    if (plain) keys.set(initials[i], () => act("answer", answer));
    if (plain) taken.add(initials[i]);
    labels.set(answer, plain ? initials[i] : digit);
  });
  for (const [reason] of study.reasons) {
    const key = [...reason.toLowerCase(), ..."abcdefghijklmnopqrstuvwxyz"].find((each) => /[a-z]/.test(each) && !taken.has(each));
    if (!key) continue;
    taken.add(key);
    keys.set(key, () => act("reason", reason));
    labels.set(`reason ${reason}`, key);
  }
  return labels;
}

function button(words, key, data, press) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", textContent: words });
  Object.assign(made.dataset, data);
  made.setAttribute("aria-pressed", "false");
  if (key) {
    const shortcut = document.createElement("kbd");
    shortcut.textContent = key;
    made.append(shortcut);
    made.setAttribute("aria-keyshortcuts", key);
  }
  made.addEventListener("click", press);
  return made;
}

const told = (reason, means) => (means ? `${reason}: ${means}` : reason);

// What a reason means is told where a mouse or the focus is on it, and once it was pressed.
function meaning(reason) {
  const [name, means] = study.reasons.find(([each]) => each === reason);
  $("meaning").textContent = means && told(name, means);
}

function explained(made, reason) {
  for (const kind of ["pointerenter", "focus"]) made.addEventListener(kind, () => meaning(reason));
  return made;
}

function build() {
  const labels = assignKeys();
  $("study").textContent = study.study;
  $("reader").textContent = `reader: ${study.reader}`;
  $("answers").replaceChildren(...study.answers.map((each) =>
    button(each, labels.get(each), { answer: each }, () => act("answer", each))));
  $("reasons").replaceChildren(...study.reasons.map(([each]) => explained(
    button(each, labels.get(`reason ${each}`), { reason: each }, () => act("reason", each)), each)));
  $("why").hidden = !study.reasons.length;
  const [, asked, criteria] = study.question.match(/^([^?]*\??)(.*)$/s);
  $("question").textContent = asked;
  $("criteria").textContent = criteria.trim();
  const rows = [
    ...study.answers.map((each) => [labels.get(each), each]),
    ["z", "take the last answer back; again, the one before it"], ["b", "back to the clip before"],
    ["n", "skip, it comes again at the end; or go on, where it is judged"], ["space", "play or pause"], ["← →", "frame by frame"],
    ["↑ ↓", "faster, slower"], ["+ −", "zoom; drag to move"], ["i", "write a note; Enter ends it"],
    ...study.reasons.map(([each, means]) => [labels.get(`reason ${each}`), `reason: ${told(each, means)}`]),
  ];
  $("keytable").replaceChildren(...rows.filter(([key]) => key).map(([key, means]) => {
    const row = document.createElement("tr"), head = document.createElement("th"), cell = document.createElement("td");
    const shortcut = document.createElement("kbd");
    shortcut.textContent = key;
    head.scope = "row";
    head.append(shortcut);
    cell.textContent = means;
    row.append(head, cell);
    return row;
  }));
}

const PLAYER = {
  " ": () => play(),
  ArrowLeft: () => seek(view.frame - 1),
  ArrowRight: () => seek(view.frame + 1),
  ArrowUp: () => speed(1),
  ArrowDown: () => speed(-1),
  "+": () => zoom(1.25),
  "=": () => zoom(1.25),
  "-": () => zoom(0.8),
  "?": () => $("keys").showModal(),
  i: () => $("note").focus(),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open || !study) return;
  const on = event.target, typed = on.matches?.("input[type=text]");
  if (typed) {
    if (event.key === "Enter" || event.key === "Escape") {
      on.blur();
      stage.scrollIntoView({ block: "nearest" }); // on a small screen the note is below the clip
    }
    return;
  }
  const moves = on.matches?.("select") ? /^Arrow|^Home$|^End$|^Page|^ $/ : /^Arrow|^Home$|^End$|^Page/;
  const own = on.matches?.("select, input[type=range]") && moves.test(event.key);
  const pressed = on.matches?.("button") && [" ", "Enter"].includes(event.key);
  if (own) return;
  if (event.repeat && !event.key.startsWith("Arrow")) return event.preventDefault(); // held down, it counts once
  if (pressed || (!$("keyson").checked && !event.key.startsWith("Arrow") && event.key !== " ")) return;
  const letter = event.key.length === 1 && event.key > "\x7f" ? event.code.replace(/^Key|^Digit/, "") : event.key;
  const job = PLAYER[event.key] ?? keys.get(letter.toLowerCase());
  if (!job) return;
  event.preventDefault();
  job();
});

// A slider that was moved lets the arrow keys go back to the clip: the mouse when it is let go, keys with the next clip.
const letGo = () => document.activeElement.matches?.("input[type=range]") && document.activeElement.blur();
addEventListener("pointerup", letGo);

// A button that was clicked must not be pressed again by a later space bar.
addEventListener("click", (event) => {
  if (event.detail && event.target.closest?.("button")) document.activeElement.blur?.();
});

const on = (id, kind, job) => $(id).addEventListener(kind, job);
on("play", "click", () => play());
on("before", "click", () => seek(view.frame - 1));
on("after", "click", () => seek(view.frame + 1));
on("frame", "input", () => seek(Number($("frame").value)));
on("speed", "change", () => speed(0));
on("brightness", "input", grey);
on("contrast", "input", grey);
on("in", "click", () => zoom(1.25));
on("out", "click", () => zoom(0.8));
on("reset", "click", resetView);
on("note", "input", () => (draft().note = $("note").value));
on("help", "click", () => $("keys").showModal());
on("shut", "click", () => $("keys").close());
on("keys", "close", () => document.activeElement.blur?.()); // else space would open them again
on("goon", "click", () => act("unreadable"));
on("again", "click", () => act("back"));
for (const what of ["undo", "back", "next", "retry", "whole"]) on(what, "click", () => act(what));
addEventListener("resize", place_);

// ---------------------------------------------------------------- begin

// Clips may be added for adjudication when all are judged.
setInterval(async () => {
  if ($("done").hidden || document.hidden || busy) return;
  await state().catch(() => null);
  if (open(0) >= 0) show(open(0));
}, 20000);

async function begin() {
  for (let turn = 1; ; turn++) {
    try {
      await state();
      break;
    } catch (error) {
      if (error instanceof Told) return alert_(error.message, "refused");
      lost(true);
      await wait(Math.min(500 * turn, 3000));
    }
  }
  lost(false);
  build();
  await resend();
  show(open(0));
  requestAnimationFrame(tick);
}

async function resend() {
  let entry = null;
  try {
    drafts = new Map((JSON.parse(sessionStorage.getItem(DRAFTS)) ?? []).filter(([at]) => !answered.has(at)));
    entry = JSON.parse(sessionStorage.getItem(KEPT));
  } catch { /* nothing was kept */ }
  if (!entry) return;
  busy = true;
  since = performance.now();
  await save(entry, entry.id).catch((error) => alert_(error.message, "refused"));
  busy = false;
}

begin();
