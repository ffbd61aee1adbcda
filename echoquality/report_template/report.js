// Commands break before an option, not within it.
for (const command of document.querySelectorAll(".verdict pre")) {
  const parts = command.textContent.split(/ (?=-)/).map(each => Object.assign(document.createElement("span"), {textContent: each}))
  command.replaceChildren(...parts.flatMap((part, place) => place ? [" ", part] : [part]))
}

// Tables of more than 15 rows: a field that keeps the rows that hold its words, and headings that sort.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0], rows = body ? [...body.rows] : []
  if ((rows.length <= 15 && !table.matches(".runs")) || body?.querySelector("[rowspan]")) continue
  const field = Object.assign(document.createElement("input"), {type: "search", placeholder: `search ${rows.length} rows`})
  field.setAttribute("aria-label", field.placeholder)
  field.oninput = () => {
    const words = field.value.toLowerCase().split(/\s+/)
    for (const row of rows) row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word))
  }
  table.before(field)
  for (const head of table.tHead.querySelectorAll("th")) {
    const value = row => row.cells[head.cellIndex]?.textContent.trim() ?? ""
    head.tabIndex = 0
    head.onclick = () => {
      const down = head.ariaSort === "ascending" ? -1 : 1
      for (const other of table.tHead.querySelectorAll("th")) other.ariaSort = null
      head.ariaSort = down === 1 ? "ascending" : "descending"
      rows.sort((a, b) => down * value(a).localeCompare(value(b), "en", {numeric: true}))
      body.append(...rows)
    }
    head.onkeydown = event => event.key === "Enter" && head.onclick()
  }
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(each => each.open = true))
