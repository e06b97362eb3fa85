/* The trees of two address spaces, side by side: what both have is drawn once, with arrows from both.
   A node is a place in the tree (a level and an address) with one box, or two where they differ. */
const BOX = {w: 216, h: 86, gapX: 28, gapY: 38, cell: 82, head: 30, row: 27, gutter: 88, top: 28};
const LEAF = {left: 276, right: 156, page: 128, gap: 14};
const SVG = "http://www.w3.org/2000/svg";
let chosen = null; /* what was clicked last: stays explained */

function el(parent, name, attrs, text) {
	const e = document.createElementNS(SVG, name);
	for (const key in attrs || {})
		e.setAttribute(key, attrs[key]);
	if (text !== undefined)
		e.textContent = text;
	if (parent)
		parent.appendChild(e);
	return e;
}

const COLOR = {left: "#1d4f91", right: "#b3400b", both: "#6b2c8a"};
const PAPER = {anon: "#d8f3df", file: "url(#dots)", zero: "#ededed", promise: "#fff"};

const ROW = {anon: "#e3f6e8", file: "#fdf5e4", zero: "#f0f0f0", promise: "#fff"};

function defs(svg) {
	const d = el(svg, "defs");
	const pattern = (id, w, draw) => draw(el(d, "pattern", {id, width: w, height: w, patternUnits: "userSpaceOnUse"}));
	pattern("stripes", 10, p => {
		el(p, "rect", {width: 10, height: 10, fill: COLOR.both});
		el(p, "path", {d: "M-2 12L12 -2M-2 2L2 -2M8 12L12 8", stroke: "#8d55aa", "stroke-width": 2});
	});
	pattern("dots", 8, p => {
		el(p, "rect", {width: 8, height: 8, fill: "#fdf1d7"});
		el(p, "circle", {cx: 2, cy: 2, r: 1.2, fill: "#cda24d"});
		el(p, "circle", {cx: 6, cy: 6, r: 1.2, fill: "#cda24d"});
	});
	for (const who in COLOR) {
		const m = el(d, "marker", {id: "head-" + who, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 13,
			markerHeight: 13, markerUnits: "userSpaceOnUse", orient: "auto"});
		el(m, "path", {d: "M0 0L10 5L0 10z", fill: COLOR[who]});
	}
}

/* ---- What is where: nodes, rows of leaf tables ---- */

function slice(run, first, n) {
	return {...run, first, n, frame: run.frame ? run.frame + (first - run.first) * run.step : 0};
}

/* Runs of one or two leaf tables, cut so that each row is one thing in both, counts and marks too. */
function rowsOf(view, tables) {
	const at = tables.map(() => new Array(512).fill(null));
	tables.forEach((t, side) => t.runs.forEach(run => {
		for (let i = 0; i < run.n; i++)
			at[side][run.first + i] = {run, frame: run.frame ? run.frame + i * run.step : 0};
	}));
	const look = i => at.map(a => a[i] && [a[i].run.first, refsOf(view.state, a[i].frame, a[i].run.refs),
		view.marks.get(a[i].frame)].join()).join() + (at.length > 1 && at[0][i]?.frame === at[1][i]?.frame);
	const rows = [];
	for (let i = 0, from = 0; i < 512; i++)
		if (i === 511 || look(i + 1) !== look(i)) {
			if (at.some(a => a[from]))
				rows.push({first: from, n: i + 1 - from, runs: at.map(a => a[from] && slice(a[from].run, from, i + 1 - from))});
			from = i + 1;
		}
	return rows;
}

/* Too many rows: what is only promised goes first, then pages of files; what has changed stays. */
function fewer(rows, view, all) {
	if (all || rows.length <= view.most)
		return [rows, 0];
	const left = [...rows], marked = row => row.runs.some(r => r && view.marks.has(r.frame));
	for (const kind of ["promise", "file", "anon"])
		for (let i = left.length - 1; i > 0 && left.length > view.most; i--)
			if (!marked(left[i]) && left[i].runs.every(r => !r || r.kind === kind))
				left.splice(i, 1);
	return [left, rows.length - left.length];
}

