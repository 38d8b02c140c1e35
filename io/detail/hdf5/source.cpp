#include <xtape/io/detail/hdf5/document.hpp>
#include <xtape/io/detail/hdf5/source.hpp>

#include <map>
#include <type_traits>

namespace xtape::io::hdf5 {
namespace {

class Hdf5Source : public detail::Source {
public:
    Hdf5Source(const std::filesystem::path& path, const LoadOptions& options)
        : document_(path, {options.trusted, options.limits}, options.verify) {
        for (auto& item : list_items(document_.file()))
            if (!item.is_group) items_.push_back(std::move(item));
    }

    std::vector<std::string> names() override {
        std::vector<std::string> names;
        for (const auto& item : items_) names.push_back(name_of(item.path));
        return names;
    }

    State::Value layout(std::size_t index, const State::Value* wanted) override {
        const Dataset& dataset = dataset_at(index);
        try {
            return dataset.layout(wanted);
        } catch (const Reason& reason) {
            throw Reason("'" + dataset.path() + "' " + reason.what());
        }
    }

    void read(const std::vector<Request>& requests, const Take& take) override {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            const Dataset& dataset = dataset_at(requests[i].index);
            if (requests[i].is_limited) document_.file().take(dataset.bytes());
            take(i, dataset.read(requests[i].as));
        }
    }

private:
    const Dataset& dataset_at(std::size_t index) {
        auto found = datasets_.find(index);
        if (found == datasets_.end()) found = datasets_.try_emplace(index, document_.file(), items_[index]).first;
        return found->second;
    }

    Document document_;
    std::vector<Item> items_;
    std::map<std::size_t, Dataset> datasets_;
};

}    // namespace

std::unique_ptr<detail::Source> open_source(const std::filesystem::path& path, const LoadOptions& options) {
    return std::make_unique<Hdf5Source>(path, options);
}

}    // namespace xtape::io::hdf5
