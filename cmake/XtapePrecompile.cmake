# xtape_precompile(<target> ...): the targets compile <xtape/xtape.hpp> once each, and every file of theirs takes it from
# there: include it as before. A target of several files compiles faster by most of what the header costs.
function(xtape_precompile)
    foreach(target IN LISTS ARGN)
        target_precompile_headers(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:<xtape/xtape.hpp$<ANGLE-R>>")
    endforeach()
endfunction()
