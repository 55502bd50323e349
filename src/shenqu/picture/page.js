"use strict";
// Draws a chart from the document in this page, plays what it names, and takes it from the keyboard. It asks
// nothing of the network.
(() => {
  const byId = (id) => document.getElementById(id);
  const { chart, tiles, overview, pieces, rate, themes, lowest_hz, highest_hz } = JSON.parse(byId("data").textContent);
  const lanes = chart.lanes.map((lane) => ({ ...lane, spans: lane.spans.map(toSpan) }));
  const marks = chart.marks || [], curves = chart.curves || [];
  const duration = chart.end_s - chart.start_s;
  const view = byId("view"), track = byId("track"), canvas = byId("chart"), strip = byId("overview");
  const tip = byId("tip"), told = byId("told"), list = byId("text"), stop = byId("play");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const FONT = getComputedStyle(document.documentElement).fontFamily;
  const { bars = [], levels = null, table = null } = chart;
  // From the top: scale of time, notes, level, spectrogram, lanes. Speech has neither notes nor level.
  const AXIS = 24, ROLL = bars.length ? 270 : 0, LEVEL = levels ? 58 : 0, TOP = AXIS + ROLL + LEVEL;
  const SOUND = bars.length ? 110 : 220, LABEL = 20, BAR = 22, BOX = 24;
  const HEIGHT = { labels: 2 * LABEL + BAR + 8, boxes: BOX, gaps: LABEL + 10 };
  const total = TOP + SOUND + 6 + lanes.reduce((sum, lane) => sum + HEIGHT[lane.kind], 0) + 8;
  const MOST_PIXELS = 12e6; // of width: what browsers lay out
  let theme, scale = 100, width = 0, selected = -1, hovered = null, playing = null, waiting = false;

  function toSpan([start_s, end_s, text, confidence = null, remark = "", core_start_s = null, core_end_s = null]) {
    return { start_s, end_s, text, confidence, remark, core_start_s, core_end_s };
  }

  // ---------------------------------------------------------------- what can be chosen

  const main = lanes.find((lane) => lane.kind !== "gaps");
  const missing = lanes.filter((lane) => lane.kind === "gaps").flatMap((lane) => lane.spans);
  const items = [
    ...missing.map((span) => ({ span, missing: true })),
    ...(main ? main.spans.map((span) => ({ span, missing: false })) : []),
  ].sort((a, b) => a.span.start_s - b.span.start_s || b.missing - a.missing);

  const asked = table && new Set(table.marked.map((row) => items[row].span)); // spans of the first lane have its order
  const isDoubtful = (span) => asked ? asked.has(span) : span.confidence !== null && span.confidence < themes.doubtful;
  const percent = (span) => (span.confidence === null ? "" : String(Math.round(span.confidence * 100)));

  function clock(time_s, digits = 0) {
    const shown = time_s.toFixed(digits), minutes = Math.floor(shown / 60);
    const seconds = (shown - minutes * 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
    const hours = Math.floor(minutes / 60);
    return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
  }

  const rowOf = table ? new Map(items.map(({ span }, row) => [span, row])) : null;
  const noteAt = (span) => `${span.text} ${bars[rowOf.get(span)][3]}`;
  const cellsOf = (span) => table.rows[rowOf.get(span)].map((text, at) => [table.head[at], text]).slice(3)
    .filter(([, text]) => text && text !== "-").map(([name, text]) => `${name} ${text}`);

  function describe(span) {
    const times = `${clock(span.start_s, 3)} to ${clock(span.end_s, 3)} (${Math.round((span.end_s - span.start_s) * 1000)} ms)`;
    const core = span.core_start_s === null ? "" : `vowel ${clock(span.core_start_s, 3)} to ${clock(span.core_end_s, 3)}`;
    if (asked) return [noteAt(span), times, ...cellsOf(span)].filter(Boolean);
    const sure = span.confidence === null || span.remark === "not heard" ? "" : `confidence ${percent(span)} of 100`;
    return [span.text, times, core, sure, span.remark].filter(Boolean);
  }

  function fillTable() {
    table.rows.forEach((cells, index) => {
      const row = list.insertRow(), button = document.createElement("button"), { span } = items[index];
      button.type = "button";
      button.tabIndex = index ? -1 : 0;
      button.textContent = "▶";
      button.setAttribute("aria-label", `hear ${describe(span).join(", ")}`);
      button.addEventListener("focus", () => { if (selected !== index) choose(index, { focus: false }); });
      items[index].button = button;
      row.insertCell().append(button);
      cells.forEach((text, at) => { const cell = row.insertCell(); cell.textContent = text; if (at === 2) { cell.lang = chart.language; cell.dir = "auto"; } });
      row.className = isDoubtful(span) ? "bad" : "";
      row.addEventListener("click", () => { choose(index); playItem(); });
    });
    byId("only").addEventListener("change", ({ target }) => {
      for (const row of list.rows) row.hidden = target.checked && row.className !== "bad";
    });
  }

  function fillText() {
    const made = document.createDocumentFragment();
    items.forEach((item, index) => {
      const { span } = item, entry = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.tabIndex = index ? -1 : 0;
      button.lang = chart.language;
      button.dir = "auto";
      button.textContent = span.text || String(index + 1);
      button.className = item.missing ? "missing" : isDoubtful(span) ? "doubtful" : span.confidence === null ? "" : "sure";
      button.setAttribute("aria-label", describe(span).join(", "));
      if (!item.missing && span.confidence !== null && span.confidence < 0.995) {
        const number = document.createElement("sup");
        number.textContent = (isDoubtful(span) ? "?" : "") + percent(span);
        button.append(number);
      }
      button.addEventListener("click", () => { choose(index); playItem(); });
      button.addEventListener("focus", () => { if (selected !== index) choose(index, { focus: false }); });
      item.button = button;
      entry.append(button);
      made.append(entry, " ");
    });
    list.append(made);
  }

  function choose(index, { focus = true } = {}) {
    if (!items.length) return;
    index = Math.max(0, Math.min(items.length - 1, index));
    const before = items[selected];
    if (before) { before.button.tabIndex = -1; before.button.removeAttribute("aria-current"); }
    items[0].button.tabIndex = -1;
    selected = index;
    const { span, button } = items[index];
    button.tabIndex = 0;
    button.setAttribute("aria-current", "true");
    if (focus) button.focus({ preventScroll: true });
    if (table) showRow(button.closest("tr"));
    else button.scrollIntoView({ block: "nearest" });
    told.textContent = describe(span).join("  ·  ");
    show(span);
    draw();
  }

  // Brings a row into view without moving the picture above the table.
  function showRow(row) {
    const box = list.closest(".rows"), head = box.querySelector("thead").offsetHeight, { offsetTop, offsetHeight } = row;
    box.scrollTop = Math.min(Math.max(box.scrollTop, offsetTop + offsetHeight - box.clientHeight), offsetTop - head);
  }

  // ---------------------------------------------------------------- where the view is

  const toX = (time_s) => (time_s - chart.start_s) * scale - view.scrollLeft;
  const toTime = (x) => chart.start_s + (x + view.scrollLeft) / scale;

  function show(span) {
    const left = toX(span.start_s), right = toX(span.end_s);
    if (left >= 40 && right <= width - 40) return;
    const wanted = (((span.start_s + span.end_s) / 2 - chart.start_s) * scale) - width / 2;
    view.scrollTo({ left: wanted, behavior: calm.matches || Math.abs(wanted - view.scrollLeft) > 4 * width ? "auto" : "smooth" });
  }

  // Zooms about a place on the screen; without one, about what is chosen, wherever it was.
  function zoom(factor, x = null) {
    const span = x === null && items[selected] ? items[selected].span : null;
    const time_s = span ? (span.start_s + span.end_s) / 2 : toTime(x === null ? width / 2 : x);
    const place = span && (toX(time_s) < 0 || toX(time_s) > width) ? width / 2 : toX(time_s);
    setScale(scale * factor);
    view.scrollTo({ left: (time_s - chart.start_s) * scale - place, behavior: "instant" });
    draw();
  }

  function setScale(wanted) {
    scale = Math.min(Math.max(wanted, width / duration), Math.min(2000, MOST_PIXELS / duration));
    if (!(scale > 0)) scale = 1;
    track.style.width = `${Math.max(1, duration * scale)}px`;
    byId("scale").textContent = `${(width / scale).toFixed(width / scale < 10 ? 1 : 0)} s in view`;
  }

  function resize() {
    const before = width ? toTime(width / 2) : null;
    width = view.clientWidth;
    const dense = window.devicePixelRatio || 1;
    for (const [one, high] of [[canvas, total], [strip, 46]]) {
      one.width = Math.round(width * dense);
      one.height = Math.round(high * dense);
      one.getContext("2d").setTransform(dense, 0, 0, dense, 0, 0);
    }
    canvas.style.width = `${width}px`;
    canvas.style.height = `${total}px`;
    setScale(before === null ? Math.max(width / duration, 180) : scale);
    if (before !== null) view.scrollLeft = (before - chart.start_s) * scale - width / 2;
    draw();
  }

  // ---------------------------------------------------------------- the spectrogram

  const kept = new Map(); // coloured tiles, the oldest first
  const MOST_KEPT = 16;

  function coloured(tile) {
    const found = kept.get(tile);
    if (found) { kept.delete(tile); kept.set(tile, found); return found.canvas; }
    const entry = { canvas: null };
    kept.set(tile, entry);
    for (const old of kept.keys()) {
      if (kept.size <= MOST_KEPT) break;
      if (old !== overview) kept.delete(old);
    }
    const image = new Image();
    image.onload = () => {
      const made = document.createElement("canvas");
      made.width = image.naturalWidth;
      made.height = image.naturalHeight;
      const pen = made.getContext("2d", { willReadFrequently: true });
      pen.drawImage(image, 0, 0);
      const pixels = pen.getImageData(0, 0, made.width, made.height), { heat } = theme;
      for (let at = 0; at < pixels.data.length; at += 4) {
        const shade = 3 * pixels.data[at];
        pixels.data[at] = heat[shade];
        pixels.data[at + 1] = heat[shade + 1];
        pixels.data[at + 2] = heat[shade + 2];
      }
      pen.putImageData(pixels, 0, 0);
      entry.canvas = made;
      draw();
    };
    image.src = tile.picture;
    return null;
  }

  function drawTile(pen, tile, top, high, x) {
    const picture = coloured(tile);
    if (!picture) return;
    const left = x(tile.start_s), right = x(tile.end_s);
    pen.imageSmoothingEnabled = true;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, left, top, right - left, high);
  }

  function drawSound(pen) {
    const first_s = toTime(0), last_s = toTime(width);
    drawTile(pen, overview, TOP, SOUND, toX);
    const near = tiles.filter((tile) => tile.end_s > first_s && tile.start_s < last_s);
    if (near.length <= MOST_KEPT / 2) near.forEach((tile) => drawTile(pen, tile, TOP, SOUND, toX));
  }

  // ---------------------------------------------------------------- drawing

  function draw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; paint(); });
  }

  function paint() {
    const pen = canvas.getContext("2d");
    pen.fillStyle = theme.paper;
    pen.fillRect(0, 0, width, total);
    drawSound(pen);
    if (bars.length) drawRoll(pen);
    if (levels) drawLevels(pen);
    drawAxis(pen);
    for (const one of marks) drawMarks(pen, one);
    for (const one of curves) drawCurve(pen, one);
    if (bars.length) drawPitchNames(pen);
    let top = TOP + SOUND + 6;
    for (const lane of lanes) {
      lane.top = top;
      const spans = between(lane.spans, toTime(-200), toTime(width + 200));
      ({ labels: drawLabels, boxes: drawBoxes, gaps: drawGaps })[lane.kind](pen, top, spans);
      top += HEIGHT[lane.kind];
    }
    drawChosen(pen);
    drawNow(pen);
    drawOverview();
  }

  // The spans that touch a stretch of time; they begin in order, and none is longer than LONGEST before it.
  const longest = new Map(lanes.map((lane) => [lane.spans, Math.max(0, ...chunks(lane.spans).map((part) => Math.max(...part.map((span) => span.end_s - span.start_s))))]));

  function chunks(values, size = 10000) {
    const parts = [];
    for (let at = 0; at < values.length; at += size) parts.push(values.slice(at, at + size));
    return parts;
  }

  function lowerBound(count, isBefore) {
    let low = 0, high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(middle)) low = middle + 1; else high = middle;
    }
    return low;
  }

  function between(spans, first_s, last_s) {
    const reach = longest.get(spans);
    const from = lowerBound(spans.length, (at) => spans[at].start_s < first_s - reach);
    const found = [];
    for (let at = from; at < spans.length && spans[at].start_s <= last_s; at++) {
      if (spans[at].end_s >= first_s) found.push(spans[at]);
    }
    return found;
  }

  function write(pen, text, x, y, colour, { size = 13, align = "left", halo = null, weight = 400 } = {}) {
    pen.font = `${weight} ${size}px ${FONT}`;
    pen.textAlign = align;
    pen.textBaseline = "middle";
    if (halo) { pen.lineWidth = 3; pen.lineJoin = "round"; pen.strokeStyle = halo; pen.strokeText(text, x, y); }
    pen.fillStyle = colour;
    pen.fillText(text, x, y);
  }

  function drawAxis(pen) {
    const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
    const step = steps.find((one) => one * scale >= 74) || 7200;
    const small = steps.filter((one) => one < step && one * scale >= 7 && Math.abs(step / one - Math.round(step / one)) < 1e-6)[0] || step;
    const ratio = Math.round(step / small);
    for (let at = Math.ceil(toTime(0) / small - 1e-6); at * small <= toTime(width); at++) {
      const x = Math.round(toX(at * small)), major = at % ratio === 0;
      pen.fillStyle = theme.faint;
      pen.fillRect(x, AXIS - (major ? 7 : 4), 1, major ? 7 : 4);
      if (major) write(pen, clock(at * small, step < 0.1 ? 2 : step < 1 ? 1 : 0), Math.max(x, 2), 9, theme.faint, { size: 12, align: x < 16 ? "left" : "center" });
    }
    for (let khz = 1; khz < 5; khz++) {
      const y = Math.round(TOP + SOUND * (1 - khz / 5));
      pen.fillStyle = theme.faint;
      pen.fillRect(0, y, 5, 1);
      write(pen, khz === 4 ? "4 kHz" : String(khz), 9, y, theme.ink, { size: 11, halo: theme.paper });
    }
    if (curves.length && !bars.length) {
      for (const hz of [75, 150, 300]) {
        pen.fillStyle = theme.curve;
        pen.fillRect(width - 5, Math.round(curveY(hz)), 5, 1);
        write(pen, hz === 300 ? "300 Hz" : String(hz), width - 9, curveY(hz), theme.curve, { size: 11, align: "right", halo: theme.paper });
      }
    }
  }

  function drawMarks(pen, { times_s }) {
    const first = lowerBound(times_s.length, (at) => times_s[at] < toTime(0));
    const crowded = scale < 50;
    for (let at = first; at < times_s.length && times_s[at] <= toTime(width) && !crowded; at++) {
      const x = Math.round(toX(times_s[at]));
      pen.globalAlpha = 0.7;
      pen.fillStyle = theme.onset;
      pen.fillRect(x, AXIS, 1, SOUND);
      pen.globalAlpha = 1;
      triangle(pen, x + 0.5, AXIS, theme.onset);
    }
  }

  function triangle(pen, x, y, colour, down = 1) {
    const base = down > 0 ? y : y + 6;
    pen.fillStyle = colour;
    pen.beginPath();
    pen.moveTo(x - 4, base);
    pen.lineTo(x + 4, base);
    pen.lineTo(x, base + 6 * down);
    pen.fill();
  }

  // ---------------------------------------------------------------- notes, and the pitch sung on them

  const pitches = bars.map((bar) => bar[2]);
  const lowest = pitches.reduce((low, pitch) => Math.min(low, pitch), 127) - 2;
  const highest = pitches.reduce((high, pitch) => Math.max(high, pitch), 0) + 2;
  const pitchY = (pitch) => AXIS + ROLL - ((pitch - lowest + 0.5) / (highest - lowest + 1)) * ROLL;
  const names = new Map(bars.map((bar) => [bar[2], bar[3]]));

  function drawRoll(pen) {
    const high = ROLL / (highest - lowest + 1);
    for (let pitch = lowest; pitch <= highest; pitch++) {
      const top = pitchY(pitch) - high / 2;
      pen.fillStyle = [1, 3, 6, 8, 10].includes(pitch % 12) ? theme.panel : theme.paper;
      pen.fillRect(0, top, width, high);
      pen.fillStyle = theme.line;
      pen.globalAlpha = 0.45;
      pen.fillRect(0, Math.round(top), width, 1);
      pen.globalAlpha = 1;
    }
    for (const [start_s, end_s, pitch, , onset_s, isBad] of bars) {
      const left = Math.round(toX(start_s)), right = Math.max(left + 2, Math.round(toX(end_s)) - 1);
      if (right < 0 || left > width) continue;
      const top = pitchY(pitch) - high / 2;
      pen.fillStyle = isBad ? theme.wrong : theme.core;
      pen.globalAlpha = isBad ? 0.6 : 1;
      pen.fillRect(left, top + 1, right - left, high - 2);
      pen.globalAlpha = 1;
      if (onset_s !== null && scale > 40) triangle(pen, toX(onset_s), top + high + 1, theme.onset, -1);
    }
  }

  function drawPitchNames(pen) {
    const least = (highest - lowest + 1) * 12 / ROLL; // semitones between two names that do not touch
    let last = -Infinity;
    for (const pitch of [...names.keys()].sort((a, b) => a - b)) {
      if (pitch - last < least) continue;
      write(pen, names.get(pitch), 4, pitchY(pitch), theme.ink, { size: 11, halo: theme.paper });
      last = pitch;
    }
  }

  function drawLevels(pen) {
    const { start_s, hop_s, db } = levels, bottom = TOP - 4, floor = -60;
    const y = (level) => bottom - (1 - Math.max(level, floor) / floor) * (LEVEL - 12);
    pen.fillStyle = theme.paper;
    pen.fillRect(0, AXIS + ROLL, width, LEVEL);
    const first = Math.max(0, Math.floor((toTime(0) - start_s) / hop_s)), last = Math.min(db.length, Math.ceil((toTime(width) - start_s) / hop_s) + 1);
    pen.beginPath();
    pen.moveTo(toX(start_s + first * hop_s), bottom);
    for (let at = first; at < last; at++) pen.lineTo(toX(start_s + at * hop_s), y(db[at]));
    pen.lineTo(toX(start_s + (last - 1) * hop_s), bottom);
    pen.fillStyle = theme.sure;
    pen.globalAlpha = 0.55;
    pen.fill();
    pen.globalAlpha = 1;
    for (const level of [0, -20, -40]) write(pen, level ? String(level) : "0 dB", 4, y(level), theme.faint, { size: 10, halo: theme.paper });
  }

  function curveY(hz) {
    if (bars.length) return pitchY(69 + 12 * Math.log2(hz / 440));
    return AXIS + SOUND - 8 - (Math.log(hz / lowest_hz) / Math.log(highest_hz / lowest_hz)) * (SOUND - 16);
  }

  function drawCurve(pen, { start_s, hop_s, hz }) {
    if (scale < 12) return;
    const first = Math.max(0, Math.floor((toTime(0) - start_s) / hop_s)), last = Math.min(hz.length, Math.ceil((toTime(width) - start_s) / hop_s) + 1);
    pen.lineJoin = "round";
    pen.lineCap = "round";
    const isShown = (value) => (bars.length ? value > 0 && curveY(value) >= AXIS && curveY(value) <= AXIS + ROLL : value >= lowest_hz && value <= highest_hz);
    const strokes = [[5, theme.outline], [2.2, theme.curve]];
    for (const [line, colour] of strokes) {
      pen.beginPath();
      let down = false;
      for (let at = first; at < last; at++) {
        const isHere = isShown(hz[at]);
        if (isHere) pen[down ? "lineTo" : "moveTo"](toX(start_s + at * hop_s), curveY(hz[at]));
        down = isHere;
      }
      pen.lineWidth = line;
      pen.strokeStyle = colour;
      pen.stroke();
    }
  }

  function mixed(confidence) {
    const [low, high, share] = confidence < themes.doubtful
      ? [theme.wrong, theme.unsure, confidence / themes.doubtful]
      : [theme.unsure, theme.sure, (confidence - themes.doubtful) / (1 - themes.doubtful)];
    const channel = (colour, at) => parseInt(colour.slice(1 + 2 * at, 3 + 2 * at), 16);
    return `rgb(${[0, 1, 2].map((at) => Math.round(channel(low, at) + share * (channel(high, at) - channel(low, at)))).join(" ")})`;
  }

  // Labels of a row never overlap: as in picture/chart.py.
  function place(labels, rows, gap) {
    const free = Array(rows).fill(-Infinity);
    return labels.map(({ middle, wide }) => {
      const wished = middle - wide / 2;
      for (let row = 0; row < rows; row++) {
        const edge = Math.max(wished, free[row] + gap);
        if (edge - wished <= wide / 3) { free[row] = edge + wide; return { row, edge }; }
      }
      return null;
    });
  }

  function fitted(pen, text, most) {
    text = text.slice(0, 400);
    if (pen.measureText(text).width <= most) return text;
    const letters = Array.from(text);
    let kept_letters = letters.length;
    const short = () => `${letters.slice(0, kept_letters).join("")}…`;
    while (kept_letters > 1 && pen.measureText(short()).width > most) kept_letters = Math.floor(kept_letters * 0.8);
    return short();
  }

  function drawLabels(pen, top, spans) {
    const bar = top + 2 * LABEL + 4;
    pen.font = `400 15px ${FONT}`;
    // From afar most would have no room; those that had would not read as what was said. The list below does.
    const texts = spans.map((span) => (scale < 60 ? "" : fitted(pen, isDoubtful(span) ? `?${span.text}` : span.text, 320)));
    const labels = spans.map((span, at) => ({ middle: (toX(span.start_s) + toX(span.end_s)) / 2, wide: pen.measureText(texts[at]).width }));
    const places = place(labels, 2, 7);
    spans.forEach((span, at) => {
      drawBar(pen, span, bar);
      if (texts[at] && places[at] && places[at].row) { pen.fillStyle = theme.line; pen.fillRect(Math.round(labels[at].middle), bar - LABEL - 3, 1, LABEL); }
    });
    spans.forEach((span, at) => {
      if (!places[at]) return;
      const colour = isDoubtful(span) ? mixed(span.confidence) : theme.ink;
      write(pen, texts[at], places[at].edge, bar - 12 - places[at].row * LABEL, colour, { size: 15 });
    });
  }

  function drawBar(pen, span, top) {
    const left = Math.round(toX(span.start_s)), right = Math.max(left + 1, Math.round(toX(span.end_s)) - 1);
    const level = span.confidence === null ? 1 : span.confidence;
    const high = Math.max(2, Math.round(level * BAR));
    pen.fillStyle = theme.box;
    pen.fillRect(left, top, right - left, BAR);
    pen.fillStyle = span.confidence === null ? theme.core : mixed(span.confidence);
    pen.fillRect(left, top + BAR - high, right - left, high);
    if (right - left > 24) write(pen, percent(span), (left + right) / 2, top + BAR / 2 + 1, theme.ink, { size: 12, align: "center", halo: theme.paper });
    if (span.remark) { pen.fillStyle = theme.ink; pen.fillRect(left, top - 3, right - left, 2); }
  }

  function drawBoxes(pen, top, spans) {
    pen.font = `400 12px ${FONT}`;
    for (const span of spans) {
      box(pen, span.start_s, span.end_s, top, theme.box);
      if (span.core_start_s !== null) box(pen, span.core_start_s, span.core_end_s, top, theme.core);
      const left = toX(span.start_s), right = toX(span.end_s);
      if (span.text && right - left > 7 && pen.measureText(span.text).width + 4 <= right - left) {
        write(pen, span.text, (left + right) / 2, top + BOX / 2, theme.ink, { size: 12, align: "center" });
      }
    }
  }

  function box(pen, start_s, end_s, top, colour) {
    const left = Math.round(toX(start_s)), right = Math.round(toX(end_s)) - 1;
    pen.fillStyle = colour;
    pen.fillRect(left, top + 1, Math.max(1, right - left), BOX - 2);
  }

  function drawGaps(pen, top, spans) {
    pen.font = `400 12px ${FONT}`;
    const texts = spans.map((span) => fitted(pen, span.text, Math.max(140, toX(span.end_s) - toX(span.start_s) - 10)));
    const labels = spans.map((span, at) => ({ middle: (toX(span.start_s) + toX(span.end_s)) / 2, wide: pen.measureText(texts[at]).width }));
    place(labels, 1, 14).forEach((found, at) => {
      const left = Math.round(toX(spans[at].start_s)) + 0.5, right = Math.round(toX(spans[at].end_s)) - 0.5;
      if (right - left >= 8) {
        pen.setLineDash([4, 3]);
        pen.lineWidth = 1;
        pen.strokeStyle = theme.missing;
        pen.strokeRect(left, top + 2.5, right - left, LABEL + 3);
        pen.setLineDash([]);
      } else triangle(pen, (left + right) / 2, top, theme.missing);
      if (found) write(pen, texts[at], found.edge, top + 8 + LABEL / 2 - 3, theme.missing, { size: 12 });
    });
  }

  function drawChosen(pen) {
    for (const [span, strong] of [[items[selected] && items[selected].span, true], [hovered, false]]) {
      if (!span) continue;
      const left = Math.round(toX(span.start_s)), right = Math.max(left + 2, Math.round(toX(span.end_s)));
      if (right < -10 || left > width + 10) continue;
      const top = bars.length ? AXIS : AXIS + SOUND;
      pen.globalAlpha = strong ? 0.18 : 0.1;
      pen.fillStyle = theme.ink;
      pen.fillRect(left, top, right - left, total - top);
      pen.globalAlpha = 1;
      if (!strong) continue;
      pen.strokeStyle = theme.ink;
      pen.lineWidth = 1.5;
      pen.strokeRect(left - 0.5, AXIS + 0.5, right - left + 1, total - AXIS - 2);
    }
  }

  function drawNow(pen) {
    if (!playing) return;
    const x = Math.round(toX(now()));
    pen.fillStyle = theme.missing;
    pen.fillRect(x, 0, 2, total);
  }

  function drawOverview() {
    const pen = strip.getContext("2d"), high = 46;
    const x = (time_s) => ((time_s - chart.start_s) / duration) * width;
    pen.fillStyle = theme.paper;
    pen.fillRect(0, 0, width, high);
    drawTile(pen, overview, 0, high - 8, x);
    for (const { span, missing: isMissing } of items) {
      if (!isMissing && !isDoubtful(span)) continue;
      pen.fillStyle = isMissing ? theme.missing : theme.wrong;
      pen.fillRect(x(span.start_s), high - 6, Math.max(2, x(span.end_s) - x(span.start_s)), isMissing ? 3 : 6);
    }
    const left = x(toTime(0)), right = Math.min(width, x(toTime(width)));
    if (right - left > width - 2) return;
    pen.globalAlpha = 0.55;
    pen.fillStyle = theme.paper;
    pen.fillRect(0, 0, left, high);
    pen.fillRect(right, 0, width - right, high);
    pen.globalAlpha = 1;
    pen.strokeStyle = theme.ink;
    pen.lineWidth = 2;
    pen.strokeRect(left + 1, 1, Math.max(4, right - left - 2), high - 2);
  }

  // ---------------------------------------------------------------- sound

  let context = null, turn = 0;
  const heard_end_s = pieces.length ? pieces[pieces.length - 1].end_s : chart.start_s;

  function decoded(piece) {
    if (!piece.buffer) {
      const letters = atob(piece.sound), bytes = new Uint8Array(letters.length);
      for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
      piece.buffer = context.decodeAudioData(bytes.buffer);
    }
    return piece.buffer;
  }

  async function play(start_s, end_s) {
    halt();
    end_s = Math.min(end_s, heard_end_s);
    if (start_s >= end_s) return;
    const mine = ++turn;
    context = context || new AudioContext({ sampleRate: rate });
    if (context.state === "suspended") await context.resume();
    const gain = context.createGain();
    gain.connect(context.destination);
    let begin = null;
    for (const piece of pieces) {
      const from = Math.max(start_s, piece.start_s), to = Math.min(end_s, piece.end_s);
      if (from >= to) continue;
      const buffer = await decoded(piece);
      if (mine !== turn) return;
      if (begin === null) {
        begin = context.currentTime + 0.02;
        playing = { begin, start_s, end_s, gain, sources: [] };
        const last = begin + end_s - start_s;
        gain.gain.setValueAtTime(0, begin);
        gain.gain.linearRampToValueAtTime(1, begin + 0.003);
        gain.gain.setValueAtTime(1, Math.max(begin + 0.003, last - 0.003));
        gain.gain.linearRampToValueAtTime(0, last);
        follow(mine);
      }
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(gain);
      source.start(begin + from - start_s, from - piece.start_s, to - from);
      playing.sources.push(source);
    }
  }

  const now = () => playing.start_s + Math.max(0, context.currentTime - playing.begin);

  function follow(mine) {
    if (mine !== turn || !playing) return;
    stop.textContent = "Stop";
    const time_s = now();
    if (time_s >= playing.end_s) { halt(); return; }
    if (playing.end_s - playing.start_s > 5 && (toX(time_s) > width * 0.9 || toX(time_s) < 0)) view.scrollLeft += toX(time_s) - width * 0.1;
    draw();
    requestAnimationFrame(() => follow(mine));
  }

  function halt() {
    turn++;
    if (playing) {
      playing.sources.forEach((source) => source.stop());
      playing.gain.disconnect();
    }
    playing = null;
    stop.textContent = "Play from here";
    draw();
  }

  function playSpan(span) {
    if (!pieces.length) return;
    if (span.start_s >= heard_end_s) { told.textContent += `  ·  sound is in this page up to ${clock(heard_end_s)} only`; return; }
    play(span.start_s, span.end_s);
  }

  function playItem() {
    if (items[selected]) playSpan(items[selected].span);
  }

  // ---------------------------------------------------------------- mouse and keys

  function spanAt(x, y) {
    const time_s = toTime(x);
    const lane = y < TOP + SOUND + 6 ? main : lanes.find((one) => y >= one.top && y < one.top + HEIGHT[one.kind]);
    if (!lane || y < AXIS) return null;
    const slack = lane.kind === "gaps" ? 6 / scale : 0;
    return between(lane.spans, time_s - slack, time_s + slack).pop() || null;
  }

  canvas.addEventListener("mousemove", (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    const span = spanAt(event.clientX - left, event.clientY - top);
    if (span !== hovered) { hovered = span; draw(); }
    tip.hidden = !span;
    if (!span) return;
    tip.textContent = describe(span).join("\n");
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 18, innerHeight - tip.offsetHeight - 8)}px`;
  });
  canvas.addEventListener("mouseleave", () => { tip.hidden = true; hovered = null; draw(); });
  canvas.addEventListener("click", (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    const span = spanAt(event.clientX - left, event.clientY - top);
    if (!span) return;
    const index = items.findIndex((item) => item.span === span);
    if (index >= 0) choose(index);
    else told.textContent = describe(span).join("  ·  ");
    playSpan(span);
  });
  view.addEventListener("scroll", draw, { passive: true });
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 250), event.clientX - canvas.getBoundingClientRect().left);
  }, { passive: false });

  function goTo(event) {
    const { left } = strip.getBoundingClientRect();
    view.scrollLeft = ((event.clientX - left) / width) * duration * scale - width / 2;
  }
  strip.addEventListener("pointerdown", (event) => { strip.setPointerCapture(event.pointerId); goTo(event); });
  strip.addEventListener("pointermove", (event) => { if (event.buttons) goTo(event); });

  function nextDoubtful() {
    for (let step = 1; step <= items.length; step++) {
      const index = (selected + step + items.length) % items.length;
      if (items[index].missing || isDoubtful(items[index].span)) { choose(index); return; }
    }
    told.textContent = table ? "no note is bad" : "nothing is doubtful here";
  }

  const KEYS = {
    ArrowRight: () => choose(selected + 1), ArrowLeft: () => choose(selected - 1),
    Home: () => choose(0), End: () => choose(items.length - 1),
    Enter: playItem, " ": playItem, d: nextDoubtful, Escape: halt,
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), "0": () => zoom(0),
  };
  document.addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || event.target.closest(".bar")) return;
    event.preventDefault();
    act();
  });

  // Some browsers press a button when the space bar is let go, whatever became of its being pressed.
  list.addEventListener("keyup", (event) => { if (event.key === " ") event.preventDefault(); });

  byId("in").addEventListener("click", () => zoom(1.6));
  byId("out").addEventListener("click", () => zoom(1 / 1.6));
  byId("whole").addEventListener("click", () => zoom(0));
  byId("doubt").addEventListener("click", nextDoubtful);
  stop.addEventListener("click", () => {
    if (playing) halt();
    else play(items[selected] && selected >= 0 ? items[selected].span.start_s : Math.max(chart.start_s, toTime(0)), chart.end_s);
  });
  stop.disabled = !pieces.length;

  // ---------------------------------------------------------------- colours

  function dress() {
    const chosen = dark.matches ? themes.dark : themes.light;
    theme = { ...chosen, heat: Uint8Array.from(atob(chosen.heat), (letter) => letter.charCodeAt(0)) };
    kept.clear();
    drawLegend();
    draw();
  }

  function drawLegend() {
    const dense = window.devicePixelRatio || 1;
    for (const sign of document.querySelectorAll(".legend canvas")) {
      const wide = Number(sign.dataset.wide), pen = sign.getContext("2d");
      sign.width = wide * dense;
      sign.height = 20 * dense;
      sign.style.width = `${wide}px`;
      sign.style.height = "20px";
      pen.setTransform(dense, 0, 0, dense, 0, 0);
      ({
        confidence: () => [0.1, 0.3, 0.5, 0.7, 0.9].forEach((level, at) => {
          pen.fillStyle = theme.box; pen.fillRect(at * 14, 0, 13, 20);
          pen.fillStyle = mixed(level); pen.fillRect(at * 14, 20 - level * 20, 13, level * 20);
        }),
        marks: () => { pen.fillStyle = theme.onset; pen.fillRect(5, 0, 1, 20); triangle(pen, 5.5, 0, theme.onset); },
        curves: () => { pen.strokeStyle = theme.curve; pen.lineWidth = 2.2; pen.beginPath(); pen.moveTo(1, 14); pen.quadraticCurveTo(10, 4, 23, 8); pen.stroke(); },
        bar: () => { pen.fillStyle = theme.core; pen.fillRect(0, 3, 24, 13); },
        bad: () => { pen.fillStyle = theme.wrong; pen.globalAlpha = 0.6; pen.fillRect(0, 3, 24, 13); pen.globalAlpha = 1; },
        onset: () => triangle(pen, 6, 6, theme.onset, -1),
        core: () => { pen.fillStyle = theme.box; pen.fillRect(0, 1, 24, 18); pen.fillStyle = theme.core; pen.fillRect(8, 1, 16, 18); },
        gaps: () => { pen.strokeStyle = theme.missing; pen.setLineDash([4, 3]); pen.strokeRect(0.5, 1.5, 23, 17); },
      })[sign.dataset.sign]();
    }
  }

  (table ? fillTable : fillText)();
  dark.addEventListener("change", dress);
  new ResizeObserver(resize).observe(view);
  dress();
  resize();
})();
