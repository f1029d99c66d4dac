# Programs: src/server/main.cpp is `slipway`. tests/**/*_test.cpp, *_fuzz.cpp, *_bench.cpp and examples/ have their own files.
function(slipway_programs)
  add_custom_target(programs)  # what ./demo needs: no tests
  if(EXISTS ${CMAKE_SOURCE_DIR}/src/server/main.cpp)
    add_executable(slipway src/server/main.cpp)
    target_link_libraries(slipway PRIVATE slipway_server slipway_mutants_none)
    set_target_properties(slipway PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
    add_dependencies(programs slipway)
  endif()
  foreach(extra examples tests)
    if(EXISTS ${CMAKE_SOURCE_DIR}/${extra}/CMakeLists.txt)
      add_subdirectory(${extra})
    endif()
  endforeach()
endfunction()

# src/M/x_KIND.cpp becomes the program KIND/x_KIND of the build directory, linked with slipway_M and `libraries`, and part of
# the target `KIND_programs`.
function(slipway_kind_programs kind libraries)
  add_custom_target(${kind}_programs)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/src/*_${kind}.cpp)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "/.*" "" module ${source})
    add_executable(${name} src/${source})
    set(world)
    if(kind STREQUAL bench)  # like a test, it may look at the world around its module; a fuzzer may not
      get_property(world GLOBAL PROPERTY slipway_${module}_test_links)
    endif()
    target_link_libraries(${name} PRIVATE slipway_${module} ${world} slipway_mutants_none ${libraries})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${kind})
    add_dependencies(${kind}_programs ${name})
  endforeach()
endfunction()
