// A sum over the processes of a program, through the installed package; with MPI or without it, one process by itself.
#include <xtape/mpi.hpp>

#include <cstdio>

int main() {
    return xtape::train::World::run([](xtape::train::World& world) {
        xtape::Array<double> one{1.0};
        world.sum(one);
        if (one(0) != static_cast<double>(world.size())) world.abort("a sum of ones is not the number of processes");
        if (world.is_root())
            std::printf("%zu, %s MPI\n", world.size(), xtape::train::World::has_mpi() ? "with" : "without");
    });
}
