#include <xtape/core/error.hpp>
#include <xtape/io/png.hpp>
#include <xtape/train/report/figure.hpp>

#include <stdexcept>

namespace xtape::train {

io::Picture Figure::pixels() const {
    throw Error("[Figure] got pixels() of '" + title_ +
                "', which is drawn in lines; wanted a heat map or images, or svg()");
}

void Figure::write(const std::filesystem::path& path) const {
    if (path.extension() == ".svg")
        io::write_file(path, svg());
    else if (path.extension() == ".png")
        io::write_png(path, pixels());
    else
        throw std::invalid_argument("[Figure] got the file '" + path.string() +
                                    "'; wanted one that ends in .svg or .png");
}

}    // namespace xtape::train