function makeNode(view, tables) {
	const sides = view.sides.map((s, i) => ({...s, table: tables[i]})).filter(s => s.table);
	const one = sides.length === 2 && sides[0].table.frame === sides[1].table.frame;
	const boxes = one ? [{...sides[1], owner: "both", users: [sides[0].mm, sides[1].mm]}]
		: sides.map(s => ({...s, users: [s.mm]}));
	const node = {level: boxes[0].table.level, boxes, kids: []};
	if (node.level === 1) {
		const all = view.open.has(boxes[0].table.va);
		[node.rows, node.hidden] = fewer(rowsOf(view, boxes.map(b => b.table)), view, all);
		node.width = boxes.length === 1 ? LEAF.left + LEAF.gap + LEAF.page
			: LEAF.left + LEAF.right + 2 * LEAF.gap + 2 * LEAF.page + 8;
		return node;
	}
	const indexes = new Set();
	for (const b of boxes)
		b.table.runs.forEach(r => r.kind === "table" && indexes.add(r.first));
	for (const index of pick([...indexes].sort((a, b) => a - b), boxes, view)) {
		const below = view.sides.map((s, i) => tables[i] && s.tree.table.get(tables[i].runs.find(
			r => r.kind === "table" && r.first === index)?.frame));
		if (below.some(t => t) && below.every(t => !t || t.level === node.level - 1)) /* else lines were lost */
			node.kids.push({index, ...makeNode(view, below)});
	}
	boxes.forEach(b => {
		b.cells = b.table.runs.filter(r => r.kind !== "table" || node.kids.some(k => k.index === r.first)).slice(0, 7);
		b.more = b.table.runs.length - b.cells.length;
		b.width = Math.max(BOX.w, placesBelow(b.tree, b.table).join(", ").length * 8.4 + 18,
			(b.cells.length + (b.more ? 1 : 0)) * BOX.cell + 12);
	});
	const own = boxes.reduce((sum, b) => sum + b.width, 0) + (boxes.length - 1) * BOX.gapX * 2;
	node.kidsWidth = node.kids.reduce((sum, k) => sum + k.width, 0) + Math.max(0, node.kids.length - 1) * BOX.gapX;
	node.width = Math.max(own, node.kidsWidth);
	return node;
}

/* Of very many tables: the first ones, the last one, and those where something changed. */
function pick(indexes, boxes, view) {
	if (indexes.length <= 6)
		return indexes;
	const marked = i => boxes.some(b => b.table.runs.some(r => r.first === i && view.marks.has(r.frame)));
	return indexes.filter((index, at) => at < 3 || at === indexes.length - 1 || marked(index)).slice(0, 7);
}

function place(node, x, y) {
	node.x = x;
	node.y = y;
	if (node.level === 1) {
		node.boxes[0].x = x;
		node.boxes[0].width = LEAF.left;
		if (node.boxes[1])
			Object.assign(node.boxes[1], {x: x + node.width - LEAF.right, width: LEAF.right});
		node.height = BOX.head + Math.max(1, node.rows.length + (node.hidden ? 1 : 0)) * BOX.row + 6;
		return node.height + y;
	}
	let at = x + (node.width - node.kidsWidth) / 2, bottom = y + BOX.h;
	for (const kid of node.kids) {
		bottom = Math.max(bottom, place(kid, at, y + BOX.h + BOX.gapY));
		at += kid.width + BOX.gapX;
	}
	const own = node.boxes.reduce((sum, b) => sum + b.width, 0);
	const gap = node.boxes.length > 1 ? Math.min(160, (node.width - own) / node.boxes.length) : 0;
	at = x + (node.width - own - gap * (node.boxes.length - 1)) / 2;
	for (const b of node.boxes) {
		b.x = at;
		at += b.width + gap;
	}
	return bottom;
}

/* ---- Drawing ---- */

/* Something that can be pointed at, clicked and reached by Tab: says its sentence. */
function hit(parent, id, sentence) {
	const g = el(parent, "g", {class: "hit", tabindex: 0, role: "button", "aria-label": sentence, "data-id": id});
	const tell = () => explain(sentence);
	g.addEventListener("mouseenter", tell);
	g.addEventListener("focus", tell);
	g.addEventListener("mouseleave", () => explain(chosen ? chosen.sentence : null));
	const choose = () => {
		document.querySelectorAll(".hit.chosen").forEach(e => e.classList.remove("chosen"));
		chosen = chosen && chosen.id === id ? null : {id, sentence};
		g.classList.toggle("chosen", chosen !== null);
		tell();
	};
	g.addEventListener("click", choose);
	g.addEventListener("keydown", e => e.key === "Enter" && choose());
	if (chosen && chosen.id === id) {
		g.classList.add("chosen");
		chosen.sentence = sentence;
		explain(sentence);
	}
	return g;
}

