# <xtape/xtape.hpp>: every public header of every folder but train. Nobody keeps the list by hand.
set(includes "")
foreach(folder IN ITEMS core ops nn optim io)
    file(GLOB headers RELATIVE "${PROJECT_SOURCE_DIR}" CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.hpp")
    list(SORT headers)
    foreach(header IN LISTS headers)
        string(APPEND includes "#include <xtape/${header}>\n")
    endforeach()
endforeach()
file(CONFIGURE OUTPUT "${XTAPE_INCLUDE_DIR}/xtape/xtape.hpp" CONTENT
     "// Everything but train, as listed by the build.\n#pragma once\n\n${includes}"
)
