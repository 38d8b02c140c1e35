#include <xtape/train/report/detail/page.hpp>
#include <xtape/train/report/detail/style.hpp>
#include <xtape/train/report/detail/text.hpp>

namespace xtape::train::detail {
namespace {

constexpr std::string_view page_rules = R"(*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1200px;margin:0 auto;padding:32px 16px 64px}
h1{font-size:30px;line-height:1.2;margin:0;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:21px;line-height:1.3;margin:52px 0 14px;padding-top:14px;border-top:1px solid var(--rule);font-weight:650}
h3{font-size:17px;margin:34px 0 10px;font-weight:650}
h4{font-size:15px;margin:26px 0 8px;font-weight:650}
p{margin:8px 0 14px;max-width:74ch}
.sub{color:var(--soft);margin:6px 0 0}
.figs{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:30px 32px;align-items:start;margin:18px 0 26px}
.one{max-width:480px}.wide{margin:18px 0 26px;position:relative}
.small{display:none}
@media(max-width:760px){.large{display:none}.small{display:block}main{padding-top:20px}h1{font-size:25px}}
.log>input{position:absolute;opacity:0}
.log>label{position:absolute;right:0;top:-4px;z-index:1;font-size:13px;line-height:1.2;padding:5px 10px;border:1px solid var(--rule);border-radius:5px;color:var(--soft);background:var(--paper);cursor:pointer}
.log>input:checked+label{color:var(--ink);border-color:var(--edge)}
.log>input:focus-visible+label{outline:2px solid var(--c0)}
.log>.b{display:none}.log>input:checked~.a{display:none}.log>input:checked~.b{display:block}
.nums{display:flex;flex-wrap:wrap;gap:14px 44px;margin:26px 0}
.nums div{min-width:0}.nums b{display:block;font-size:28px;line-height:1.2;font-weight:600;letter-spacing:-.01em}
.nums span{color:var(--soft);font-size:13.5px}
.vs{list-style:none;margin:16px 0;padding:0;max-width:900px}
.vs li{padding:11px 0 12px 16px;border-left:4px solid var(--good);margin:0 0 10px;background:var(--fill)}
.vs .warning{border-color:var(--warn)}.vs .error{border-color:var(--bad)}
.vs p{margin:3px 14px 0 0;max-width:none}
.vs .k{font-weight:650;margin-right:8px}.vs .warning .k{color:var(--warn)}.vs .error .k{color:var(--bad)}.vs .note .k{color:var(--good)}
.vs .w{color:var(--soft);font-size:13.5px;overflow-wrap:anywhere}
.tbl{overflow-x:auto;margin:14px 0 24px}
table{border-collapse:collapse;font-size:14.5px}
th,td{text-align:left;padding:5px 22px 5px 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{color:var(--soft);font-weight:500}
td{overflow-wrap:break-word}
pre{overflow-x:auto;font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--fill);padding:12px 14px;margin:10px 0 20px}
details{margin:10px 0}summary{cursor:pointer;color:var(--soft)}
[data-key]{cursor:pointer}[data-key].off{opacity:.35}
#tip{position:absolute;pointer-events:none;display:none;background:var(--paper);border:1px solid var(--edge);border-radius:5px;padding:6px 9px;font-size:13px;line-height:1.45;max-width:260px;z-index:9}
#tip i{display:inline-block;width:10px;height:3px;margin-right:6px;vertical-align:middle}
)";

// Values beside the pointer, from the numbers that each figure carries; a click on a series' name hides or shows it.
constexpr std::string_view script = R"js((function(){
var tip=document.createElement('div');tip.id='tip';document.body.appendChild(tip);
function num(v){if(v===null)return '–';var a=Math.abs(v);return a!==0&&(a<1e-3||a>=1e6)?v.toExponential(2):String(+v.toPrecision(4))}
document.querySelectorAll('svg[data-plot]').forEach(function(svg){
var d=JSON.parse(svg.getAttribute('data-plot')),off={},ns='http://www.w3.org/2000/svg';
var rule=document.createElementNS(ns,'line');rule.setAttribute('class','axis');rule.style.display='none';svg.appendChild(rule);
function place(a,v){var s=a.log?Math.log(v/a.v[0])/Math.log(a.v[1]/a.v[0]):(v-a.v[0])/(a.v[1]-a.v[0]);return a.p[0]+s*(a.p[1]-a.p[0])}
svg.querySelectorAll('[data-key]').forEach(function(k){k.addEventListener('click',function(){
var i=k.getAttribute('data-key');off[i]=!off[i];k.classList.toggle('off',off[i]);
svg.querySelectorAll('[data-i="'+i+'"]').forEach(function(g){g.style.display=off[i]?'none':''})})});
function hide(){tip.style.display=rule.style.display='none'}
svg.addEventListener('pointerleave',hide);
svg.addEventListener('pointermove',function(e){
var m=svg.getScreenCTM();if(!m)return;var x=(e.clientX-m.e)/m.a,y=(e.clientY-m.f)/m.d;
if(x<d.x.p[0]-6||x>d.x.p[1]+6||y>d.y.p[0]||y<d.y.p[1]-6){hide();return}
var best=null,at=0;
d.s.forEach(function(s){if(off[s.i])return;for(var j=0;j<s.y.length;j++){var v=s.x?s.x[j]:j+1,p=place(d.x,v);
if(best===null||Math.abs(p-x)<best){best=Math.abs(p-x);at=v}}});
if(best===null){hide();return}
tip.textContent='';var head=document.createElement('b');head.textContent=(d.x.l||'x')+' '+num(at);tip.appendChild(head);
d.s.forEach(function(s){if(off[s.i])return;var j=s.x?s.x.indexOf(at):at-1;if(!(j in s.y))return;
var row=document.createElement('div'),mark=document.createElement('i');mark.style.background='var(--c'+s.c+')';
row.appendChild(mark);row.appendChild(document.createTextNode((s.n?s.n+' ':'')+num(s.y[j])));tip.appendChild(row)});
var p=place(d.x,at);rule.setAttribute('x1',p);rule.setAttribute('x2',p);rule.setAttribute('y1',d.y.p[0]);rule.setAttribute('y2',d.y.p[1]);
rule.style.display='';tip.style.display='block';
var w=document.documentElement.clientWidth,left=e.pageX+14;if(left+tip.offsetWidth>w-8)left=e.pageX-tip.offsetWidth-14;
tip.style.left=Math.max(4,left)+'px';tip.style.top=(e.pageY+14)+'px'})})})();
)js";

}    // namespace

std::string page(std::string_view title, std::string_view body) {
    std::string text =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n<title>";
    text += escaped(title);
    text += "</title>\n<style>\n" + colour_rules(":root") + figure_rules();
    text += page_rules;
    text += "</style>\n</head>\n<body>\n<main>\n";
    text += body;
    text += "</main>\n<script>\n";
    text += script;
    return text + "</script>\n</body>\n</html>\n";
}

}    // namespace xtape::train::detail
