#include "core/render/html_style.h"

namespace nextframe {

const std::string_view kPageStyle = R"css(
:root{color-scheme:light;--ink:#222;--soft:#5c5c5c;--line:#d9d9d9;--tint:#f4f6f8;--strong:#0072b2}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1180px;padding:1.25rem;font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
color:var(--ink);background:#fff;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.2;margin:.2rem 0}
h2{font-size:1.25rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.4rem 0 .2rem}
p{margin:.4rem 0}
.soft,figcaption{color:var(--soft);font-size:.9rem}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:.8rem 0;font-size:.95rem}
a{color:var(--strong)}
.wide{overflow-x:auto;margin:.6rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0;position:sticky;left:0;background:#fff}
thead th{border-bottom:2px solid #999;vertical-align:bottom}
td small{display:block;color:var(--soft);font-weight:400;font-size:.78rem;line-height:1.1}
td.best{font-weight:700;color:var(--strong)}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.2rem 1rem;margin:.6rem 0}
dt{color:var(--soft)}dd{margin:0}
figure{margin:.8rem 0}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:.5rem}
.plots svg{width:100%;height:auto;display:block;max-width:620px}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.9rem}
.legend svg{margin-right:.4rem;vertical-align:middle}
img{max-width:100%;height:auto}
pre{overflow-x:auto;background:var(--tint);padding:.8rem;font-size:.8rem;line-height:1.4;margin:.4rem 0}
summary{cursor:pointer;color:var(--strong)}
.film{margin:1rem 0 1.6rem}
.panes{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(44%,150px),1fr));gap:.6rem;margin:.5rem 0;
max-width:1000px}
.panes>div{max-width:300px}
.cell{display:block;width:100%;background-repeat:no-repeat;image-rendering:pixelated;border:1px solid #bbb;
print-color-adjust:exact;-webkit-print-color-adjust:exact}
.panes span{display:block;font-size:.85rem;font-weight:600}
.bar{display:flex;align-items:center;gap:.7rem;flex-wrap:wrap}
.bar input{flex:1 1 9rem;max-width:32rem;min-width:0;accent-color:var(--strong)}
button{font:inherit;padding:.3rem .9rem;border:1px solid var(--strong);background:#fff;color:var(--strong);
border-radius:.3rem;min-width:5.5rem;cursor:pointer}
output{font-variant-numeric:tabular-nums;min-width:9rem;font-size:.9rem}
.strip{display:grid;gap:3px;align-items:center;width:max-content;font-size:.75rem;color:var(--soft)}
.strip .cell{border-color:#ddd}
.strip b{color:var(--ink);position:sticky;left:0;background:#fff;padding-right:.5rem}
.strip i{font-style:normal;text-align:center}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.6rem;color:var(--soft);font-size:.85rem}
@media (max-width:600px){body{padding:.8rem;font-size:15px}h1{font-size:1.35rem}dl{grid-template-columns:1fr}
dd{margin:0 0 .4rem}}
@media print{body{max-width:none;padding:0;font-size:10pt}nav,.bar,.panes,summary{display:none}
.wide{overflow:visible}h2{break-after:avoid}figure,.film,tr{break-inside:avoid}
th:first-child,td:first-child,.strip b{position:static}th,td{padding:.1rem .4rem}.strip{zoom:.62}
pre{white-space:pre-wrap}}
)css";

const std::string_view kPageScript = R"js(
document.querySelectorAll('.film').forEach(film => {
  const panes = [...film.querySelectorAll('.panes .cell')];
  const slider = film.querySelector('input');
  const button = film.querySelector('button');
  const shown = film.querySelector('output');
  const times = JSON.parse(film.dataset.times);
  const last = times.length - 1;
  let timer = 0;
  const show = t => {
    slider.value = t;
    shown.textContent = times[t];
    for (const pane of panes) {
      pane.style.backgroundPositionX = (last > 0 ? 100 * t / last : 0) + '%';
    }
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = 'Play';
  };
  const play = () => {
    timer = setInterval(() => show((Number(slider.value) + 1) % times.length), 250);
    button.textContent = 'Pause';
  };
  button.onclick = () => timer ? stop() : play();
  slider.oninput = () => { stop(); show(Number(slider.value)); };
  film.querySelector('.bar').hidden = false;
  show(Number(slider.value));
  if (!matchMedia('(prefers-reduced-motion: reduce)').matches) play();
});
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(d => { d.open = true; }));
)js";

}  // namespace nextframe
