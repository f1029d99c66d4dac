# Programs: src/server/main.cpp is `slipway`. tests/**/*_test.cpp, *_fuzz.cpp, *_bench.cpp and examples/ have their own files.
function(slipway_programs)
  if(EXISTS ${CMAKE_SOURCE_DIR}/src/server/main.cpp)
    add_executable(slipway src/server/main.cpp)
    target_link_libraries(slipway PRIVATE slipway_server)
  endif()
  # The shim stays small: it links node's shim sources only.
  foreach(extra examples tests)
    if(EXISTS ${CMAKE_SOURCE_DIR}/${extra}/CMakeLists.txt)
      add_subdirectory(${extra})
    endif()
  endforeach()
endfunction()
