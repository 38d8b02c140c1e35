#include <xtape/train/data/detail/glyphs.hpp>
#include <xtape/train/data/detail/strokes.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

// Everything here is integer arithmetic, square roots, and single products and quotients of floats: all of them have
// one right result, so no compiler's contraction of a*b+c and no library's sine can change a digit.

namespace xtape::train::detail {
namespace {

constexpr int side = 28;
constexpr int pixel = 128;      // the drawing's unit is 1/128 pixel
constexpr int one = 1 << 14;    // 1 in the fixed-point factors of a transform
constexpr int steps = 6;        // straight pieces between two points of a stroke
constexpr float far_away = 1e9F;

// The standard fixes the engine's numbers, but not those of its distributions.
class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t bits() { return engine_(); }
    // A number from low to high, both included, all about equally likely.
    int between(int low, int high) {
        auto choices = static_cast<std::uint64_t>(high - low + 1);
        return low + static_cast<int>(((engine_() >> 32) * choices) >> 32);
    }
    // A number from -most to most, small ones likelier.
    int about_zero(int most) { return (between(-most, most) + between(-most, most)) / 2; }

private:
    std::mt19937_64 engine_;
};

struct Position {
    int x, y;
};

// From the sheet to the picture: size, slant, turn, shift.
class Transform {
public:
    explicit Transform(Random& random) {
        int size = random.between(21, 28);    // 1/128 pixel for a unit of the sheet, 100 units high
        width_ = size * random.between(78, 112);
        height_ = size * random.between(88, 108);
        slant_ = random.about_zero(one * 45 / 100) - one / 10;
        // A turn by the angle whose half has the tangent t / 1024.
        int t = random.about_zero(150);
        cosine_ = (1048576 - t * t) / ((1048576 + t * t) / one);
        sine_ = 2 * t * 1024 / ((1048576 + t * t) / one);
        shift_x_ = random.about_zero(3 * pixel);
        shift_y_ = random.about_zero(3 * pixel);
    }

    Position operator()(int x, int y) const {
        int across = (x - 50) * width_ / 100, down = (y - 50) * height_ / 100;
        across -= down * slant_ / one;
        return {(across * cosine_ - down * sine_) / one + side * pixel / 2 + shift_x_,
                (across * sine_ + down * cosine_) / one + side * pixel / 2 + shift_y_};
    }

private:
    int width_, height_, slant_, cosine_, sine_, shift_x_, shift_y_;
};

using Path = std::vector<Position>;

// The straight pieces of a stroke: a cubic Hermite curve through its points, at rest in corners.
void trace(const Stroke& stroke, const Path& at, Path& path) {
    auto direction = [&](std::size_t i) -> Position {    // twice the tangent
        if (stroke[i].corner) return {0, 0};
        const auto& before = at[i == 0 ? 0 : i - 1];
        const auto& after = at[std::min(i + 1, at.size() - 1)];
        return {after.x - before.x, after.y - before.y};
    };
    path.assign(1, at[0]);
    for (std::size_t i = 0; i + 1 < at.size(); ++i) {
        Position from = direction(i), to = direction(i + 1);
        for (int k = 1; k <= steps; ++k) {
            int square = k * k, cube = square * k, whole = steps * steps * steps;
            int start = 2 * cube - 3 * square * steps + whole, end = whole - start;
            int leave = cube - 2 * square * steps + k * steps * steps, arrive = cube - square * steps;
            auto along = [&](int a, int b, int m, int n) {
                return (2 * (start * a + end * b) + leave * m + arrive * n) / (2 * whole);
            };
            path.push_back({along(at[i].x, at[i + 1].x, from.x, to.x), along(at[i].y, at[i + 1].y, from.y, to.y)});
        }
    }
}

using Distances = std::array<float, side * side>;    // of each pixel's centre to the pen's path, squared

// Takes the piece from a to b into account, in the pixels nearer to it than `reach`.
void approach(Distances& distances, Position a, Position b, int reach) {
    auto first = [&](int p, int q) { return std::clamp((std::min(p, q) - reach) / pixel, 0, side); };
    auto last = [&](int p, int q) { return std::clamp((std::max(p, q) + reach) / pixel + 1, 0, side); };
    int dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    auto by_length = static_cast<float>(std::max(length, 1));
    for (int row = first(a.y, b.y); row < last(a.y, b.y); ++row) {
        int y = row * pixel + pixel / 2 - a.y;
        float* distance = distances.data() + row * side;
        int end = last(a.x, b.x);
        for (int column = first(a.x, b.x); column < end; ++column) {
            int x = column * pixel + pixel / 2 - a.x;
            int along = x * dx + y * dy;
            auto aside = static_cast<float>(x * dy - y * dx);
            int to_a = x * x + y * y, to_b = (x - dx) * (x - dx) + (y - dy) * (y - dy);
            float square = aside * aside / by_length;
            if (along < 0) square = static_cast<float>(to_a);
            if (along > length) square = static_cast<float>(to_b);
            distance[column] = std::min(distance[column], square);
        }
    }
}

// The pen's mark on paper with noise, in 255ths.
void ink(const Distances& distances, int half_width, Random& random, float* image) {
    int edge = random.between(pixel * 9 / 10, pixel * 8 / 5);    // over which ink turns to paper
    int strength = random.between(190, 270), noise = random.between(0, 40);
    auto outside = static_cast<float>(half_width + edge / 2);
    auto by_edge = static_cast<float>(edge);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < distances.size(); ++i) {
        bits = i % 8 == 0 ? random.bits() : bits >> 8;
        float covered = std::clamp((outside - std::sqrt(distances[i])) / by_edge, 0.0F, 1.0F);
        int level = static_cast<int>(covered * static_cast<float>(strength));
        level += (static_cast<int>(bits & 0xff) - 128) * noise / 128;
        image[i] = static_cast<float>(std::clamp(level, 0, 255)) / 255.0F;
    }
}

void draw(std::size_t digit, Random& random, float* image) {
    const auto& ways = glyphs(digit);
    const auto& glyph = ways[static_cast<std::size_t>(random.between(0, static_cast<int>(ways.size()) - 1))];
    Transform transform(random);
    int half_width = random.between(pixel * 6 / 10, pixel * 15 / 10);
    int unsteadiness = random.between(2, 8);
    Distances distances;
    distances.fill(far_away);
    Path at, path;
    for (const auto& stroke : glyph) {
        at.clear();
        for (const auto& point : stroke) {
            int x =
                point.x + random.about_zero(unsteadiness);    // two statements: compilers order arguments as they like
            int y = point.y + random.about_zero(unsteadiness);
            at.push_back(transform(x, y));
        }
        trace(stroke, at, path);
        for (std::size_t i = 0; i + 1 < path.size(); ++i) approach(distances, path[i], path[i + 1], half_width + pixel);
    }
    ink(distances, half_width, random, image);
}

}    // namespace

Drawings draw_digits(std::size_t count, std::uint64_t seed) {
    Random random(seed);
    Drawings drawings{Array<float>(Shape{count, side, side}), Indices(Shape{count})};
    float* image = drawings.images.data();
    std::int64_t* label = drawings.labels.data();
    for (std::size_t i = 0; i < count; ++i, image += side * side) {
        label[i] = random.between(0, 9);
        draw(static_cast<std::size_t>(label[i]), random, image);
    }
    return drawings;
}

}    // namespace xtape::train::detail
