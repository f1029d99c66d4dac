# A real control plane as a test bed, and the tests that need one.
add_library(cluster_bed STATIC ${CMAKE_CURRENT_LIST_DIR}/assets.cpp ${CMAKE_CURRENT_LIST_DIR}/bed.cpp
            ${CMAKE_CURRENT_LIST_DIR}/each_version.cpp ${CMAKE_CURRENT_LIST_DIR}/programs.cpp)
target_link_libraries(cluster_bed PUBLIC slipway_cli slipway_http GTest::gtest)
target_include_directories(cluster_bed PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_compile_definitions(cluster_bed PRIVATE SLIPWAY_BUILD_DIR="${CMAKE_BINARY_DIR}")
add_executable(bed ${CMAKE_CURRENT_LIST_DIR}/main_bed.cpp)
target_link_libraries(bed PRIVATE cluster_bed slipway_mutants_none)
file(GLOB cluster_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.cpp)
slipway_test_program(cluster_test SOURCES ${cluster_tests} ${CMAKE_CURRENT_LIST_DIR}/release_bed.cpp LINK cluster_bed slipway_install)
add_dependencies(cluster_test slipway)
add_test(NAME cluster COMMAND cluster_test)