function badge(parent, x, y, text, color) {
	const w = text.length * 8.6 + 14;
	el(parent, "rect", {x: x - w, y, width: w, height: 22, rx: 11, fill: color, stroke: "#fff", "stroke-width": 2});
	el(parent, "text", {x: x - w / 2, y: y + 16.5, "text-anchor": "middle", class: "light strong"}, text);
}

const MARK_COLOR = {copy: "#0b7a3b", new: "#0b7a3b", original: "#555", "taken back": "#8a5a00", freed: "#a11", here: "#0a66ff"};

/* What the state did to which frame, in a word. */
function marksOf(state, step) {
	const marks = new Map();
	if (D.steps[step][STEP.kind] === "tree") {
		state.made.forEach(f => marks.set(f, "new"));
		state.copied.forEach(([from, to]) => marks.set(from, "original").set(to, "copy"));
		state.owned.forEach(f => marks.set(f, "taken back"));
		state.freed.forEach(f => marks.set(f, "freed"));
	}
	D.steps[step][STEP.frames].forEach(f => marks.set(f, "here"));
	return marks;
}

/* A table's box and head. Returns what it is drawn in. */
function drawBox(view, svg, b, y, height) {
	const mine = b.users.length > 1 ? "shared by " + b.users.map(userOf).join(" and ") : "of " + userOf(b.mm);
	const g = hit(svg, "t" + b.table.frame, tellTable(view.state, b.tree, b.mm, b.table, mine));
	g.classList.add("table", b.owner);
	const t = b.table, refs = refsOf(view.state, t.frame, t.refs), mark = view.marks.get(t.frame);
	const whose = b.users.length > 1 ? "both" : userOf(b.mm);
	el(g, "rect", {x: b.x, y, width: b.width, height, rx: 7, fill: mark === "freed" ? "#f7dede" : "#fff",
		stroke: mark ? MARK_COLOR[mark] : COLOR[b.owner], "stroke-width": mark ? 4 : 2,
		"stroke-dasharray": mark === "freed" ? "9 5" : "none"});
	el(g, "path", {d: `M${b.x} ${y + BOX.head}v-${BOX.head - 7}q0 -7 7 -7h${b.width - 14}q7 0 7 7v${BOX.head - 7}z`,
		fill: b.owner === "both" ? "url(#stripes)" : COLOR[b.owner]});
	el(g, "text", {x: b.x + 9, y: y + 21, class: "light strong"}, t.level === ROOT ? "root of " + whose : whose);
	el(g, "text", {x: b.x + b.width - 9, y: y + 21, "text-anchor": "end", class: "light mono"},
		hex(t.frame) + (refs < 2 ? "" : " ×" + refs));
	if (mark) {
		g.classList.add("marked");
		badge(g, b.x + b.width + 4, y - 19, mark, MARK_COLOR[mark]);
	}
	return g;
}

function drawUpper(view, svg, node) {
	for (const b of node.boxes) {
		const g = drawBox(view, svg, b, node.y, BOX.h);
		el(g, "text", {x: b.x + 9, y: node.y + 49}, placesBelow(b.tree, b.table).join(", "));
		b.cells.forEach((run, i) => {
			const x = b.x + 6 + i * BOX.cell, y = node.y + BOX.h - 32;
			const c = hit(svg, "e" + b.table.frame + "." + run.first, tellRun(view.state, b.tree, b.mm, b.table, run));
			const w = run.bits[3] === "W";
			el(c, "rect", {x, y, width: BOX.cell - 6, height: 26, rx: 4, fill: run.kind !== "table" ? "#fff" : w ? "#dbe7fb" : "#eee",
				stroke: "#888", "stroke-dasharray": run.kind === "table" ? "none" : "4 3"});
			el(c, "text", {x: x + (BOX.cell - 6) / 2, y: y + 19, "text-anchor": "middle", class: "mono" + (w ? " strong" : "")},
				`[${run.first}] ` + (run.kind === "table" ? (w ? "W" : "–") : "…"));
		});
		if (b.more)
			el(g, "text", {x: b.x + 10 + b.cells.length * BOX.cell, y: node.y + BOX.h - 13}, `+${b.more}`);
		b.cells.forEach((run, i) => {
			const kid = node.kids.find(k => k.index === run.first && run.kind === "table");
			const to = kid && kid.boxes.find(k => k.table.frame === run.frame);
			if (to)
				arrow(svg, b.owner, run.bits[3] === "W", b.x + 6 + i * BOX.cell + (BOX.cell - 6) / 2, node.y + BOX.h,
					to.x + to.width / 2 + (to.owner === "both" && b.owner !== "both" ? (b.owner === "left" ? -26 : 26) : 0), kid.y);
		});
	}
	node.kids.forEach(k => (k.level === 1 ? drawLeaf : drawUpper)(view, svg, k));
}

