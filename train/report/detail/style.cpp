#include <xtape/train/report/detail/style.hpp>

#include <algorithm>
#include <cmath>
#include <span>

namespace xtape::train::detail {
namespace {

std::string properties(std::span<const std::string_view> colours, std::span<const std::string_view> ramp) {
    std::string text;
    for (std::size_t i = 0; i < colours.size(); ++i)
        text += "--c" + std::to_string(i) + ":" + std::string(colours[i]) + ";";
    for (std::size_t i = 0; i < ramp.size(); ++i) text += "--q" + std::to_string(i) + ":" + std::string(ramp[i]) + ";";
    return text;
}

}    // namespace

int ramp_place(double share) {
    if (!(share > 0)) return 0;
    return static_cast<int>(std::min(7.0, std::floor(share * 8)));
}

std::string colour_rules(std::string_view selector) {
    const std::string name(selector);
    return name + "{--paper:" + std::string(light_paper) +
           ";--ink:#1b1d21;--soft:#5d6068;--rule:#e3e4e7;--edge:#8d9099;--fill:#f5f6f8;"
           "--bad:#b3261e;--warn:#8a5a00;--good:#11725f;" +
           properties(light_colours, light_ramp) + "}\n@media(prefers-color-scheme:dark){" + name +
           "{--paper:" + std::string(dark_paper) +
           ";--ink:#eceef2;--soft:#a5a9b3;--rule:#2c3038;--edge:#6c717c;--fill:#1e2128;"
           "--bad:#ff8a80;--warn:#f2be5c;--good:#4fd1b0;" +
           properties(dark_colours, dark_ramp) + "}}\n";
}

std::string figure_rules() {
    std::string text =
        R"(.fig{display:block;width:100%;height:auto;font-family:system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;font-variant-numeric:tabular-nums}
.fig text{fill:var(--ink);font-size:11.5px}
.fig .t{font-size:14px;font-weight:600}
.fig .a{fill:var(--soft);font-size:11px}
.fig .m{text-anchor:middle}.fig .e{text-anchor:end}
.fig .over{fill:var(--paper)}
.fig .halo{paint-order:stroke;stroke:var(--paper);stroke-width:3px}
.fig .grid{stroke:var(--rule);stroke-width:1}
.fig .axis{stroke:var(--edge);stroke-width:1}
.fig .mark{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:2 3}
.fig .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.fig .thin{stroke-width:1.1}
.fig .dash{stroke-dasharray:5 4}
.fig .none{fill:none;stroke:var(--edge);stroke-width:.7}
.fig .band{stroke:none;fill-opacity:.18}
.fig .dot{stroke:var(--paper);stroke-width:.8}
.fig .bar{fill-opacity:.75}
.fig .cell{stroke:var(--paper);stroke-width:1}
.fig image{image-rendering:pixelated}
)";
    for (std::size_t i = 0; i < light_colours.size(); ++i) {
        const std::string n = std::to_string(i), colour = ":var(--c" + n + ")";
        text += ".fig .c" + n + "{stroke" + colour + "}.fig .f" + n + "{fill" + colour + "}\n";
    }
    for (std::size_t i = 0; i < light_ramp.size(); ++i) {
        const std::string n = std::to_string(i), colour = ":var(--q" + n + ")";
        text += ".fig .p" + n + "{stroke" + colour + "}.fig .q" + n + "{fill" + colour + "}\n";
    }
    return text;
}

}    // namespace xtape::train::detail
