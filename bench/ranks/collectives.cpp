// What it takes to sum an array over the ranks, for the model of the cost (scripts/model_ranks.py):
//
//     mpirun -n 4 collectives_bench [bytes] ...
//
// prints a line `<how> <bytes> <seconds>` each: `message`, half of what a message there and back takes between the
// first two ranks; `direct`, every rank sends each other one its part, and then the sum of its own (what DataParallel
// does); `ring` and `tree`, as in docs/many-processes.md. Of several runs the least.
#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

namespace {

using Numbers = std::vector<float>;

int rank = 0, ranks = 1;

// Where the part of a rank begins.
std::size_t place(std::size_t size, int part) {
    return size * static_cast<std::size_t>(part) / static_cast<std::size_t>(ranks);
}

struct Part {
    float* data;
    int size;
};

Part part_of(Numbers& array, int part) {
    const std::size_t begin = place(array.size(), part);
    return {array.data() + begin, static_cast<int>(place(array.size(), part + 1) - begin)};
}

void add(float* sum, const float* other, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) sum[i] += other[i];
}

void message(Numbers& array) {
    const int size = static_cast<int>(array.size());
    if (rank == 0) {
        MPI_Send(array.data(), size, MPI_FLOAT, 1, 0, MPI_COMM_WORLD);
        MPI_Recv(array.data(), size, MPI_FLOAT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (rank == 1) {
        MPI_Recv(array.data(), size, MPI_FLOAT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Send(array.data(), size, MPI_FLOAT, 0, 0, MPI_COMM_WORLD);
    }
}

void direct(Numbers& array) {
    const Part own = part_of(array, rank);
    const auto length = static_cast<std::size_t>(own.size);
    Numbers in(length * static_cast<std::size_t>(ranks));
    std::vector<MPI_Request> requests;
    for (int other = 0; other < ranks; ++other)
        if (other != rank)
            MPI_Irecv(in.data() + length * static_cast<std::size_t>(other), own.size, MPI_FLOAT, other, 0,
                      MPI_COMM_WORLD, &requests.emplace_back());
    for (int other = 0; other < ranks; ++other)
        if (const Part part = part_of(array, other); other != rank)
            MPI_Isend(part.data, part.size, MPI_FLOAT, other, 0, MPI_COMM_WORLD, &requests.emplace_back());
    MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
    for (int other = 0; other < ranks; ++other)
        if (other != rank) add(own.data, in.data() + length * static_cast<std::size_t>(other), length);
    requests.clear();
    for (int other = 0; other < ranks; ++other)
        if (const Part part = part_of(array, other); other != rank)
            MPI_Irecv(part.data, part.size, MPI_FLOAT, other, 1, MPI_COMM_WORLD, &requests.emplace_back());
    for (int other = 0; other < ranks; ++other)
        if (other != rank) MPI_Isend(own.data, own.size, MPI_FLOAT, other, 1, MPI_COMM_WORLD, &requests.emplace_back());
    MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
}

// P - 1 rounds in which each part goes on to the next rank and is added to, and P - 1 in which the sums go round.
void ring(Numbers& array) {
    const int next = (rank + 1) % ranks, before = (rank + ranks - 1) % ranks;
    Numbers in(array.size());
    for (int round = 0; round < 2 * (ranks - 1); ++round) {
        const Part out = part_of(array, (rank + 2 * ranks - round) % ranks);
        const Part to = part_of(array, (rank + 2 * ranks - round - 1) % ranks);
        const bool adds = round < ranks - 1;
        MPI_Sendrecv(out.data, out.size, MPI_FLOAT, next, 0, adds ? in.data() : to.data, to.size, MPI_FLOAT, before, 0,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (adds) add(to.data, in.data(), static_cast<std::size_t>(to.size));
    }
}

// A binomial tree: half of the ranks send the other half all that they have, and so on; then back.
void tree(Numbers& array) {
    const int size = static_cast<int>(array.size());
    Numbers in(array.size());
    int step = 1;
    for (; step < ranks; step *= 2) {
        if (rank % (2 * step) == step) {
            MPI_Send(array.data(), size, MPI_FLOAT, rank - step, 0, MPI_COMM_WORLD);
            break;
        }
        if (rank + step >= ranks) continue;
        MPI_Recv(in.data(), size, MPI_FLOAT, rank + step, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        add(array.data(), in.data(), array.size());
    }
    if (rank != 0) MPI_Recv(array.data(), size, MPI_FLOAT, rank - step, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    for (step /= 2; step >= 1; step /= 2)
        if (rank + step < ranks) MPI_Send(array.data(), size, MPI_FLOAT, rank + step, 1, MPI_COMM_WORLD);
}

// The time in which the last rank is ready. Several in a row, for ranks leave a barrier at different times; what comes
// out must be right.
double seconds(void (*sum)(Numbers&), std::size_t bytes, bool sums) {
    constexpr int runs = 3, in_a_row = 4;
    double least = std::numeric_limits<double>::infinity();
    for (int run = 0; run < runs; ++run) {
        Numbers array(bytes / sizeof(float), static_cast<float>(rank + 1));
        MPI_Barrier(MPI_COMM_WORLD);
        const double begin = MPI_Wtime();
        for (int i = 0; i < in_a_row; ++i) sum(array);
        double taken = (MPI_Wtime() - begin) / in_a_row;
        MPI_Allreduce(MPI_IN_PLACE, &taken, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
        least = std::min(least, taken);
        // Each sum of equal numbers is `ranks` times as large.
        float wanted = static_cast<float>(ranks * (ranks + 1) / 2);
        for (int i = 1; i < in_a_row; ++i) wanted *= static_cast<float>(ranks);
        if (sums && std::any_of(array.begin(), array.end(), [&](float each) { return each != wanted; })) {
            std::fprintf(stderr, "rank %d of %d: a sum is wrong\n", rank, ranks);
            MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
        }
    }
    return least;
}

}    // namespace

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    std::vector<std::size_t> sizes{8, 4096, 65536, 1048576};
    if (argc > 1) sizes.clear();
    for (int i = 1; i < argc; ++i) sizes.push_back(std::strtoull(argv[i], nullptr, 10));
    const auto measure = [](const char* name, void (*sum)(Numbers&), std::size_t bytes, bool sums) {
        double taken = seconds(sum, bytes, sums);
        if (!sums) taken /= 2;    // there and back
        if (rank == 0) std::printf("%s %zu %.9f\n", name, bytes, taken);
    };
    for (std::size_t bytes : sizes) {
        if (ranks > 1) measure("message", message, bytes, false);
        measure("direct", direct, bytes, true);
        measure("ring", ring, bytes, true);
        measure("tree", tree, bytes, true);
    }
    MPI_Finalize();
}
