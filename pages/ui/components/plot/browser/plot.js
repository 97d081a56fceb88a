// Draws a plotly.js specification, and redraws it in place when it, the theme or the width changes.

const INK = "#000037"; // Stands in specifications for the reader's ink.
const LIGHT = { ink: "#262730", quiet: "#808495", line: "#e6eaf1" };
const DARK = { ink: "#fafafa", quiet: "#e6eaf1", line: "#31333F" };
const NARROWEST = 150; // Pixels; a chart in a box that is still closed has no width.

const FULLSCREEN = {
  name: "fullscreen",
  title: "Fullscreen",
  icon: {
    width: 24,
    height: 24,
    path: "M3 3h6v2H5v4H3zM15 3h6v6h-2V5h-4zM3 15h2v4h4v2H3zM19 15h2v6h-6v-2h4z",
  },
  click: (plot) => (document.fullscreenElement ? document.exitFullscreen() : plot.requestFullscreen()),
};
const TOOLBAR = {
  displaylogo: false,
  showSendToCloud: false, // No button sends a chart to anybody, and no address is there to send it to.
  plotlyServerURL: "",
  modeBarButtonsToRemove: ["zoom2d", "pan2d", "select2d", "lasso2d", "autoScale2d", "sendChartToCloud"],
  modeBarButtonsToAdd: document.fullscreenEnabled ? [FULLSCREEN] : [],
  toImageButtonOptions: { format: "png", filename: "tandem", scale: 2 },
};

const charts = new WeakMap(); // By the place where it is drawn.
let plotly; // The library, or rather its promise.
let turn = Promise.resolve(); // When the next chart may be drawn.

// The server says nothing of how long its files stay good, so that a browser would fetch 4.8 MB at every visit. It
// keeps them itself where it may: under https and on this machine.
const kept = async (url) => {
  if (!window.caches) return url;
  const cache = await caches.open("tandem-plotly");
  const found = await cache.match(url);
  const answer = found ?? (await fetch(url));
  if (!answer.ok) throw new Error(`plotly.js: ${answer.status}`);
  const file = await answer.blob();
  if (!found) keep(cache, url, file); // Behind the chart, which does not wait for it.
  return URL.createObjectURL(file);
};

const keep = async (cache, url, file) => {
  try {
    for (const old of await cache.keys()) await cache.delete(old);
    await cache.put(url, new Response(file));
  } catch {
    // No room: it is fetched again next time.
  }
};

const run = (url) =>
  new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("plotly.js could not be loaded"));
    document.head.append(script);
  });

// Fetches the library, once; `url` is where the server has it.
export const load = (url) => {
  plotly ??= kept(url)
    .catch(() => url) // A browser that keeps nothing, a private window say.
    .then(run);
  plotly.catch(() => (plotly = undefined)); // The next chart tries again.
  return plotly;
};

// The theme as the page has it. Ink is that of Streamlit's own charts, which is among no theme's variables.
const themed = (place) => {
  const style = getComputedStyle(place);
  const [background, heading, border, font] = ["background", "heading", "border"]
    .map((name) => style.getPropertyValue(`--st-${name}-color`).trim())
    .concat(style.getPropertyValue("--st-font").trim());
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  return { ...(isLight(background) ? LIGHT : DARK), background, heading, border, font, rem };
};

const isLight = (colour) => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = colour; // Whatever way it is written, it reads back as #rrggbb.
  const [red, green, blue] = [1, 3, 5].map((place) => parseInt(canvas.fillStyle.slice(place, place + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 128;
};

const template = ({ quiet, ink, line, background, heading, border, font, rem }) => {
  const small = { color: quiet, family: font, size: 0.75 * rem };
  const axis = {
    automargin: true,
    gridcolor: line,
    zerolinecolor: line,
    tickcolor: line,
    tickfont: { color: quiet, size: 0.75 * rem },
    title: { font: { color: quiet, size: 0.875 * rem } },
  };
  return {
    layout: {
      font: { ...small, weight: 400 },
      title: { font: { color: heading, family: font, size: rem }, pad: { l: 0.25 * rem } },
      legend: { valign: "top", bordercolor: "transparent", borderwidth: 0, font: { color: ink, size: 0.75 * rem } },
      paper_bgcolor: background,
      plot_bgcolor: background,
      margin: { pad: 0.5 * rem, l: 0, r: 0 },
      hoverlabel: { bgcolor: background, bordercolor: border, font: small },
      xaxis: { ...axis, showgrid: false, zeroline: false },
      yaxis: axis,
    },
  };
};

const size = (chart, place) => ({
  width: Math.max(place.getBoundingClientRect().width, NARROWEST),
  height: document.fullscreenElement === place ? window.innerHeight : chart.height,
});

const draw = (Plotly, chart, place, { data, layout }, theme) => {
  layout.template = template(theme);
  layout.title.text = `<b>${layout.title.text}</b>`;
  // What was zoomed stays so, as long as the same stretch of the axis is shown.
  layout.uirevision = JSON.stringify(layout.xaxis.range ?? null);
  Object.assign(layout, size(chart, place));
  if (chart.stands) return Plotly.react(place, data, layout);
  chart.stands = true;
  return Plotly.newPlot(place, data, layout, TOOLBAR);
};

// One chart a frame: the first on the page, which the slider above it moves, is seen before the others are drawn.
const inTurn = (drawing) => {
  const drawn = turn.then(drawing);
  turn = drawn.catch(() => {}).then(() => new Promise(afterPaint));
  return drawn;
};

const afterPaint = (resolve) => {
  requestAnimationFrame(() => setTimeout(resolve));
  setTimeout(resolve, 100); // A page in the background has no frames.
};

const begin = (place) => {
  const chart = { asked: "", stands: false, height: 0 };
  chart.observer = new ResizeObserver(() => {
    const { width, height } = size(chart, place);
    const { _fullLayout: shown } = place;
    if (chart.stands && shown && (shown.width !== width || shown.height !== height))
      window.Plotly.relayout(place, { width, height });
  });
  chart.observer.observe(place);
  charts.set(place, chart);
  return chart;
};

// Called with every run of the page and every change of the theme.
export default async ({ data, parentElement }, url) => {
  const place = parentElement.querySelector(".tandem-plot");
  const chart = charts.get(place) ?? begin(place);
  const text = new TextDecoder().decode(data);
  const theme = themed(place);
  const asked = text + JSON.stringify(theme);
  if (chart.asked !== asked) {
    chart.asked = asked;
    const spec = JSON.parse(text.replaceAll(INK, theme.ink));
    place.setAttribute("aria-label", spec.alt); // Said before it is drawn, and even where it cannot be.
    chart.height = spec.layout.height;
    place.style.height = `${chart.height}px`;
    const Plotly = await load(url);
    await inTurn(() => {
      // While the library or its turn was on its way another run may have asked for another chart.
      if (chart.asked === asked) return draw(Plotly, chart, place, spec, theme);
    });
  }
  // Also called after a later run, while the chart still stands: then it stays.
  return () => {
    if (place.isConnected) return;
    chart.observer.disconnect();
    window.Plotly?.purge(place);
  };
};
