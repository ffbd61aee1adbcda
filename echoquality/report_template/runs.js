// Comparison of two runs of the list: parameters, data, and figures with the interval of the paired difference.
const known = JSON.parse(document.getElementById("runs").textContent)
const [one, other] = ["one", "other"].map(id => document.getElementById(id))

function drawing(seed) { // uniform numbers, the same for the same seed (mulberry32)
  return () => {
    seed = (seed + 0x6D2B79F5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function auroc(clips, order, column, weights) { // ties count half
  let below = 0, good = 0, poor = 0
  for (let i = 0; i < order.length;) {
    let tiedGood = 0, tiedPoor = 0, score = clips[order[i]][column]
    for (; i < order.length && clips[order[i]][column] === score; i++) {
      const clip = clips[order[i]], weight = weights[clip.patient]
      if (clip.label) tiedGood += weight; else tiedPoor += weight
    }
    below += tiedGood * (poor + tiedPoor / 2); good += tiedGood; poor += tiedPoor
  }
  return good * poor ? below / (good * poor) : NaN
}

function share(clips, label, called, weights) {
  let right = 0, all = 0
  for (const clip of clips) if (clip.label === label) {
    all += weights[clip.patient]; right += (called(clip) === Boolean(label)) * weights[clip.patient]
  }
  return right / all
}

function paired(a, b) { // the clips that both runs tested
  if (!a.facts.clips || !b.facts.clips) return []
  const there = new Map(b.facts.clips.key.map((key, i) => [key, i])), clips = []
  a.facts.clips.key.forEach((key, i) => {
    const j = there.get(key)
    if (j === undefined || a.facts.clips.label[i] !== b.facts.clips.label[j]) return
    clips.push({patient: a.facts.clips.patient[i], label: a.facts.clips.label[i],
                a: a.facts.clips.score[i], b: b.facts.clips.score[j]})
  })
  return clips
}

function differences(a, b, rounds = 1000) {
  const clips = paired(a, b), patients = [...new Set(clips.map(clip => clip.patient))]
  if (!clips.length) return {count: 0, rows: []}
  const orders = ["a", "b"].map(column => clips.map((_, i) => i).sort((i, j) => clips[i][column] - clips[j][column]))
  const measures = {
    "AUROC": (weights, column, run) => auroc(clips, orders[column === "a" ? 0 : 1], column, weights),
    "good clips called good": (w, column, run) => share(clips, 1, clip => clip[column] >= run.facts.threshold, w),
    "poor clips called poor": (w, column, run) => share(clips, 0, clip => clip[column] >= run.facts.threshold, w),
  }
  const same = Object.fromEntries(patients.map(patient => [patient, 1])), random = drawing(0)
  const draws = Array.from({length: patients.length > 1 ? rounds : 0}, () => {
    const weights = Object.fromEntries(patients.map(patient => [patient, 0]))
    for (let i = 0; i < patients.length; i++) weights[patients[Math.floor(random() * patients.length)]]++
    return weights
  })
  const rows = Object.entries(measures).map(([name, of]) => {
    const less = weights => of(weights, "b", b) - of(weights, "a", a)
    const found = draws.map(less).filter(Number.isFinite).sort((x, y) => x - y)
    const end = q => found[Math.round(q * (found.length - 1))]
    return [name, of(same, "a", a), of(same, "b", b), less(same), end(0.025), end(0.975)]
  })
  return {count: clips.length, patients: patients.length, rows}
}

function table(title, heads, rows) {
  const made = document.createElement("table")
  made.createCaption().textContent = title
  const line = (place, tag, cells) => {
    const row = place.insertRow()
    for (const cell of cells) row.append(Object.assign(document.createElement(tag), {textContent: cell}))
  }
  line(made.createTHead(), "th", heads)
  const body = made.createTBody()
  rows.forEach(cells => line(body, "td", cells))
  return made
}

function compare() {
  const [a, b] = [one, other].map(choice => known[choice.value]), place = document.getElementById("compared")
  const signed = x => (x < 0 ? "−" : "+") + Math.abs(x).toFixed(2), shown = []
  const differ = (x, y, skip = []) => [...new Set([...Object.keys(x), ...Object.keys(y)])]
    .filter(name => !skip.includes(name) && x[name] !== y[name]).map(name => [name, x[name] ?? "–", y[name] ?? "–"])
  const found = differences(a, b)
  const text = Object.assign(document.createElement("p"), {textContent: found.count ?
    `${found.count} natural test clips of ${found.patients} patients are in both.` :
    a.facts.clips && b.facts.clips ? "No test clip is in both, so that there is no paired difference: evaluate both " +
    "models on the same dataset." : "Only two evaluations have figures of the same clips, and a paired difference."})
  shown.push(text)
  if (found.count) shown.push(table("Figures on these clips; the 95 % interval is that of the paired difference, over " +
    "patients. The second run is better or worse beyond chance where it leaves out 0.",
    ["measure", a.title, b.title, "difference (95 % interval)"], found.rows.map(([name, x, y, less, low, high]) =>
      [name, x.toFixed(2), y.toFixed(2), signed(less) + (low === undefined ? "" : ` (${signed(low)} to ${signed(high)})`)])))
  const data = differ({...a.facts, data: a.line}, {...b.facts, data: b.line}, ["clips", "said", "threshold", "stage"])
  if (data.length) shown.push(table("Data and figures that differ.", ["", a.title, b.title], data))
  const parameters = differ(a.parameters, b.parameters)
  shown.push(parameters.length ? table("Parameters that differ.", ["parameter", a.title, b.title], parameters) :
    Object.assign(document.createElement("p"), {textContent: "No parameter differs."}))
  place.replaceChildren(...shown)
}

if (one && other) {
  one.onchange = other.onchange = compare
  compare()
}
