/* The data of the trace (tools/tracer/page.py says what is in it), and what can be asked of it. */
const D = JSON.parse(document.getElementById("data").textContent);
const PAGE = 4096, ROOT = 4, STEP = {time: 0, cpu: 1, tid: 2, kind: 3, line: 4, caption: 5, state: 6, frames: 7};
const KINDS = {
	table: "a table", anon: "memory of its own", file: "page of a file", promise: "promised, not touched yet",
	zero: "the page of zeros",
};
const hex = n => "0x" + n.toString(16);
const span = level => PAGE * 512 ** (level - 1);
const count = (n, what) => n + " " + what + (n === 1 ? "" : "s");

function size(bytes) {
	let unit = 0;
	for (bytes /= 1024; bytes >= 1024 && bytes % 1024 === 0 && unit < 3; unit++)
		bytes /= 1024;
	return bytes + " " + ["KiB", "MiB", "GiB", "TiB"][unit];
}

/* Snapshots: arrays become objects, tables are found by their frame. */
for (const tree of D.trees.filter(t => t)) {
	tree.table = new Map();
	for (const [frame, level, va, refs, runs] of tree.tables)
		tree.table.set(frame, {frame, level, va, refs, runs: runs.map(
			([first, n, kind, bits, at, r, step]) => ({first, n, kind, bits, frame: at, refs: r, step}))});
}

const stateOf = step => D.states[D.steps[step][STEP.state]];
const treeOf = (state, mm) => state && mm != null && mm in state.trees ? D.trees[state.trees[mm]] : null;
const refsOf = (state, frame, told) => state.refs[frame] ?? told;

/* "pid 8 sh": who uses an address space; the last name that it has there. */
function userOf(mm) {
	const users = D.users[mm] || [];
	return users.length ? "pid " + users[0][0] : "space " + mm;
}

/* What a page is part of. */
function placeOf(tree, va, run) {
	const p = tree.places;
	if (run && run.kind === "promise" && run.bits.startsWith("---"))
		return "guard";
	if (va >= p.stack)
		return "stack";
	if (va >= p.brk && va < p.brk_end)
		return "heap";
	if (va >= p.brk)
		return "mmap";
	if (run && run.bits[2] === "x")
		return "text";
	return run && run.bits[1] !== "w" ? "rodata" : "data";
}

/* The names of all that lies below a table. */
function placesBelow(tree, table) {
	const names = new Set();
	const visit = t => {
		for (const run of t.runs) {
			const below = run.kind === "table" && tree.table.get(run.frame);
			if (below)
				visit(below);
			else
				names.add(placeOf(tree, t.va + run.first * span(t.level), run));
		}
	};
	visit(table);
	names.delete("guard");
	return [...names].filter(n => n !== "rodata" || !names.has("text"));
}

/* Is W set at every level of the way to va? Else the level of the first table that has it clear. */
function writableDownTo(tree, va) {
	for (let t = tree.table.get(tree.root); t;) {
		const index = Math.floor(va / span(t.level)) % 512;
		const run = t.runs.find(r => r.first <= index && index < r.first + r.n);
		if (!run || run.bits[3] !== "W")
			return t.level;
		if (run.kind !== "table")
			return 0;
		t = tree.table.get(run.frame);
	}
	return ROOT;
}

function rights(bits) {
	const may = [["r", "read"], ["w", "write"], ["x", "run"]].filter(([c], i) => bits[i] === c);
	return may.length ? "the program may " + may.map(m => m[1]).join(" and ") + " it" : "the program may not touch it";
}

/* One sentence, or a few, about some entries: what stands there, and what that means. */
function tellRun(state, tree, mm, table, run) {
	const where = table.level === ROOT ? "the root of " + userOf(mm) : `table ${hex(table.frame)} (level ${table.level})`;
	const at = table.va + run.first * span(table.level);
	const entries = run.n === 1 ? `Entry ${run.first}` : `Entries ${run.first} to ${run.first + run.n - 1}`;
	const refs = refsOf(state, run.frame, run.refs);
	if (run.kind === "table")
		return `${entries} of ${where} leads to table ${hex(run.frame)} of level ${table.level - 1}, ` +
			`which has ${count(refs, "reference")}${refs > 1 ? ": it is shared" : ""}. ` +
			(run.bits[3] === "W" ? "W is set here; it counts only if all above it say W too."
				: `W is clear: a write to anything in ${hex(at)} to ${hex(at + span(table.level))} faults.`);
	let text = `${entries} of ${where}: ${KINDS[run.kind]}, ${placeOf(tree, at, run)}, ` +
		`${size(run.n * span(table.level))} from ${hex(at)}; ${rights(run.bits)}. `;
	if (run.kind === "promise")
		return text + "No frame is there: the first touch faults and gets one.";
	if (run.frame)
		text += (run.n > 1 ? "Each frame has " : `Frame ${hex(run.frame)} has `) + count(refs, "reference") +
			(run.kind === "file" ? ", one of them the file's own. " : ". ");
	if (run.bits[1] !== "w" || table.level !== 1)
		return text;
	if (run.bits[4] === "s")
		return text + "It is meant to be shared: never copied.";
	const clear = writableDownTo(tree, at);
	return text + (clear === 0 ? "W is set at every level of the way: the CPU writes without a fault."
		: run.bits[3] !== "W" ? "W is clear here: a write faults" + (refs > 1 ? ", and copies the page." : ".")
		: `W is set here, but clear in the table of level ${clear} above: the CPU ANDs them, so a write faults.`);
}

function tellTable(state, tree, mm, table, mine) {
	const refs = refsOf(state, table.frame, table.refs);
	const end = table.va + (table.level === ROOT ? 256 : 512) * span(table.level);
	return `${table.level === ROOT ? "The root" : "A table of level " + table.level} in frame ` +
		`${hex(table.frame)}, ${mine}: ${hex(table.va)} to ${hex(end)} (${placesBelow(tree, table).join(", ") || "empty"}). ` +
		`It has ${count(refs, "reference")}` +
		(refs > 1 ? ": nobody may change it, who writes below it makes a copy first."
			: ", so its one owner may change it.");
}
