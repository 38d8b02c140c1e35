// Instead of mpi_transport.cpp, where xtape is built without MPI.
#include <xtape/train/distributed/detail/transport.hpp>
#include <xtape/train/distributed/world.hpp>

namespace xtape::train {

bool World::has_mpi() { return false; }

std::unique_ptr<detail::Transport> detail::make_transport(double) { return make_lone_transport(); }

}    // namespace xtape::train
