// How a module of any signature is called, and what the variables in its result are.
#pragma once

#include <xtape/core/variable.hpp>

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace xtape::nn::detail {

// Converts to whatever a member is initialised from.
struct Anything {
    template <class U>
    operator U() const;
};

template <class S, std::size_t... i>
constexpr bool has_members(std::index_sequence<i...>) {
    return requires { S{(static_cast<void>(i), Anything{})...}; };
}
template <class S, std::size_t n = 8>
constexpr std::size_t member_count() {
    if constexpr (n == 0 || has_members<S>(std::make_index_sequence<n>()))
        return n;
    else
        return member_count<S, n - 1>();
}

// see(member, ...) for the members of an aggregate of at most eight.
template <class S, class See>
void visit_members(const S& s, const See& see) {
    constexpr std::size_t n = member_count<S>();
    if constexpr (n == 1) {
        const auto& [a] = s;
        see(a);
    } else if constexpr (n == 2) {
        const auto& [a, b] = s;
        see(a, b);
    } else if constexpr (n == 3) {
        const auto& [a, b, c] = s;
        see(a, b, c);
    } else if constexpr (n == 4) {
        const auto& [a, b, c, d] = s;
        see(a, b, c, d);
    } else if constexpr (n == 5) {
        const auto& [a, b, c, d, e] = s;
        see(a, b, c, d, e);
    } else if constexpr (n == 6) {
        const auto& [a, b, c, d, e, f] = s;
        see(a, b, c, d, e, f);
    } else if constexpr (n == 7) {
        const auto& [a, b, c, d, e, f, g] = s;
        see(a, b, c, d, e, f, g);
    } else if constexpr (n == 8) {
        const auto& [a, b, c, d, e, f, g, h] = s;
        see(a, b, c, d, e, f, g, h);
    }
}

// see(variable) for every variable in a result, in order: in tuples, pairs, lists, optionals and plain structs.
template <class T, class Y, class See>
void visit_outputs(const Y& y, const See& see) {
    auto visit = [&](const auto&... parts) { (visit_outputs<T>(parts, see), ...); };
    if constexpr (std::derived_from<Y, Variable<T>>) {
        if (y.defined()) see(y);
    } else if constexpr (requires { typename std::tuple_size<Y>::type; }) {
        std::apply(visit, y);
    } else if constexpr (requires { typename Y::value_type; }) {
        if constexpr (std::is_arithmetic_v<typename Y::value_type>)
            return;    // an array, indices, a text
        else if constexpr (requires { y.has_value(); })
            y.has_value() ? visit(*y) : void();
        else if constexpr (requires { y.begin() != y.end(); })
            for (const auto& part : y) visit(part);
    } else if constexpr (std::is_aggregate_v<Y>) {
        visit_members(y, visit);
    }
}

template <class... A>
struct Types {};
// The last of several types, and the list of those before it.
template <class Front, class... A>
struct Last;
template <class... Front, class A>
struct Last<Types<Front...>, A> {
    using type = A;
    using front = Types<Front...>;
};
template <class... Front, class A, class B, class... Rest>
struct Last<Types<Front...>, A, B, Rest...> : Last<Types<Front..., A>, B, Rest...> {};

template <class A>
concept LeftOut = std::default_initializable<A> &&(std::is_aggregate_v<A> || requires(A a) { a.has_value(); });
template <class... A>
concept EndsInOptions = sizeof...(A) > 1 && LeftOut<std::remove_cvref_t<typename Last<Types<>, A...>::type>>;

// The call of the module M. Its parameters are those of forward, not deduced, so that options may stand in braces.
template <class M, class R, class... A>
struct Call {
    R operator()(A... arguments) { return static_cast<M*>(this)->call_watched(std::forward<A>(arguments)...); }
};

template <class M, class R, class Options, class Front>
struct CallWithoutOptions;
template <class M, class R, class Options, class... Front>
struct CallWithoutOptions<M, R, Options, Types<Front...>> {
    R operator()(Front... arguments) {
        return static_cast<M*>(this)->call_watched(std::forward<Front>(arguments)..., std::remove_cvref_t<Options>{});
    }
};

template <class M, class R, class... A>
requires EndsInOptions<A...>
struct Call<M, R, A...>
    : CallWithoutOptions<M, R, typename Last<Types<>, A...>::type, typename Last<Types<>, A...>::front> {
    using Shorter = CallWithoutOptions<M, R, typename Last<Types<>, A...>::type, typename Last<Types<>, A...>::front>;
    using Shorter::operator();
    R operator()(A... arguments) { return static_cast<M*>(this)->call_watched(std::forward<A>(arguments)...); }
};

}    // namespace xtape::nn::detail
