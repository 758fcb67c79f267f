"""How the page of a report looks: dark and light as the reader's system is, one column on a phone."""

STYLE = """
:root { --ground:#fff; --ink:#1c2024; --muted:#667078; --line:#d5dade; --own:#0b6bcb; --base:#8a949c; --bad:#c2410c;
  --good:#15803d; --warn:#a16207; --heat:194,65,12; --right:21,128,61; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --ground:#14181b; --ink:#e6e9eb; --muted:#98a2a9; --line:#333b41;
  --own:#5db0ff; --base:#88929a; --bad:#ff9a6b; --good:#6bd68c; --warn:#e6b94d; --heat:255,120,60;
  --right:70,190,110; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; background: var(--ground); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: .5rem 0; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1rem 0 .2rem; } p { margin: .4rem 0; } .muted { color: var(--muted); }
.doubts li { color: var(--warn); margin: .2rem 0; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { padding: .2rem .6rem;
  text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; overflow-wrap: break-word; min-width: 5rem; }
th { color: var(--muted); font-weight: 600; } .bar { width: 8rem; min-width: 3rem; } .bar i { display: block;
  height: .6rem;
  background: var(--own); border-radius: 2px; }
.matrix td, .matrix th { padding: .15rem .35rem; text-align: center; border: 1px solid var(--line); font-size: .8rem; }
svg { width: 100%; height: auto; display: block; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .tick { fill: var(--muted); text-anchor: middle; font-size: 11px; } svg .grid { stroke: var(--line); }
svg .frame { fill: none; stroke: var(--line); } svg line.own, svg polyline.own { stroke: var(--own); stroke-width: 2; }
svg line.base { stroke: var(--base); stroke-width: 2; } svg .spread { stroke-width: 4; stroke-opacity: .45; }
svg circle.own { fill: var(--own); } svg circle.base { fill: var(--base); } svg text.own { font-weight: 600; }
svg .box { fill: none; stroke-width: 3; } svg .truth { stroke: #22c55e; } svg .said { stroke: #38bdf8;
  stroke-dasharray: 8 5; } svg .point { fill: #ffb000; stroke: #000; }
svg .place { fill: none; stroke: #22c55e; stroke-width: 2; }
.cases { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); }
figure { margin: 0; border: 1px solid var(--line); border-radius: 6px; padding: .6rem; }
figure .set { display: grid; gap: .4rem; grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); }
figure .set.one { grid-template-columns: 1fr; }
figure .set > div.kept { outline: 3px solid #22c55e; } figure .set > div.said { outline: 3px dashed #38bdf8;
  outline-offset: 2px; } figcaption { font-size: .9rem; margin-top: .4rem; overflow-wrap: anywhere; }
.none { color: var(--muted); padding: 2rem .5rem; text-align: center; border: 1px dashed var(--line); }
.curves { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
"""
