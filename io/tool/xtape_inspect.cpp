// xtape-inspect FILE [OTHER]
#include <xtape/io/inspect.hpp>

#include <iostream>

int main(int count, char** arguments) {
    return xtape::io::inspect_command({arguments + 1, arguments + count}, std::cout, std::cerr);
}
