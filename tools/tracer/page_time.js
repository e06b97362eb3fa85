/* Processes over time, a lane each, and where memory is at a step. One step is one step wide: events
   come in bursts, and a scale of true time would show bursts only. */
const LANE = {height: 40, name: 210, top: 6};
let zoom = 0; /* pixels a step; 0: all fits */

function laneOrder() {
	const order = [], visit = task => {
		order.push(task);
		D.tasks.filter(t => t.parent === task.tid && t !== task && !order.includes(t)).forEach(visit);
	};
	D.tasks.filter(t => !D.tasks.some(p => p.tid === t.parent && p !== t)).forEach(visit);
	return order;
}

const lanes = laneOrder();
const laneY = tid => LANE.top + lanes.findIndex(t => t.tid === tid) * LANE.height;

function nameAt(task, step) {
	let name = task.name;
	for (const [from, text] of task.names)
		if (from <= step)
			name = text;
	return name;
}

function timeDefs(svg) {
	const d = el(svg, "defs");
	const p = el(d, "pattern", {id: "waits", width: 7, height: 7, patternUnits: "userSpaceOnUse"});
	el(p, "rect", {width: 7, height: 7, fill: "#fff"});
	el(p, "path", {d: "M-1 8L8 -1", stroke: "#5b7fb4", "stroke-width": 2});
	for (const [id, color] of [["fork", "#0b7a3b"], ["wait", "#a11"]]) {
		const m = el(d, "marker", {id: "to-" + id, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 11,
			markerHeight: 11, markerUnits: "userSpaceOnUse", orient: "auto"});
		el(m, "path", {d: "M0 0L10 5L0 10z", fill: color});
	}
}

/* Running, waiting for a CPU, sleeping: told apart by height and pattern as well. */
const SPANS = {
	run: {fill: "#3b6fb6", height: 18, word: "runs"},
	R: {fill: "url(#waits)", height: 12, word: "waits for a CPU"},
	S: {fill: "#9a9a9a", height: 4, word: "sleeps"},
};

function drawLane(svg, task, x) {
	const y = laneY(task.tid);
	for (const [from, to, state] of task.spans) {
		const s = SPANS[state] || SPANS.S;
		const rect = el(svg, "rect", {x: x(from), y: y + 12 - s.height / 2, width: Math.max(1, x(to) - x(from)), height: s.height,
			fill: s.fill, stroke: state === "R" ? "#5b7fb4" : "none", class: "span " + state});
		el(rect, "title", {}, `pid ${task.tid} ${s.word}`);
	}
	for (const [from, to, name, line] of task.calls) {
		const w = x(to ?? task.end) - x(from);
		const rect = el(svg, "rect", {x: x(from), y: y + 25, width: Math.max(1.5, w - 1), height: w > 40 ? 14 : 7, rx: 1.5, fill: "#e9b44c", class: "call"});
		el(rect, "title", {}, `pid ${task.tid}: ${line}`);
		if (w > name.length * 9 + 6)
			el(svg, "text", {x: x(from) + 3, y: y + 38, "pointer-events": "none"}, name);
	}
	for (const [at, kind] of task.marks) {
		if (kind === "exec")
			el(svg, "path", {d: `M${x(at)} ${y - 1}v26`, stroke: "#000", "stroke-width": 3});
		if (kind === "exit")
			el(svg, "path", {d: `M${x(at) - 6} ${y + 6}l12 12m0 -12l-12 12`, stroke: "#a11", "stroke-width": 3});
		if (kind === "fault")
			el(svg, "path", {d: `M${x(at)} ${y + 2}l4 -7h-8z`, fill: "#8a5a00"});
	}
}

/* The programs' names where there is room up to the next change: all of them at the left, anyway. */
function drawNames(svg, x) {
	for (const task of lanes)
		for (const [at, text] of task.names) {
			const changes = D.steps.map((s, i) => i).filter(i => i > at + 1 && D.steps[i][STEP.tid] === task.tid && D.steps[i][STEP.kind] === "tree");
			if (x(changes[0] ?? task.end) - x(at) > text.length * 10 + 24)
				el(svg, "text", {x: x(at) + 12, y: laneY(task.tid) + 18, class: "strong light"}, text);
		}
}

