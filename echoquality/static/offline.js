// Stands in for the server where the page of a review is opened from a folder: clips come from files beside the page,
// and answers stay in this browser until they are saved as a file.

const exported = JSON.parse(document.getElementById("exported").textContent);
const HELD = `answers ${exported.key}`; // in localStorage
let lines = []; // the answers, the oldest first
let safe = true; // whether this browser keeps them
let saved = 0; // as many are in a file

function recall() {
  try {
    [lines, saved] = JSON.parse(localStorage.getItem(HELD)) ?? [[], 0];
  } catch {
    safe = false;
  }
}

function keepAll() {
  try {
    localStorage.setItem(HELD, JSON.stringify([lines, saved]));
  } catch {
    safe = false; // this window still has them
  }
}

recall();
let elsewhere = -Infinity; // when another window answered
addEventListener("storage", (event) => {
  if (event.key !== HELD) return;
  recall();
  elsewhere = performance.now();
});

// ---------------------------------------------------------------- in place of the server

const arriving = new Map(); // number of a clip → what takes its content

window.received = (number, content) => arriving.get(number)?.(content);

function clipOf(number) {
  return new Promise((take, fail) => {
    const script = document.createElement("script");
    arriving.set(number, take);
    const damaged = () => fail(new Error(`its file, clips/${number}.js, is damaged, or not beside this page`));
    script.onload = () => (script.remove(), damaged()); // nothing, where its content was received
    script.onerror = damaged;
    script.src = `clips/${number}.js`;
    document.head.append(script);
  });
}

const json = (said, status = 200) => new Response(JSON.stringify(said), { status });

function standing() {
  return { lines: lines.length, places: exported.state.order.length, others: performance.now() - elsewhere < 60000 };
}

function state() {
  const held = new Map(exported.state.answered.map((each) => [each[0], each]));
  for (const { place, answer, reasons, note, seconds } of lines) {
    held.delete(place);
    if (answer) held.set(place, [place, answer, reasons, note, seconds]);
  }
  return { ...exported.state, ...standing(), answered: [...held.values()] };
}

function add(entry) {
  if (!lines.some((each) => each.id === entry.id)) lines.push({ ...entry, time: new Date().toISOString() });
  keepAll();
  told();
  return standing();
}

window.fetch = async (address, how = {}) => {
  const asked = address.slice(location.pathname.length).split("?")[0];
  if (asked === "state") return json(state());
  if (asked === "answer") return json(add(JSON.parse(how.body)));
  if (!asked.startsWith("clip/")) return json({ error: "there is no server" }, 404);
  try {
    const content = await clipOf(Number(asked.slice(5)));
    return new Response(Uint8Array.from(atob(content), (each) => each.charCodeAt(0)));
  } catch (error) {
    return json({ error: error.message }, 404);
  }
};

// ---------------------------------------------------------------- the file of answers

const COLUMNS = ["id", "time", "place", "number", "answer", "reasons", "note", "seconds", "round", "blind"];
const quoted = (value) => `"${String(value).replaceAll('"', '""').replace(/\s+/g, " ")}"`;

function csv() {
  const rows = lines.map((each) => [
    `${exported.key}-${each.id}`.slice(0, 64), each.time, each.place, each.number, each.answer, each.reasons.join(";"),
    each.note, each.seconds.toFixed(2), "first", "True",
  ]);
  return [COLUMNS.join(","), ...rows.map((row) => row.map(quoted).join(",")), ""].join("\n");
}

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.download = exported.file;
  link.click();
  saved = lines.length;
  keepAll();
  told();
}

const button = document.createElement("button");
button.type = "button";
button.id = "save";
button.addEventListener("click", save);
document.getElementById("help").before(button);
document.querySelector("#done p").textContent =
  "Save the answers (above), and send the file to whoever gave you this folder.";

function told() {
  const left = lines.length - saved;
  const all = lines.length ? `All ${lines.length} answers are in a file: save again` : "Save answers";
  button.textContent = left ? `Save answers (${left} not in a file yet)` : all;
  if (!safe) button.textContent += " – this browser keeps nothing: save before you close the page";
}

told();
addEventListener("beforeunload", (event) => {
  if (!safe && lines.length > saved) event.preventDefault();
});
