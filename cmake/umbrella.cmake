# <xtape/xtape.hpp>: every public header of every folder but train; <xtape/train.hpp>: those of train; <xtape/mpi.hpp>:
# those of train/distributed, which belong to another library. Nobody keeps the lists by hand. Left out is what only writers of optimizers need: optim/rule.hpp.
function(xtape_write_umbrella name what)
    set(includes "")
    foreach(folder IN LISTS ARGN)
        file(GLOB_RECURSE headers RELATIVE "${PROJECT_SOURCE_DIR}" CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.hpp")
        list(FILTER headers EXCLUDE REGEX "/(detail|tool)/|^optim/rule.hpp$")
        if(NOT name STREQUAL "mpi")
            list(FILTER headers EXCLUDE REGEX "^train/distributed/")
        endif()
        list(SORT headers)
        foreach(header IN LISTS headers)
            string(APPEND includes "#include <xtape/${header}>\n")
        endforeach()
    endforeach()
    file(CONFIGURE OUTPUT "${XTAPE_INCLUDE_DIR}/xtape/${name}.hpp" CONTENT
         "// ${what}, as listed by the build.\n#pragma once\n\n${includes}"
    )
endfunction()
xtape_write_umbrella(xtape "Everything but train" core ops nn optim io)
xtape_write_umbrella(train "Data, training and search" train)
xtape_write_umbrella(mpi "Several processes, for programs that link xtape::mpi" train/distributed)