function drawArrows(svg, x) {
	for (const [kind, from, a, to, b] of D.arrows) {
		const y1 = laneY(a) + 12, y2 = laneY(b) + 12, color = kind === "fork" ? "#0b7a3b" : "#a11";
		const down = Math.sign(y2 - y1) * 9, x1 = x(from), x2 = x(to);
		el(svg, "path", {class: "link " + kind, fill: "none", stroke: color, "stroke-width": 2.2, "stroke-dasharray": kind === "wait" ? "5 4" : "none",
			"marker-end": `url(#to-${kind})`, d: `M${x1} ${y1 + down}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2 - down}`});
	}
}

/* Draws all lanes; markStep moves the line of the current step. */
function drawTime(names, box) {
	const all = D.steps.length, fit = (box.clientWidth - 30) / Math.max(1, all - 1);
	const unit = zoom || Math.max(fit, 0.05), x = step => 12 + step * unit;
	const width = Math.max(box.clientWidth - 2, x(all - 1) + 18), height = LANE.top + lanes.length * LANE.height + 4;
	names.textContent = box.textContent = "";
	const left = el(names, "svg", {width: LANE.name, height, role: "list", "aria-label": "processes"});
	const svg = el(box, "svg", {width, height, role: "group", "aria-label": "lanes over time"});
	timeDefs(svg);
	lanes.forEach(task => {
		const y = laneY(task.tid), thread = task.tgid !== task.tid;
		let depth = 0;
		for (let t = task; (t = D.tasks.find(p => p.tid === t.parent && p !== t)) && depth < 5;)
			depth++;
		el(left, "text", {x: 8 + depth * 14, y: y + 19, "data-tid": task.tid, role: "listitem"},
			`${thread ? "thread" : "pid"} ${task.tid} ${task.names.length ? task.names[task.names.length - 1][1] : task.name}`.slice(0, 22 - depth));
		el(svg, "line", {x1: 0, x2: width, y1: y + LANE.height - 3, y2: y + LANE.height - 3, stroke: "#eee"});
		drawLane(svg, task, x);
	});
	D.steps.forEach((s, i) => {
		if (s[STEP.kind] === "tree" && lanes.some(t => t.tid === s[STEP.tid]))
			el(svg, "path", {d: `M${x(i)} ${laneY(s[STEP.tid]) + 1}l8 11l-8 11l-8 -11z`, fill: COLOR.both, stroke: "#fff", "stroke-width": 1.5, class: "change"});
	});
	drawNames(svg, x);
	drawArrows(svg, x);
	el(svg, "rect", {id: "nowlane", height: LANE.height - 4, width, x: 0, fill: "#ffd84d", opacity: 0.28, "pointer-events": "none"});
	el(svg, "rect", {id: "now", y: 0, width: 3, height, fill: "#e00000", "pointer-events": "none"});
	svg.addEventListener("click", e => goNear(Math.round((e.clientX - svg.getBoundingClientRect().left - 12) / unit)));
	drawTime.x = x;
}

function markStep(step, box) {
	const now = document.getElementById("now"), lane = document.getElementById("nowlane");
	const x = drawTime.x(step), y = laneY(D.steps[step][STEP.tid]);
	now.setAttribute("x", x - 1.5);
	lane.setAttribute("y", y - 2);
	lane.setAttribute("visibility", y >= LANE.top ? "visible" : "hidden");
	if (x < box.scrollLeft + 40 || x > box.scrollLeft + box.clientWidth - 60)
		box.scrollLeft = x - box.clientWidth / 2;
	const outer = box.parentElement;
	if (y >= 0 && (y < outer.scrollTop || y + LANE.height > outer.scrollTop + outer.clientHeight))
		outer.scrollTop = y - outer.clientHeight / 2;
}

/* ---- Where memory is ---- */

