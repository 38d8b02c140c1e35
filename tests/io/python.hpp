// Files made and changed by other people's software: h5py and NumPy, where they are installed.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace files {

// The system's Python first: that is where the system's h5py is.
inline std::string python() { return std::filesystem::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3"; }

// Runs a script with `path` as its argument; whether it went well.
inline bool run_python(const std::filesystem::path& path, const std::string& script) {
    auto source = path.parent_path() / "script.py";
    std::ofstream(source) << "import sys\nimport numpy as np\nimport h5py\npath = sys.argv[1]\n" << script;
    return std::system((python() + " " + source.string() + " " + path.string()).c_str()) == 0;
}

// For boost::unit_test::precondition.
inline boost::test_tools::assertion_result has_h5py(boost::unit_test::test_unit_id) {
    static const bool has = std::system((python() + " -c 'import h5py, numpy' 2>/dev/null").c_str()) == 0;
    boost::test_tools::assertion_result result(has);
    result.message() << "Python has no h5py";
    return result;
}

}    // namespace files