function arrow(svg, owner, w, x1, y1, x2, y2) {
	const mid = (y1 + y2) / 2;
	el(svg, "path", {class: "arrow" + (w ? " w" : ""), stroke: COLOR[owner], "marker-end": `url(#head-${owner})`,
		d: `M${x1} ${y1}C${x1} ${mid} ${x2} ${mid} ${x2} ${y2 - 2}`});
}

/* A frame of memory beside its row, and the arrow to it. */
function drawPage(view, svg, b, run, x, y, from, owner) {
	const refs = refsOf(view.state, run.frame, run.refs), mark = run.frame ? view.marks.get(run.frame) : null;
	const w = run.bits[3] === "W", right = x > from, edge = right ? x : x + LEAF.page;
	el(svg, "path", {class: "arrow" + (w ? " w" : ""), stroke: COLOR[b.owner], "marker-end": `url(#head-${b.owner})`,
		d: `M${from} ${y + 12}L${edge} ${y + 12}`});
	if (owner === "both" && b !== view.first)
		return; /* drawn with the other one's arrow */
	const g = hit(svg, "p" + b.table.frame + "." + run.first, tellRun(view.state, b.tree, b.mm, b.table, run));
	g.classList.add("page", owner);
	el(g, "rect", {x, y: y + 1, width: LEAF.page, height: 23, rx: 3, fill: mark === "freed" ? "#f7dede" : PAPER[run.kind],
		stroke: mark ? MARK_COLOR[mark] : COLOR[owner], "stroke-width": mark ? 3.5 : owner === "both" ? 2.5 : 1.5,
		"stroke-dasharray": mark === "freed" ? "6 4" : owner === "both" && !mark ? "2 2" : "none"});
	if (mark)
		g.classList.add("marked");
	const shown = run.kind === "zero" ? "zeros" : run.n > 1 ? run.n + " pages" : hex(run.frame);
	el(g, "text", {x: x + 7, y: y + 18, class: run.n > 1 || run.kind === "zero" ? "" : "mono"}, shown);
	const word = mark === "original" || mark === "taken back" ? "" : mark && mark !== "here" ? mark : refs > 1 ? "×" + refs : "";
	el(g, "text", {x: x + LEAF.page - 6, y: y + 18, "text-anchor": "end", class: "strong",
		style: mark ? "fill:" + MARK_COLOR[mark] : ""}, word);
}

function drawRow(view, svg, node, row, y) {
	row.runs.forEach((run, side) => {
		const b = node.boxes[side];
		if (!run)
			return;
		const g = hit(svg, "r" + b.table.frame + "." + run.first, tellRun(view.state, b.tree, b.mm, b.table, run));
		const at = b.table.va + run.first * PAGE, x = b.x;
		el(g, "rect", {x: x + 3, y, width: b.width - 6, height: BOX.row - 2, rx: 3, fill: ROW[run.kind], stroke: "none"});
		/* The right box is narrow: the kind stands there only if it is not the left one's, instead of the number. */
		const differs = side && row.runs[0] && row.runs[0].kind !== run.kind;
		el(g, "text", {x: x + 9, y: y + 18},
			differs ? run.kind : `${run.first}${run.n > 1 ? "–" + (run.first + run.n - 1) : ""}`);
		if (side === 0) {
			el(g, "text", {x: x + 84, y: y + 18}, placeOf(b.tree, at, run));
			el(g, "text", {x: x + 150, y: y + 18}, run.kind);
		} else if (!row.runs[0])
			el(g, "text", {x: x + 68, y: y + 18}, run.kind);
		el(g, "text", {x: x + b.width - 24, y: y + 18, class: "mono", "text-anchor": "end"},
			run.bits.slice(0, 3).replace(/-/g, "·"));
		el(g, "text", {x: x + b.width - 8, y: y + 18, class: "mono strong", "text-anchor": "end"}, run.bits[3] === "W" ? "W" : "–");
	});
	const [l, r] = row.runs, L = node.boxes[0], R = node.boxes[1];
	view.first = L;
	const from = L.x + L.width, has = run => run && run.kind !== "promise";
	if (!R) {
		if (has(l))
			drawPage(view, svg, L, l, from + LEAF.gap, y, from, L.owner);
		return;
	}
	const same = has(l) && has(r) && l.frame === r.frame && l.kind === r.kind;
	const middle = from + LEAF.gap + LEAF.page / 2 + 4;
	if (has(l))
		drawPage(view, svg, L, l, same ? middle : from + LEAF.gap, y, from, same ? "both" : "left");
	if (has(r))
		drawPage(view, svg, R, r, same ? middle : from + LEAF.gap + LEAF.page + 8, y, R.x, same ? "both" : "right");
}