const PARTS = {
	own: ["own pages", "#5fbf7f", "#000"], by2: ["pages of 2", "url(#m-by2)", "#000"],
	by3: ["pages of 3+", "url(#m-by3)", "#000"], tables: ["own tables", "#1d4f91", "#fff"],
	tables_shared: ["shared tables", "url(#m-ts)", "#000"], file: ["page cache", "url(#m-file)", "#000"],
};

function memoryDefs(svg) {
	const d = el(svg, "defs");
	const hatch = (id, back, line, path) => {
		const p = el(d, "pattern", {id, width: 10, height: 10, patternUnits: "userSpaceOnUse"});
		el(p, "rect", {width: 10, height: 10, fill: back});
		el(p, "path", {d: path, stroke: line, "stroke-width": 2.5, "stroke-linecap": "round", fill: "none"});
	};
	hatch("m-by2", "#e9f8ee", "#5fbf7f", "M-2 12L12 -2M-2 2L2 -2M8 12L12 8");
	hatch("m-by3", "#e9f8ee", "#5fbf7f", "M0 0L10 10M10 0L0 10");
	hatch("m-ts", "#e6eefb", "#6b95d6", "M-2 12L12 -2M-2 2L2 -2M8 12L12 8");
	hatch("m-file", "#fdf1d7", "#cda24d", "M2 2h.1M7 7h.1");
}

/* A bar for each address space. A part is as long as it has frames, but never too short for its number. */
function drawMemory(holder, state, focus) {
	holder.textContent = "";
	if (!state)
		return;
	const mms = Object.keys(state.memory).map(Number).sort((a, b) => focus.includes(b) - focus.includes(a) || a - b);
	const wide = Math.max(240, holder.clientWidth), row = 52, shown = mms.slice(0, 4);
	const sum = mm => D.memory.reduce((n, key) => n + (state.memory[mm][key] || 0), 0);
	const most = Math.max(...shown.map(sum), 1), least = 24;
	const keys = D.memory.filter(key => shown.some(mm => state.memory[mm][key]));
	const svg = el(holder, "svg", {width: wide, height: shown.length * row + Math.ceil(keys.length / 2) * 23 + 12, role: "img",
		"aria-label": shown.map(mm => userOf(mm) + ": " + D.memory.filter(k => state.memory[mm][k]).map(
			k => state.memory[mm][k] + " " + PARTS[k][0]).join(", ")).join("; ")});
	memoryDefs(svg);
	shown.forEach((mm, i) => {
		const owner = mm === focus[0] ? "left" : mm === focus[1] ? "right" : null, parts = state.memory[mm];
		const gone = state.why === "exit" && state.mm === mm;
		el(svg, "text", {x: 0, y: i * row + 18, class: "strong", style: owner ? "fill:" + COLOR[owner] : ""},
			userOf(mm) + (gone ? ", before it goes" : "") + `: ${count(sum(mm), "frame")}`);
		let x = 0;
		const used = D.memory.filter(key => parts[key]), room = wide - 2 - used.length * least;
		for (const key of used) {
			const w = least + parts[key] / most * room;
			const g = el(svg, "g", {class: "part", "data-mm": mm, "data-part": key, "data-n": parts[key]});
			el(g, "title", {}, `${parts[key]} ${PARTS[key][0]}`);
			el(g, "rect", {x: x + 1, y: i * row + 23, width: w - 1, height: 23, fill: PARTS[key][1], stroke: "#555"});
			el(g, "text", {x: x + w / 2, y: i * row + 40, "text-anchor": "middle", class: "strong",
				style: `fill:${PARTS[key][2]};` + (PARTS[key][2] === "#000" ? "stroke:#fff;stroke-width:3;paint-order:stroke" : "")}, parts[key]);
			x += w;
		}
	});
	keys.forEach((key, i) => {
		const y = shown.length * row + 8 + (i >> 1) * 23, x = i % 2 * wide / 2;
		el(svg, "rect", {x: x + 1, y, width: 26, height: 16, fill: PARTS[key][1], stroke: "#555"});
		el(svg, "text", {x: x + 34, y: y + 14}, PARTS[key][0]);
	});
}
