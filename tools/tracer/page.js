/* Steps: by keys, slider, list, a click on a lane, and #step=N. go() is the one place where the step
   changes; everything that shows it is drawn from there. */
const $ = id => document.getElementById(id);
const page = {step: 0, steps: [], timer: null, focus: [null, null]};
const LIST = 400, PLAY_MS = 1500;

function explain(sentence) {
	$("explain").textContent = sentence || "Point at a table, an entry or a page, or press Tab: this tells what it is.";
}

/* The steps of the filter. */
function filterSteps() {
	const all = D.steps.map((_, i) => i);
	page.steps = $("filter").value === "all" ? all : all.filter(i => D.steps[i][STEP.kind] === "tree");
	$("slider").max = page.steps.length - 1;
}

/* Where the step, or the last one before it, is in the filter. */
function placeInFilter(step) {
	let low = 0, high = page.steps.length - 1;
	while (low < high) {
		const mid = (low + high + 1) >> 1;
		if (page.steps[mid] <= step)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

const goNear = step => go(page.steps[placeInFilter(Math.max(0, Math.min(step, D.steps.length - 1)))]);
const goPlace = at => go(page.steps[Math.max(0, Math.min(at, page.steps.length - 1))]);

function fillSides(state) {
	["left", "right"].forEach((id, i) => {
		const select = $(id), had = select.value || "auto";
		select.textContent = "";
		const add = (value, text) => select.add(new Option(text, value));
		add("auto", "auto");
		if (i === 1)
			add("none", "none");
		for (const mm of Object.keys(state ? state.trees : {}))
			add(mm, userOf(mm) + ", space " + mm);
		select.value = [...select.options].some(o => o.value === had) ? had : "auto";
	});
}

function focusOf(state) {
	return ["left", "right"].map((id, i) => {
		const value = $(id).value;
		return value === "auto" ? (state ? state.focus[i] : null) : value === "none" ? null : Number(value);
	});
}

function showList() {
	const list = $("list"), at = placeInFilter(page.step);
	const from = Math.max(0, Math.min(at - LIST / 2, page.steps.length - LIST)), to = Math.min(page.steps.length, from + LIST);
	const key = [from, to, $("filter").value].join();
	if (list.dataset.key !== key) {
		list.dataset.key = key;
		list.textContent = "";
		for (const i of page.steps.slice(from, to)) {
			const li = document.createElement("li"), b = document.createElement("b"), s = D.steps[i];
			b.textContent = s[STEP.tid] || "–";
			li.append(b, s[STEP.line]);
			li.dataset.step = i;
			li.title = (s[STEP.time] / 1e9).toFixed(6) + " s, CPU " + s[STEP.cpu];
			li.classList.toggle("tree", s[STEP.kind] === "tree");
			list.append(li);
		}
	}
	list.querySelector(".now")?.classList.remove("now");
	list.querySelector("[aria-current]")?.removeAttribute("aria-current");
	const now = list.querySelector(`[data-step="${page.step}"]`);
	now?.classList.add("now");
	now?.setAttribute("aria-current", "step");
	if (now)
		list.scrollTop = now.offsetTop - list.clientHeight / 2;
}

function redraw() {
	const state = stateOf(page.step);
	fillSides(state);
	page.focus = focusOf(state);
	drawTrees($("treebox"), page.step, page.focus);
	drawMemory($("memory"), state, page.focus);
	markStep(page.step, $("timebox"));
	showMarked();
}

/* What has changed is to be seen, where not all fits: the page, or else the first table. */
function showMarked() {
	const box = $("treebox"), all = [...box.querySelectorAll(".marked")];
	const mark = all.find(e => e.classList.contains("page")) || all[0];
	if (!mark)
		return;
	const m = mark.getBoundingClientRect(), b = box.getBoundingClientRect();
	if (m.left < b.left || m.right > b.right)
		box.scrollLeft += m.right - b.right + 200;
	if (m.bottom > b.bottom || m.top < b.top)
		box.scrollTop += m.bottom - b.bottom + 30;
}

function go(step) {
	const s = D.steps[page.step = step];
	$("caption").textContent = s[STEP.caption];
	$("where").textContent = `${placeInFilter(step) + 1} of ${page.steps.length}`;
	$("where").title = `event ${step} of ${D.steps.length}, at ${(s[STEP.time] / 1e9).toFixed(6)} s`;
	$("slider").value = placeInFilter(step);
	$("slider").setAttribute("aria-valuetext", `${placeInFilter(step) + 1} of ${page.steps.length}: ${s[STEP.line]}`);
	document.body.dataset.step = step;
	history.replaceState(null, "", "#step=" + step);
	redraw();
	showList();
}

function move(by) {
	const at = placeInFilter(page.step);
	goPlace(by < 0 && page.steps[at] < page.step ? at : at + by);
}

function play(on) {
	clearInterval(page.timer);
	page.timer = on ? setInterval(() => {
		if (placeInFilter(page.step) === page.steps.length - 1)
			play(false);
		else
			move(1);
	}, PLAY_MS) : null;
	$("play").textContent = on ? "❚❚" : "▶▶";
	$("play").setAttribute("aria-label", on ? "pause" : "play");
}

function zoomBy(factor) {
	const fit = ($("timebox").clientWidth - 30) / Math.max(1, D.steps.length - 1);
	const next = (zoom || fit) * factor;
	zoom = next <= fit * 1.01 ? 0 : Math.min(next, 120);
	drawTime($("names"), $("timebox"));
	markStep(page.step, $("timebox"));
}

const KEYS = {
	ArrowLeft: () => move(-1), ArrowRight: () => move(1), Home: () => goPlace(0), End: () => goPlace(page.steps.length - 1),
	" ": () => play(!page.timer), "+": () => zoomBy(2), "=": () => zoomBy(2), "-": () => zoomBy(0.5),
	f: () => { if (!$("filter").disabled) $("filter").value = $("filter").value === "tree" ? "all" : "tree"; changeFilter(); },
};

function changeFilter() {
	filterSteps();
	if ($("filter").value === "tree")
		goNear(page.step);
	else
		go(page.step);
}

function fromHash() {
	const match = /#step=(\d+)/.exec(location.hash);
	if (!match || Number(match[1]) === page.step && document.body.dataset.step)
		return false;
	const step = Math.min(Number(match[1]), D.steps.length - 1);
	if (!page.steps.includes(step)) {
		$("filter").value = "all";
		filterSteps();
	}
	go(step);
	return true;
}

function drawLegends() {
	const swatch = (attrs, text, w = 30) => {
		const span = document.createElement("span"), svg = el(null, "svg", {width: w, height: 18, "aria-hidden": true});
		defs(svg);
		el(svg, attrs.d ? "path" : "rect", attrs.d ? attrs : {x: 1, y: 1, width: w - 2, height: 16, rx: 3, stroke: "#555", ...attrs});
		span.append(svg, text);
		return span;
	};
	const line = w => ({d: "M0 9H38", class: "arrow" + (w ? " w" : ""), stroke: "#333"});
	$("legend").append(swatch({fill: COLOR.left}, "left"), swatch({fill: COLOR.right}, "right"),
		swatch({fill: "url(#stripes)"}, "both: drawn once"), swatch(line(true), "W set", 40), swatch(line(false), "W clear: writes fault", 40),
		swatch({fill: PAPER.anon}, "anon: own memory"), swatch({fill: "url(#dots)"}, "file"), "×2 references");
	const key = (attrs, text) => swatch({stroke: "none", ...attrs}, text);
	$("timekey").append(key({fill: "#3b6fb6"}, "runs  "), key({y: 3, height: 12, fill: "#d5e0f0", stroke: "#5b7fb4", "stroke-dasharray": "3 2"}, "waits for a CPU  "),
		key({y: 7, height: 4, fill: "#9a9a9a"}, "sleeps  "), key({fill: "#e9b44c"}, "system call  "), key({d: "M15 1l8 8l-8 8l-8 -8z", fill: COLOR.both}, "tree changes  "),
		key({d: "M10 3l10 12m0 -12l-10 12", stroke: "#a11", "stroke-width": 3}, "exit"));
}

/* Where a lesson begins: before the first fork of a program that is not init. */
function firstStep() {
	const forks = page.steps.map((step, at) => ({step, at})).filter(s => D.steps[s.step][STEP.line] === "before fork");
	const fork = forks.find(s => !D.steps[s.step][STEP.caption].includes("(init)")) || forks[0];
	return fork ? fork.at : 0;
}

function start() {
	document.title = $("title").textContent = D.title;
	$("title").title = D.title;
	drawLegends();
	explain(null);
	if (!D.steps.some(s => s[STEP.kind] === "tree")) {
		$("filter").value = "all";
		$("filter").disabled = true;
	}
	filterSteps();
	drawTime($("names"), $("timebox"));
	$("slider").addEventListener("input", () => goPlace(Number($("slider").value)));
	$("filter").addEventListener("change", changeFilter);
	["left", "right"].forEach(id => $(id).addEventListener("change", redraw));
	$("list").addEventListener("click", e => e.target.closest("li") && go(Number(e.target.closest("li").dataset.step)));
	for (const [id, key] of [["first", "Home"], ["back", "ArrowLeft"], ["on", "ArrowRight"], ["last", "End"], ["play", " "], ["less", "-"], ["more", "+"]])
		$(id).addEventListener("click", KEYS[key]);
	document.addEventListener("keydown", e => {
		const own = e.target.matches("select") || e.target.id === "slider" && e.key !== " " || e.target.matches("button") && e.key === " ";
		if (KEYS[e.key] && !own && !e.ctrlKey && !e.altKey && !e.metaKey) {
			e.preventDefault();
			KEYS[e.key]();
		}
	});
	window.addEventListener("hashchange", fromHash);
	window.addEventListener("resize", () => { drawTime($("names"), $("timebox")); redraw(); });
	if (!fromHash())
		goPlace(firstStep());
}

start();
