# Precompiled headers: half of the time to compile a file of ours is the standard library's (and GoogleTest's) headers. Only
# headers that are not ours, so nothing of the project is rebuilt for them. What is compiled with them cannot be shared between
# clones by the compile cache (it holds the path of the build folder), so scripts/build.sh switches them on where that cache is
# empty: for the first build on a machine. The sanitizers' presets do without: a file that forgot an include does not compile there.
option(SLIPWAY_PCH "Precompile the headers of the standard library, fmt and GoogleTest" OFF)
if(SLIPWAY_SANITIZE)
  set(SLIPWAY_PCH OFF)
endif()

set(SLIPWAY_STANDARD_HEADERS <algorithm> <atomic> <chrono> <cstdint> <deque> <expected> <functional> <initializer_list> <map> <memory> <mutex>
    <optional> <set> <span> <sstream> <string> <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h>)

# slipway_headers(NAME LIBRARIES... HEADERS...): an object that others take their precompiled headers from.
function(slipway_headers name)
  cmake_parse_arguments(arg "" "" "LINK;OPTIONS;HEADERS" ${ARGN})
  set(source ${CMAKE_BINARY_DIR}/${name}.cpp)
  if(NOT EXISTS ${source})
    file(WRITE ${source} "")
  endif()
  add_library(${name} OBJECT ${source})
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  target_compile_options(${name} PRIVATE ${arg_OPTIONS} "SHELL:-Xclang -fno-pch-timestamp")
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()

# slipway_use_headers(TARGET NAME): compiles the target with them.
function(slipway_use_headers target name)
  if(SLIPWAY_PCH)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()
