// How a report looks: one style sheet, light and dark, on paper too. Colours keep a contrast of 4.5 for text and 3 for marks.

/** How many colours lead from the first piece to the last: `--t0` and on. */
export const tones = 8;

/** The style sheet, as it stands in the page. */
export const reportStyle = `
:root{color-scheme:light dark;--bg:#f7f8f8;--card:#fff;--ink:#1c2327;--soft:#55626b;--rule:#dfe4e7;--accent:#0e6c77;--good:#1a7446;--bad:#b02a22;
--goodbg:#e4f3ea;--badbg:#fbe9e7;--missing:#dde2e6;--before:#93a1ab;--stall:#f3dfc1;--sent:#9a4f07;
--t0:#433a86;--t1:#41579f;--t2:#3a73ac;--t3:#358dac;--t4:#37a49d;--t5:#5cb787;--t6:#93c76f;--t7:#d2cf62}
@media(prefers-color-scheme:dark){:root{--bg:#13181b;--card:#1a2125;--ink:#e5eaec;--soft:#a3b0b8;--rule:#2d373d;--accent:#5cbcc8;--good:#6fce9c;
--bad:#ff9186;--goodbg:#173125;--badbg:#3a1f1d;--missing:#2b353b;--before:#687781;--stall:#4a3a20;--sent:#e3a355;
--t0:#6a5fb5;--t1:#5f74c0;--t2:#4f8cc6;--t3:#45a2c1;--t4:#45b5ae;--t5:#66c593;--t6:#9fd27b;--t7:#ded97a}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem 3rem}
header{margin-bottom:1.5rem}
h1{font-size:1.6rem;line-height:1.25;margin:.6rem 0 .3rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:0 0 .8rem}
h3{font-size:.95rem;margin:1.2rem 0 .4rem}
p{margin:.3rem 0}
p,li{overflow-wrap:anywhere}
.soft,.legend,dt,caption,.x,.y,footer{color:var(--soft)}
.badge{display:inline-block;padding:.15rem .7rem;border-radius:1rem;font-weight:600;font-size:.9rem}
.badge.good{color:var(--good);background:var(--goodbg)}
.badge.bad{color:var(--bad);background:var(--badbg)}
section{background:var(--card);border:1px solid var(--rule);border-radius:.6rem;padding:1.1rem 1.2rem;margin:0 0 1rem}
dl.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.2rem,1fr));gap:.9rem 1rem;margin:0}
dt{font-size:.85rem}
dd{margin:0;font-size:1.15rem;font-weight:600;font-variant-numeric:tabular-nums}
dl.list{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.25rem 1rem;margin:0}
dl.list dd{font-size:.95rem;font-weight:400;overflow-wrap:anywhere}
.chart{display:grid;grid-template-columns:auto 1fr;gap:.2rem .6rem}
.chart svg{width:100%;height:12rem;display:block;border-bottom:1px solid var(--soft)}
.y{display:flex;flex-direction:column;justify-content:space-between;text-align:right;font-size:.8rem;font-variant-numeric:tabular-nums}
.x{grid-column:2;display:flex;justify-content:space-between;font-size:.8rem;font-variant-numeric:tabular-nums}
.grid{stroke:var(--rule);vector-effect:non-scaling-stroke}
.area{fill:var(--accent);opacity:.16}
.line{fill:none;stroke:var(--accent);stroke-width:1.5;vector-effect:non-scaling-stroke}
.sent{fill:none;stroke:var(--sent);stroke-width:1.5;vector-effect:non-scaling-stroke}
.mean{stroke:var(--soft);stroke-dasharray:4 4;vector-effect:non-scaling-stroke}
.stall{fill:var(--stall)}
.map{width:100%;max-height:24rem;display:block}
.legend{font-size:.85rem;margin-top:.6rem;display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .4rem}
.swatch,.key-stall{display:inline-block;width:.85rem;height:.85rem;border-radius:2px}
.tones{display:inline-flex}
.key{display:inline-flex;align-items:center;gap:.35rem;margin-right:.6rem;white-space:nowrap}
.tones+span{margin-right:.6rem}
.key-line,.key-mean,.key-sent{display:inline-block;width:1.4rem;border-top:2px solid var(--accent)}
.key-sent{border-top-color:var(--sent)}
.key-mean{border-top:2px dashed var(--soft)}
.key-stall{background:var(--stall)}
.missing{fill:var(--missing);background:var(--missing)}
.before{fill:var(--before);background:var(--before)}
.unwanted{fill:none;background:none;outline:1px dotted var(--rule)}
${Array.from({ length: tones }, (_, tone) => `.tone${tone}{fill:var(--t${tone});background:var(--t${tone})}`).join('')}
.wide{overflow-x:auto}
.wide+.wide{margin-top:1.4rem}
.wide:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
ul{margin:0;padding-left:1.2rem}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-size:.85rem;padding-bottom:.4rem}
th,td{text-align:left;padding:.35rem .8rem .35rem 0;border-top:1px solid var(--rule);vertical-align:top}
thead th{border-top:0;font-weight:600;white-space:nowrap}
tbody th{font-weight:400;overflow-wrap:anywhere;min-width:8.5rem}
.n{text-align:right;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
.bar{width:6rem;height:.6rem;display:inline-block;background:var(--missing);border-radius:2px}
.bar rect{fill:var(--accent)}
code{font:.85em/1.4 ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
details{margin-top:.6rem}
summary{cursor:pointer;color:var(--soft);font-size:.9rem}
footer{font-size:.85rem;text-align:center}
@media print{body{background:#fff}section{break-inside:avoid}}
`;
