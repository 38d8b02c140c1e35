#include <xtape/core/registry.hpp>

#include <algorithm>
#include <cstring>

namespace xtape {
namespace {

std::vector<OperationInfo>& entries() {
    static std::vector<OperationInfo> list;
    return list;
}

int compare(const OperationInfo& a, const OperationInfo& b) {
    int families = std::strcmp(a.about.family, b.about.family);
    return families != 0 ? families : std::strcmp(a.name, b.name);
}

}    // namespace

std::vector<OperationInfo> operations() {
    auto list = entries();
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return compare(a, b) < 0; });
    // An operation that is a template is entered once for each element type.
    auto same = [](const auto& a, const auto& b) { return compare(a, b) == 0; };
    list.erase(std::unique(list.begin(), list.end(), same), list.end());
    return list;
}

detail::Registered::Registered(const OperationInfo& info) { entries().push_back(info); }

}    // namespace xtape