function drawLeaf(view, svg, node) {
	for (const b of node.boxes)
		drawBox(view, svg, b, node.y, node.height);
	if (!node.rows.length)
		node.boxes.forEach(b => el(svg, "text", {x: b.x + 9, y: node.y + BOX.head + 21}, "empty"));
	node.rows.forEach((row, i) => drawRow(view, svg, node, row, node.y + BOX.head + 3 + i * BOX.row));
	if (node.hidden) {
		const va = node.boxes[0].table.va;
		const g = hit(svg, "m" + va, `${count(node.hidden, "more run")} of entries: click to see all.`);
		el(g, "text", {x: node.x + 10, y: node.y + node.height - 11, style: "fill:#0a4fc4"}, `… ${count(node.hidden, "more run")}: show`);
		g.addEventListener("click", () => { view.open.add(va); redraw(); });
	}
}

function drawLevels(svg) {
	["level 4", "level 3", "level 2", "level 1"].forEach((name, i) => {
		const y = BOX.top + i * (BOX.h + BOX.gapY);
		el(svg, "text", {x: 8, y: y + 21, class: "strong"}, name);
		el(svg, "text", {x: 8, y: y + 43}, "an entry:");
		el(svg, "text", {x: 8, y: y + 63}, ["512 GiB", "1 GiB", "2 MiB", "4 KiB"][i]);
		if (i)
			el(svg, "line", {x1: 0, x2: "100%", y1: y - BOX.gapY / 2 - 8, y2: y - BOX.gapY / 2 - 8, stroke: "#ececec"});
	});
}

const opened = new Set();

/* The picture of a step: {boxes drawn} for whoever wants to check it. */
function drawTrees(holder, step, focus) {
	const state = stateOf(step);
	const sides = ["left", "right"].map((owner, i) => ({owner, mm: focus[i], tree: treeOf(state, focus[i])}))
		.filter(s => s.tree && s.tree.root != null);
	holder.textContent = "";
	if (!sides.length) {
		const p = document.createElement("p");
		p.textContent = D.states.length ? "No tree of these address spaces is known here yet."
			: "This trace has no snapshots of trees: trace the category tree, too.";
		holder.append(p);
		return;
	}
	const svg = el(null, "svg", {role: "group", "aria-label": "page-table trees of " + sides.map(s => userOf(s.mm)).join(" and ")});
	defs(svg);
	const least = window.innerWidth > 1700 ? 1 : 0.68;
	const above = BOX.top + 3 * (BOX.h + BOX.gapY) + BOX.head + BOX.row + 16; /* all but the rows of a leaf table */
	const view = {state, sides, marks: marksOf(state, step), open: opened,
		most: Math.max(6, Math.min(14, Math.floor((holder.clientHeight / least - above) / BOX.row)))};
	const node = makeNode(view, sides.map(s => s.tree.table.get(s.tree.root)));
	const bottom = place(node, BOX.gutter, BOX.top) + 14, width = BOX.gutter + node.width + 20;
	const scale = Math.max(least, Math.min((holder.clientWidth - 4) / width, (holder.clientHeight - 6) / bottom, 1.3));
	svg.setAttribute("viewBox", `0 0 ${width} ${bottom}`);
	svg.setAttribute("width", width * scale);
	svg.setAttribute("height", bottom * scale);
	drawLevels(svg);
	drawUpper(view, svg, node);
	holder.appendChild(svg);
}
