# xtape::xtape, and the package that find_package(xtape) finds in an install prefix and in the build tree.
include(CMakePackageConfigHelpers)

add_library(xtape INTERFACE)
add_library(xtape::xtape ALIAS xtape)
set(targets xtape xtape_mpi)
foreach(folder IN LISTS XTAPE_FOLDERS)
    target_link_libraries(xtape INTERFACE xtape::${folder})
    list(APPEND targets xtape_${folder})
    install(
        DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}/"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/xtape/${folder}"
        FILES_MATCHING
        PATTERN "*.hpp"
    )
endforeach()
install(FILES "${XTAPE_INCLUDE_DIR}/xtape/xtape.hpp" "${XTAPE_INCLUDE_DIR}/xtape/train.hpp"
              "${XTAPE_INCLUDE_DIR}/xtape/mpi.hpp" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/xtape")
install(
    TARGETS ${targets}
    EXPORT xtapeTargets
    INCLUDES
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/xtape")
configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/xtapeConfig.cmake.in" "${PROJECT_BINARY_DIR}/xtapeConfig.cmake"
    INSTALL_DESTINATION "${package_dir}"
)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/xtapeConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
include(XtapePrecompile)
foreach(module IN ITEMS FindXtapeDependencies XtapePrecompile)
    configure_file("${PROJECT_SOURCE_DIR}/cmake/${module}.cmake" "${PROJECT_BINARY_DIR}" COPYONLY)
endforeach()
install(
    FILES "${PROJECT_BINARY_DIR}/xtapeConfig.cmake" "${PROJECT_BINARY_DIR}/xtapeConfigVersion.cmake"
          "${PROJECT_SOURCE_DIR}/cmake/FindXtapeDependencies.cmake"
          "${PROJECT_SOURCE_DIR}/cmake/XtapePrecompile.cmake"
    DESTINATION "${package_dir}"
)
install(EXPORT xtapeTargets NAMESPACE xtape:: DESTINATION "${package_dir}")
export(EXPORT xtapeTargets NAMESPACE xtape:: FILE "${PROJECT_BINARY_DIR}/xtapeTargets.cmake")
