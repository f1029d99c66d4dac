target_link_libraries(slipway_node PUBLIC ZLIB::ZLIB OpenSSL::SSL)
set(SLIPWAY_TEST_LINKS slipway_apiserver slipway_store)

# The shim links what it needs and nothing else, so that it stays small in memory.
file(GLOB shim_sources CONFIGURE_DEPENDS ${dir}/shim/*.cpp)
list(FILTER shim_sources EXCLUDE REGEX "_test\\.cpp$")
add_executable(slipway-shim ${dir}/main_shim.cpp ${dir}/posix.cpp ${shim_sources})
target_link_libraries(slipway-shim PRIVATE slipway_data)
# A pod for tests and benchmarks: one static file.
add_executable(slipway-listener ${dir}/main_listener.cpp)
target_link_options(slipway-listener PRIVATE -static)
# Tests and benchmarks start both.
add_dependencies(slipway_node slipway-shim slipway-listener)
