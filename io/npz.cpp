#include <xtape/io/detail/formats/npy.hpp>
#include <xtape/io/detail/formats/zip.hpp>
#include <xtape/io/npy.hpp>

#include <algorithm>
#include <list>

namespace xtape::io {

State read_npz(const std::filesystem::path& path, std::uint64_t limit) {
    return formats::in_operation("read_npz", path, [&] {
        formats::Bytes zip = formats::read_file(path);
        State state;
        std::uint64_t budget = std::max(zip.size() + limit, limit);
        for (const auto& member : formats::list_zip(zip)) {
            constexpr std::string_view ending = ".npy";
            if (!member.name.ends_with(ending)) continue;
            if (member.bytes > budget)
                throw formats::Reason("unpacks to more than the limit of " + std::to_string(limit) +
                                      " bytes beyond its size; raise it if the file is to be trusted");
            budget -= member.bytes;
            std::string name = member.name.substr(0, member.name.size() - ending.size());
            std::replace(name.begin(), name.end(), '/', '.');
            try {
                state.add(name, formats::parse_npy(formats::extract(zip, member)));
            } catch (const formats::Reason& reason) {
                throw formats::Reason("'" + member.name + "' " + reason.what());
            }
        }
        return state;
    });
}

void write_npz(const std::filesystem::path& path, const State& arrays) {
    formats::in_operation("write_npz", path, [&] {
        formats::ZipWriter zip;
        std::list<std::string> headers;
        for (const auto& [name, value] : arrays) {
            formats::Elements elements = formats::elements_of(value);
            headers.push_back(formats::npy_header(elements));
            zip.add(name + ".npy", {formats::as_bytes(headers.back()), elements.bytes});
        }
        formats::replace_file(path, zip.finish());
    });
}

}    // namespace xtape::io
